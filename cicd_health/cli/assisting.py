"""The command mcp."""

from __future__ import annotations

import os

from cicd_health import mcp
from cicd_health.cli.ending import fail


def answer_assistant() -> None:
    """Answer an assistant's questions about pipelines, as a read-only MCP server on standard input and output.

    Set CICD_HEALTH_URL to the dashboard's address and CICD_HEALTH_KEY to a key of scope read: see docs/machines.md.
    """
    try:
        mcp.serve(mcp.connect(os.environ))
    except mcp.ApiError as error:
        fail(str(error))
