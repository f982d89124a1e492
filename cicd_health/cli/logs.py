"""How log lines look: for people on a terminal, else one JSON object per line."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from cicd_health.cli.masking import masked


def configure(*, readable: bool) -> None:
    """Send structlog and the standard library's loggers to stderr in the same form."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                last,
                _without_secrets,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("httpx", "httpx2", "alembic", "apprise", "dbos"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _without_secrets(_logger: Any, _method: str, line: Any) -> Any:
    return masked(line) if isinstance(line, str) else line
