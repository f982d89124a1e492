"""What an assistant may ask: a read-only server of the Model Context Protocol, over standard input and output.

It runs where the assistant runs and asks a dashboard through its HTTP API, with a key that can do nothing but read.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cicd_health.mcp.client import Api, ApiError
from cicd_health.mcp.protocol import Server
from cicd_health.mcp.tools import TOOLS

__all__ = ["ApiError", "connect", "serve"]


def connect(environment: Mapping[str, str]) -> Api:
    """The dashboard of CICD_HEALTH_URL, with the key of CICD_HEALTH_KEY. Raises ApiError with one sentence."""
    url, key = (environment.get(name, "").strip() for name in ("CICD_HEALTH_URL", "CICD_HEALTH_KEY"))
    if not url.startswith(("http://", "https://")):
        raise ApiError("CICD_HEALTH_URL must be the dashboard's address, such as https://ci.example.com.")
    if not (key.isascii() and key.isprintable()):
        raise ApiError("CICD_HEALTH_KEY is no key: it has line breaks or characters in it that no key has.")
    return Api(url, key)


def serve(api: Api) -> None:
    """Answer until standard input ends."""
    with api:
        Server(TOOLS, api, sys.stdout.buffer).run(sys.stdin.buffer)
