"""What a page costs that is only looked at: the server's CPU while events arrive and so many pages are open."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.bodies import prepare
from bench.measure import viewer
from bench.requests import requests

PAGES = (0, 50, 200, 500)
EVENTS = 40
EVERY_S = 0.4
SETTLE_S = 5.0  # opening pages is not what is measured


@dataclass(frozen=True, slots=True)
class Watched:
    """With so many pages open: the pushes that they received, and the server's share of a core."""

    pages: int
    pushes: int
    cpu: float


def watch(database_url: str, folder: Path) -> list[Watched]:
    """Over PAGES, each with EVENTS events at an even pace."""
    prepared = prepare(folder / "pushed", EVENTS * len(PAGES), seed="pushes", hours_ago=6)
    events = requests(prepared.file)
    with servers.dashboard(database_url, folder / "pushes") as server:
        return [_watched(server, pages, events) for pages in PAGES]


def _watched(server: servers.Serving, pages: int, events: Iterator[bytes]) -> Watched:
    with viewer(server.port, pages) as pushes:
        time.sleep(SETTLE_S)
        used_s, began = server.cpu_s(), time.perf_counter()
        for _ in range(EVENTS):
            send(server.port, next(events))
            time.sleep(EVERY_S)
        cpu = (server.cpu_s() - used_s) / (time.perf_counter() - began)
    return Watched(pages, pushes(), cpu)


def send(port: int, request: bytes) -> None:
    """Raises RuntimeError unless it is accepted."""
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/webhooks/github", body, headers)
    status = connection.getresponse().status
    connection.close()
    if status != http.HTTPStatus.ACCEPTED:
        raise RuntimeError(f"an event was answered {status}")
