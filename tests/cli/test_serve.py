"""The real server, as `make run` starts it: what it prints, what it answers, how it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shlex
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cicd_health.cli import page_build
from tests import running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Server]:
    page_build.ensure()
    started = running.start(tmp_path_factory.mktemp("serve"))
    yield started
    started.stop(signal.SIGKILL)


def browser() -> urllib.request.OpenerDirector:
    """Keeps cookies and follows redirects."""
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))


def printed_delivery(text: str) -> urllib.request.Request:
    """The `curl` that the start prints, as a request."""
    line = next(line for line in text.splitlines() if line.startswith("curl "))
    _, url, *options = shlex.split(line)
    pairs = dict.fromkeys(options[::2])
    assert set(pairs) == {"-H", "-d"}
    headers = dict(
        value.split(": ", 1) for flag, value in zip(options[::2], options[1::2], strict=True) if flag == "-H"
    )
    return urllib.request.Request(url, data=options[-1].encode(), headers=headers)


def test_the_delivery_that_the_start_prints_is_accepted_and_becomes_a_run(server: running.Server):
    with urllib.request.urlopen(printed_delivery(server.text), timeout=10) as answer:
        assert (answer.status, json.load(answer)["state"]) == (202, "applied")


def test_the_same_delivery_with_one_byte_changed_is_refused(server: running.Server):
    changed = printed_delivery(server.text)
    assert isinstance(changed.data, bytes)
    changed.data = changed.data.replace(b"success", b"succesS")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(changed, timeout=10)
    assert refused.value.code == 401


def test_the_printed_link_signs_in_once(server: running.Server):
    link, first = server.new_link(), browser()
    with first.open(link, timeout=10) as page:
        assert (page.status, page.geturl().rstrip("/")) == (200, server.url)
    with pytest.raises(urllib.error.HTTPError) as used_up:
        browser().open(link, timeout=10)
    assert used_up.value.code == 410


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("192.168.1.7:8080", "http://192.168.1.7:8080", 101),
        ("ci.example", "https://ci.example", 101),
        ("ci.example", "https://evil.example", 403),
        ("ci.example", "http://ci.example:81", 403),
    ],
)
def test_the_page_is_live_under_whatever_address_it_was_loaded_from(server, host, origin, status):
    cookies = CookieJar()
    urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies)).open(server.new_link(), timeout=10).close()
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Cookie": "; ".join(f"{c.name}={c.value}" for c in cookies)}
    headers = upgrade | key | {"Host": host, "Origin": origin}
    connection.request("GET", "/_event/?EIO=4&transport=websocket", headers=headers)
    assert connection.getresponse().status == status
    connection.close()


def test_whoever_holds_many_connections_open_keeps_nobody_else_out(server: running.Server):
    where = urlsplit(server.url)
    with contextlib.ExitStack() as held:
        for _ in range(300):
            silent = held.enter_context(socket.create_connection((where.hostname, where.port), timeout=5))
            silent.sendall(b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        with urllib.request.urlopen(f"{server.url}/health", timeout=5) as answer:
            assert answer.status == 200


def test_nobody_sees_the_page_without_signing_in(server: running.Server):
    with browser().open(server.url, timeout=10) as page:
        assert page.geturl().startswith(f"{server.url}/login")


def test_the_first_start_prints_the_generated_secrets_and_the_second_does_not(server: running.Server):
    assert all(server.secrets[name] in server.text for name in ("ADMIN_PASSWORD", "GITHUB_WEBHOOK_SECRET"))
    server.stop()
    again = running.start(server.data_dir)
    again.stop()
    assert not [name for name, secret in again.secrets.items() if secret in again.text]
    assert again.printed_link != server.printed_link


def test_what_was_accepted_is_there_after_kill_9(tmp_path: Path):
    page_build.ensure()
    first = running.start(tmp_path)
    delivery = printed_delivery(first.text)
    with urllib.request.urlopen(delivery, timeout=10) as answer:
        assert answer.status == 202
    first.stop(signal.SIGKILL)
    second = running.start(tmp_path, port=int(first.url.rsplit(":", 1)[1]))
    with urllib.request.urlopen(delivery, timeout=10) as answer:
        assert (answer.status, json.load(answer)["state"]) == (200, "duplicate")
    second.stop(signal.SIGKILL)


def test_sigterm_ends_it_with_code_0_though_somebody_is_still_connected(tmp_path: Path):
    page_build.ensure()
    server = running.start(tmp_path)
    with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))):
        assert server.stop() == 0


def test_a_taken_port_is_one_sentence_and_code_2(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = running.command("serve", running.environment(tmp_path, port))
    assert ended.returncode == 2
    assert re.fullmatch(
        rf"HOST is '127.0.0.1' and PORT is {port}, but nothing can listen there \(.+\); .+\n", ended.stderr
    )


def test_the_built_page_holds_no_address(server: running.Server):
    """So it works on any port, under any name and behind any proxy."""
    scripts = (page_build.ROOT / page_build.PAGE).parent.joinpath("assets").glob("reflex-env-*.js")
    texts = [script.read_text(encoding="utf-8") for script in scripts]
    assert texts
    assert not [text for text in texts if re.search(r"localhost:\d", text)]
