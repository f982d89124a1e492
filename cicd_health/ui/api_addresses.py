"""Addresses of the API that pages lead to: the same numbers, and logs as files."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode


def numbers(parameters: Mapping[str, str]) -> str:
    """The same numbers in the API."""
    return f"/api/v1/metrics?{urlencode(parameters)}"


def log_download(run_id: int, attempt: int, job_id: int | None) -> str:
    """The log of a job; without one, the run's own."""
    if job_id:
        return f"/api/v1/jobs/{job_id}/logs?download=1"
    return f"/api/v1/runs/{run_id}/logs?attempt={attempt}&download=1"
