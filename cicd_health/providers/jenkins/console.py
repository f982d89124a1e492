"""Consoles: of a finished build as a whole, of a running one from where the last look ended.

Source: https://github.com/jenkinsci/jenkins (Run.doConsoleText, LargeText.doProgressText)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cicd_health.providers.http import Stream
from cicd_health.providers.jenkins.places import BuildId, addresses, build_id
from cicd_health.providers.jenkins.server import Server, open_server
from cicd_health.providers.remote import Connection, LogAsked, LogGone, LogNotReady, LogStream

CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([\w.:-]{1,40})""")


def has_own_log(run_external_id: str, job_external_id: str) -> bool:
    """Whether a job has a console: a build on another job has, a stage's lines are in its run's."""
    return _child(run_external_id, job_external_id) is not None


@contextmanager
def log(connection: Connection, asked: LogAsked) -> Iterator[LogStream]:
    """The console of a run, or of one of its jobs. Raises LogGone, LogNotReady, RemoteError."""
    build = _build(asked)
    with open_server(connection) as server:
        for place in addresses(build.path):
            with _console(server, f"{place}{build.number}/", asked) as answer:
                if answer is not None:
                    yield _as_stream(answer, asked)
                    return
    if asked.finished:
        raise LogGone(f"{server.name} has no log of {build.path} #{build.number} any more")
    raise LogNotReady(f"{server.name} has no log of {build.path} #{build.number} yet")


def _build(asked: LogAsked) -> BuildId:
    """Whose console it is."""
    if asked.job_external_id is None:
        found = build_id(asked.run_external_id)
    else:
        found = _child(asked.run_external_id, asked.job_external_id)
        if found is None and not asked.job_external_id.endswith("#-"):
            raise LogGone("a stage has no log of its own: its lines are in the build's")
    if found is None or found.earlier:
        raise LogGone("this build has no log, or none any more")
    return found


def _child(run_external_id: str, job_external_id: str) -> BuildId | None:
    within = job_external_id.removeprefix(f"{run_external_id}/")
    return build_id(within) if within != job_external_id else None


@contextmanager
def _console(server: Server, place: str, asked: LogAsked) -> Iterator[Stream | None]:
    whole = asked.finished and not asked.position
    path = f"{place}consoleText" if whole else f"{place}logText/progressiveText"
    with server.stream(path, {} if whole else {"start": asked.position}) as answer:
        yield answer


def _as_stream(answer: Stream, asked: LogAsked) -> LogStream:
    """The size is counted in Jenkins' own bytes, of which some are not sent: it is the only mark to read on from."""
    size = answer.headers.get("x-text-size", "")
    charset = CHARSET.search(answer.headers.get("content-type", ""))
    return LogStream(
        answer.chunks,
        position=int(size) if re.fullmatch(r"[0-9]{1,18}", size) else asked.position,
        more=answer.headers.get("x-more-data", "").lower() == "true",
        charset=charset[1] if charset else "utf-8",
    )
