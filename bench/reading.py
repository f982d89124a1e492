"""How long the answers take that a page or a script waits for."""

from __future__ import annotations

import http.client
import time

from bench.load import percentile
from bench.servers import KEY

TIMES = 200


def times(port: int, path: str) -> list[float]:
    """Seconds of each of TIMES requests, one after the other over one connection. Raises RuntimeError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
        response = connection.getresponse()
        response.read()
        seconds.append(time.perf_counter() - began)
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"GET {path} answered {response.status}")
    connection.close()
    return seconds


def median_ms(seconds: list[float]) -> float:
    return (percentile(seconds, 0.5) or 0.0) * 1000
