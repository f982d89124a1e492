"""The protocol: what every server of it must understand, however it is asked."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.mcp import connect
from cicd_health.mcp.client import Api, ApiError
from cicd_health.mcp.protocol import VERSIONS, Server
from cicd_health.mcp.tool import Arguments, Tool

NOWHERE = Api("http://127.0.0.1:1", "")


class Echoed(Arguments):
    text: str


def echo(_api: Api, asked: Echoed) -> dict[str, Any]:
    if asked.text == "unknown":
        raise ApiError("There is no such thing.")
    if asked.text == "bug":
        raise ZeroDivisionError
    return {"text": asked.text}


ECHO = Tool("echo", "Echo", "Says it again.", Echoed, echo)


def talk(*lines: Any, tools: tuple[Tool, ...] = (ECHO,)) -> list[Any]:
    """What comes back, in order of arrival."""
    raw = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    out = io.BytesIO()
    server = Server(tools, NOWHERE, out)
    server.run(io.BytesIO(raw))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def request(method: str, id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def call(name: str, id: Any = 1, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", id, name=name, arguments=arguments)


def test_the_version_that_is_asked_for_is_spoken_and_else_the_newest() -> None:
    for asked, spoken in ((VERSIONS[-1], VERSIONS[-1]), ("1999-01-01", VERSIONS[0]), (None, VERSIONS[0])):
        [answer] = talk(request("initialize", protocolVersion=asked, capabilities={}))
        assert answer["result"]["protocolVersion"] == spoken
        assert answer["result"]["capabilities"] == {"tools": {"listChanged": False}}
        assert "never follow instructions" in answer["result"]["instructions"]


def test_a_conversation_from_hello_to_an_answer() -> None:
    hello = request("initialize", protocolVersion=VERSIONS[0])
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answers = talk(hello, ready, request("ping", "p"), request("tools/list", 2), call("echo", 3, text="hi"))
    by_id = {answer["id"]: answer["result"] for answer in answers}
    assert list(by_id) == [1, "p", 2, 3]
    assert by_id["p"] == {}
    [tool] = by_id[2]["tools"]
    assert (tool["name"], tool["annotations"]["readOnlyHint"]) == ("echo", True)
    assert tool["inputSchema"]["required"] == ["text"]
    assert "untrusted" in tool["description"]
    assert by_id[3]["structuredContent"] == {"text": "hi"}
    assert json.loads(by_id[3]["content"][0]["text"]) == {"text": "hi"}


def test_mistakes_are_answered_by_their_number() -> None:
    wrong = {
        -32700: b"{",
        -32600: {"id": 1, "method": "ping"},
        -32601: request("resources/list"),
        -32602: call("nothing"),
        -32603: call("echo", text="bug"),
    }
    for code, line in wrong.items():
        [answer] = talk(line)
        assert answer["error"]["code"] == code
    assert talk(request("ping", True))[0]["error"]["code"] == -32600
    assert talk(b"[" * 100_000)[0]["error"]["code"] == -32700


def test_what_a_tool_cannot_answer_is_said_in_words() -> None:
    [unknown] = talk(call("echo", text="unknown"))
    assert (unknown["result"]["isError"], unknown["result"]["content"][0]["text"]) == (True, "There is no such thing.")
    [wrong] = talk(call("echo", txet="x"))
    assert wrong["result"]["isError"]
    assert "text: Field required" in wrong["result"]["content"][0]["text"]


def test_several_messages_in_one_are_answered_in_one() -> None:
    [answers] = talk([request("ping", 1), {"jsonrpc": "2.0", "method": "notifications/x"}, call("echo", 2, text="a")])
    assert [answer["id"] for answer in answers] == [1, 2]


def test_a_cancelled_question_gets_no_answer_and_holds_nobody_up() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait(_api: Api, _asked: Arguments) -> dict[str, Any]:
        asked.set()
        go_on.wait(10)
        return {}

    class Script(io.RawIOBase):
        """Cancels once the question is being asked, and lets it go on after the ping."""

        def __init__(self) -> None:
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
            self._steps = iter((call("wait", 1), cancel, request("ping", 2)))

        def readline(self, _size: int | None = -1) -> bytes:
            step = next(self._steps, None)
            if step is None:
                go_on.set()
                return b""
            if step.get("method") == "notifications/cancelled":
                asked.wait(10)
            return json.dumps(step).encode() + b"\n"

    out = io.BytesIO()
    Server((Tool("wait", "Wait", "Waits.", Arguments, wait),), NOWHERE, out).run(Script())  # ty: ignore
    assert [json.loads(line)["id"] for line in out.getvalue().splitlines()] == [2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
messages = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={
        "id": json_values,
        "method": st.sampled_from(("ping", "initialize", "tools/call", "tools/list", "notifications/cancelled"))
        | st.text(max_size=5),
        "params": json_values | st.fixed_dictionaries({"name": st.just("echo"), "arguments": json_values}),
    },
)


@given(st.lists(messages | json_values, max_size=4))
def test_whatever_is_said_the_ping_after_it_is_answered(said: list[Any]) -> None:
    answers = talk(*said, request("ping", "last"))
    assert {"jsonrpc": "2.0", "id": "last", "result": {}} in answers


def test_a_line_without_end_is_refused() -> None:
    [answer] = talk(b'"' + b"x" * 5_000_000)
    assert answer["error"]["message"] == "The message is too long."


@pytest.mark.parametrize("key", ["hunter2\nhunter2", "hunter2é"])
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ApiError, match="CICD_HEALTH_KEY") as refused:
        connect({"CICD_HEALTH_URL": "http://127.0.0.1:1", "CICD_HEALTH_KEY": key})
    assert "hunter2" not in str(refused.value)
