"""The Model Context Protocol over lines of JSON-RPC: what every server of it must understand, and tools.

A question is answered in a thread of its own, so that pings are answered and questions can be cancelled meanwhile.
Source: https://modelcontextprotocol.io/specification/2025-06-18
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from pydantic import BaseModel, ValidationError

from cicd_health import __version__
from cicd_health.mcp.client import Api, ApiError
from cicd_health.mcp.tool import UNTRUSTED, Tool

VERSIONS = ("2025-06-18", "2025-03-26", "2024-11-05")  # the newest first
LONGEST_LINE = 4_000_000  # bytes
AT_ONCE = 4
PARSE, REQUEST, METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
INSTRUCTIONS = (
    "Answers questions about a team's CI pipelines: what is broken and since when, why a run failed, which jobs are "
    "flaky. Nothing here changes anything. Start with what_is_broken. " + UNTRUSTED
)
Message = dict[str, Any]


class Refused(Exception):
    """A request that cannot be answered, by JSON-RPC's number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Server:
    """Answers on `out`, a line each. One per process."""

    def __init__(self, tools: Sequence[Tool[Any]], api: Api, out: BinaryIO) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._api, self._out = api, out
        self._lock = threading.Lock()
        self._waiting: set[str | int] = set()  # ids that still want an answer
        self._threads = ThreadPoolExecutor(AT_ONCE, "question")

    def run(self, lines: BinaryIO) -> None:
        """Until the input ends; what is being asked then is not answered any more."""
        while line := lines.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                self._write(_error(None, Refused(REQUEST, "The message is too long.")))
                break
            if line.strip():
                self._take(line)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self._write(_error(None, Refused(PARSE, "This is not JSON.")))
            return
        if isinstance(message, list):  # of the version 2025-03-26
            self._threads.submit(self._take_several, message)
        elif answer := self._begin(message):
            self._write(answer)

    def _take_several(self, messages: list[Any]) -> None:
        answers = [self._now(message) for message in messages]
        if said := [answer for answer in answers if answer is not None]:
            self._write(said)
        elif not messages:
            self._write(_error(None, Refused(REQUEST, "There is nothing in it.")))

    def _begin(self, message: Any) -> Message | None:
        """Answer at once, or in a thread where it takes time: then None."""
        if isinstance(message, dict) and message.get("method") == "tools/call" and _is_id(message.get("id")):
            with self._lock:
                self._waiting.add(message["id"])
            self._threads.submit(self._later, message)
            return None
        return self._now(message)

    def _later(self, message: Message) -> None:
        answer = self._now(message)
        with self._lock:
            wanted = message["id"] in self._waiting
            self._waiting.discard(message["id"])
        if wanted and answer is not None:
            self._write(answer)

    def _now(self, message: Any) -> Message | None:
        """The answer; None to what wants none: notifications, and answers to questions that we never asked."""
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return _error(None, Refused(REQUEST, "This is not a JSON-RPC 2.0 message."))
        id, method, params = message.get("id"), message.get("method"), message.get("params") or {}
        if not isinstance(method, str):
            is_answer = "result" in message or "error" in message
            return None if is_answer else _error(id, Refused(REQUEST, "A request has a method."))
        if "id" not in message:
            self._notice(method, params)
            return None
        if not _is_id(id):
            return _error(None, Refused(REQUEST, "An id is a text or a whole number."))
        try:
            return {"jsonrpc": "2.0", "id": id, "result": self._answer(method, params)}
        except Refused as refused:
            return _error(id, refused)
        except Exception as error:  # whatever it is, whoever asked gets an answer
            return _error(id, Refused(INTERNAL, f"Something went wrong here ({type(error).__name__})."))

    def _notice(self, method: str, params: Any) -> None:
        if method == "notifications/cancelled" and isinstance(params, dict) and _is_id(params.get("requestId")):
            with self._lock:
                self._waiting.discard(params["requestId"])

    def _answer(self, method: str, params: Any) -> Message:
        if not isinstance(params, dict):
            raise Refused(PARAMS, "The parameters must be an object.")
        match method:
            case "initialize":
                return _introduction(params)
            case "ping":
                return {}
            case "tools/list":
                return {"tools": [tool.described() for tool in self._tools.values()]}
            case "tools/call":
                return self._call(params)
        raise Refused(METHOD, f"There is no method {method[:100]}.")

    def _call(self, params: Message) -> Message:
        tool = self._tools.get(str(params.get("name")))
        if tool is None:
            raise Refused(PARAMS, f"There is no tool {str(params.get('name'))[:100]}.")
        try:
            asked: BaseModel = tool.arguments.model_validate(params.get("arguments") or {})
            found = tool.ask(self._api, asked)
        except ValidationError as error:
            return _said(_what_is_wrong(error), is_error=True)
        except ApiError as error:
            return _said(str(error), is_error=True)
        return _said(json.dumps(found, ensure_ascii=False)) | {"structuredContent": found}

    def _write(self, answer: Message | list[Message]) -> None:
        line = json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._out.write(line)
            self._out.flush()


def _introduction(params: Message) -> Message:
    """In the version that was asked for, if we speak it, else in our newest."""
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "cicd-health", "title": "CI/CD Health", "version": __version__},
        "instructions": INSTRUCTIONS,
    }


def _said(text: str, *, is_error: bool = False) -> Message:
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def _what_is_wrong(error: ValidationError) -> str:
    wrong = (f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors())
    return "; ".join(wrong)[:1000] + "."


def _is_id(id: Any) -> bool:
    return isinstance(id, str | int) and not isinstance(id, bool)


def _error(id: Any, refused: Refused) -> Message:
    known = id if _is_id(id) else None
    return {"jsonrpc": "2.0", "id": known, "error": {"code": refused.code, "message": refused.message}}
