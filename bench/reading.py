"""How long the server's answers take that a page or a script waits for."""

from __future__ import annotations

import http.client
import time
from datetime import datetime, timedelta

from bench.questions import Cast
from bench.servers import KEY
from bench.timing import TIMES, Timing, measure

FLOOR = "/health"
CSV_SPAN = timedelta(days=7)


def paths(known: Cast) -> dict[str, str]:
    """What is asked over HTTP, by a name for people."""
    usual = known.pipeline
    metrics = "/api/v1/metrics?window="
    return {
        "metrics 24h": f"{metrics}24h",
        "metrics 7d": f"{metrics}7d",
        "metrics 30d": f"{metrics}30d",
        "metrics 90d": f"{metrics}90d",
        "metrics 7d, provider": f"{metrics}7d&provider=github",
        "metrics 7d, repo": f"{metrics}7d&repo={usual.repo}",
        "metrics 7d, pipeline": f"{metrics}7d&pipeline={usual.pipeline_id}",
        "metrics 7d, feature branch": f"{metrics}7d&branch={known.branch}",
        "metrics 7d, actor": f"{metrics}7d&actor={known.actor}",
        "metrics 7d by pipeline": f"{metrics}7d&group_by=pipeline",
        "metrics 30d by day": f"{metrics}30d&group_by=day",
        "series 7d": "/api/v1/metrics/series?window=7d",
        "runs, first page": "/api/v1/runs?limit=50",
        "runs, failed": "/api/v1/runs?limit=50&conclusion=failure",
        "runs of a pipeline": f"/api/v1/runs?limit=50&pipeline={usual.pipeline_id}",
        "pipelines": "/api/v1/pipelines?limit=50",
        "one pipeline": f"/api/v1/pipelines/{usual.pipeline_id}",
        "flaky": "/api/v1/flaky",
        "flat summary": "/metrics/summary?window=7d",
    }


def csv_path(now: datetime) -> str:
    return f"/api/v1/runs.csv?from={now - CSV_SPAN:%Y-%m-%dT%H:%M:%SZ}"


class Reader:
    """One kept connection to a server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> bytes:
        """The body of the answer. Raises RuntimeError unless it is 200."""
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"GET {path} answered {response.status}: {body[:500]!r}")
        return body

    def timing(self, path: str, times: int = TIMES) -> Timing:
        return measure(lambda: self.get(path), times=times)

    def rows_per_s(self, path: str) -> tuple[int, float]:
        """Of a CSV that is streamed: rows, and rows per second."""
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
        began = time.perf_counter()
        response, rows = self._connection.getresponse(), -1  # the first line is the names of the columns
        while part := response.read(1 << 16):
            rows += part.count(b"\n")
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"GET {path} answered {response.status}")
        return rows, rows / (time.perf_counter() - began)

    def close(self) -> None:
        self._connection.close()
