"""What came of something a person did, said where they did it."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from cicd_health.providers.remote import Tested

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence and its tone (ok, warn, fail), what else there is to say, and whether the form is done with."""

    text: str
    tone: str
    sentences: list[str] = field(default_factory=list)
    done: bool = False


def told(tested: Tested, saved: str = "", *, done: bool = False) -> Note:
    """What trying a connection showed; `saved` is what was done with it."""
    said = saved or ("The connection works." if tested.ok else "The connection does not work.")
    return Note(said, "ok" if tested.ok else "fail", list(tested.sentences), done=done)


def refused(error: ValueError) -> Note:
    """What cannot be, in the words of the one who said no: a sentence with its capital and full stop."""
    words = str(error)
    return Note(f"{words[:1].upper()}{words[1:].rstrip('.')}.", "fail")


def broken(error: Exception) -> Note:
    """A bug of ours, or no database. What was typed must not get into the page or the log with it."""
    log.error("a form was not carried out", error=type(error).__name__, where=_where(error))
    return Note(f"That did not work ({type(error).__name__}); nothing was changed. It is in the log.", "fail")


def why_not(error: Exception, gone: str) -> Note:
    """Why what a person asked for was not done; `gone` says it of a thing that is not there any more."""
    if isinstance(error, LookupError):
        return Note(gone, "fail")
    return refused(error) if isinstance(error, ValueError) else broken(error)


def _where(error: Exception) -> str:
    """The file and line it was raised at."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
