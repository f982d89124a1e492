"""How log lines look: for people on a terminal, else one JSON object per line. Whoever writes one, it goes this way."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

import structlog

from cicd_health import settings
from cicd_health.cli.masking import masked
from cicd_health.cli.repeats import Repeats, say_how_many

OURS = "cicd_health"
# What these tell at INFO is told again by us, or of no use.
CHATTY = ("httpx", "httpx2", "alembic", "apprise", "dbos")
OWN_HANDLERS = ("dbos",)  # they bring a handler of their own, unless they find one


def as_chosen() -> None:
    """As the settings say. Settings that are wrong say so themselves, by the command that needs them."""
    try:
        chosen = settings.get()
    except settings.SettingsError:
        configure(readable=sys.stderr.isatty())
    else:
        for_people = sys.stderr.isatty() or chosen.backend_env == "dev"
        readable = for_people if chosen.log_format == "auto" else chosen.log_format == "text"
        configure(readable=readable, level=chosen.log_level)


def configure(*, readable: bool, level: str = "info") -> None:
    """Send structlog and the standard library's loggers to stderr in the same form, from this level on."""
    least = logging.getLevelNamesMapping()[level.upper()]
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        cache_logger_on_first_use=True,
    )
    _lead(_handler(shared, readable=readable), least)
    logging.captureWarnings(True)
    sys.excepthook = _ended
    threading.excepthook = _thread_ended


def _handler(shared: list[Any], *, readable: bool) -> logging.Handler:
    last = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Repeats())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                say_how_many,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                last,
                _without_secrets,
            ],
        )
    )
    return handler


def _lead(handler: logging.Handler, least: int) -> None:
    """Every logger to this handler; others than ours tell no details, whatever is asked for."""
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(least, logging.INFO))
    logging.getLogger(OURS).setLevel(least)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))
    for name in OWN_HANDLERS:
        logging.getLogger(name).handlers = [handler]
        logging.getLogger(name).propagate = False


def _ended(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """What nobody caught, and ends the process."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger(OURS).critical("ended by an error", exc_info=(kind, error, trace))


def _thread_ended(told: threading.ExceptHookArgs) -> None:
    """What nobody caught, and ends a thread."""
    if told.exc_value is not None:
        where = told.thread.name if told.thread else ""
        structlog.get_logger(OURS).error("thread ended by an error", exc_info=told.exc_value, thread=where)


def _without_secrets(_logger: Any, _method: str, line: Any) -> Any:
    return masked(line) if isinstance(line, str) else line
