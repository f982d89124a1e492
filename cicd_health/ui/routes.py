"""Every path of the page, and what its address asks for. Filters live in the address and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from cicd_health.model.failures import FailureState
from cicd_health.model.health import HealthState
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import WINDOWS
from cicd_health.store.counted import NAMES as COUNTED

OVERVIEW = "/"
PIPELINES = "/pipelines"
PIPELINE = "/pipelines/[pipeline_id]"
RUNS = "/runs"
RUN = "/runs/[run_id]"
FAILURES = "/failures"
SOURCES = "/sources"
DELIVERIES = "/deliveries"
ALERTS = "/alerts"
WALL = "/wall"
SETTINGS = "/settings"
GALLERY = "/gallery"
LOGIN = "/login"
LOGOUT = "/logout"
SIGN_IN_LINK = "/login/link"
USUAL_WINDOW = "7d"
SHOWN = ("all", "unhealthy", "running")
OUTCOMES = {*Outcome, "failed", "unfinished"}
STATES = ("unhealthy", "running", *(state.value for state in HealthState))
ALERT_TABS = ("", "rules", "channels", "deliveries", "silences")
SETTINGS_TABS = ("people", "keys", "you", "audit", "server")
NEW = "new"  # instead of an id: what is about to be made
SORTS = ("name", "rate", "p50", "p95", "queue", "runs", "spent", "last")
FAILURE_SORTS = ("last", "runs")
T = TypeVar("T", bound=Any)
A = TypeVar("A", bound="AskedPipelines")
LONGEST = 500  # characters of one value; a longer one is nobody's repository
LONGEST_SEARCH = 200  # characters to look for in a log
LONGEST_NUMBER = 18  # digits: what a database takes


@dataclass(frozen=True, slots=True)
class Asked:
    """What an overview address asks for. Empty is everything."""

    window: str = USUAL_WINDOW
    provider: str = ""
    repo: str = ""
    branch: str = ""
    show: str = "all"

    @property
    def narrowed(self) -> bool:
        return bool(self.provider or self.repo or self.branch)


def asked(parameters: Mapping[str, str]) -> Asked:
    """The reading of an address. What makes no sense is left out, so that any link opens a page."""
    window, show = parameters.get("window", ""), parameters.get("show", "")
    return Asked(
        window=window if window in WINDOWS else USUAL_WINDOW,
        provider=_clean(parameters.get("provider")),
        repo=_clean(parameters.get("repo")),
        branch=_clean(parameters.get("branch")),
        show=show if show in SHOWN else "all",
    )


def _clean(value: str | None) -> str:
    return (value or "").replace("\x00", "")[:LONGEST]


def overview(asked: Asked) -> str:
    """The address that asks for this; what is usual is left out."""
    return _address(OVERVIEW, asked, Asked())


def wall(asked: Asked) -> str:
    """The overview of the same address on a screen for all; it always shows everything."""
    return _address(WALL, replace(asked, show="all"), Asked())


@dataclass(frozen=True, slots=True)
class AskedPipelines:
    """What an address of the pipelines page asks for. `sort` is one of SORTS, with "-" for the other way round;
    empty is worst first. `after` rows are on the pages before.
    """

    window: str = USUAL_WINDOW
    provider: str = ""
    repo: str = ""
    branch: str = ""
    state: str = ""
    q: str = ""
    sort: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class AskedFailures(AskedPipelines):
    """The same of the failures page. `sort` is one of FAILURE_SORTS; empty is the newest kind first.

    `signature` is the kind of failure that is open.
    """

    signature: str = ""


@dataclass(frozen=True, slots=True)
class AskedPipeline:
    """What an address of a pipeline's page asks for; no branch is all of them."""

    window: str = USUAL_WINDOW
    branch: str = ""


@dataclass(frozen=True, slots=True)
class AskedRuns:
    """What an address of the runs page asks for; `place` is "logs" to search in them. Empty is everything.

    `start` and `end` are as they were typed: a date, with a time or without. `before` is a cursor. `counted` narrows it
    to what a number counts: see `model.explain`; `signature` to a kind of failure: see `store.lists.RunFilter`.
    """

    place: str = ""
    q: str = ""
    provider: str = ""
    outcome: str = ""
    window: str = ""
    repo: str = ""
    pipeline: str = ""
    branch: str = ""
    event: str = ""
    actor: str = ""
    sha: str = ""
    job: str = ""
    counted: str = ""
    signature: str = ""
    start: str = ""
    end: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class AskedDeliveries:
    """What an address of the deliveries page asks for; `id` is the one that is open. `before` is a cursor."""

    provider: str = ""
    state: str = ""
    q: str = ""
    id: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class AskedSources:
    """`connect` is the provider whose steps are open; `q` narrows what is watched."""

    connect: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True)
class AskedAlerts:
    """What an address of the alerts page asks for. `tab` empty is incidents; `state` and `q` narrow its list.

    `rule` and `channel` are ids: those that narrow a list, on their own tab the one that is open, or "new". `incident`
    is the one that is open. `before` is a cursor.
    """

    tab: str = ""
    state: str = ""
    severity: str = ""
    provider: str = ""
    rule: str = ""
    channel: str = ""
    incident: str = ""
    q: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class AskedSettings:
    """What an address of the settings page asks for. `tab` empty is the first one that the viewer may see.

    `action` and `q` narrow the audit log. `before` is a cursor.
    """

    tab: str = ""
    action: str = ""
    q: str = ""
    before: str = ""


NAMES = {"place": "in", "start": "from", "end": "to"}  # in the address


def asked_pipelines(parameters: Mapping[str, str]) -> AskedPipelines:
    return _listing(_read(AskedPipelines(), parameters), STATES, {*SORTS, *(f"-{sort}" for sort in SORTS)})


def asked_failures(parameters: Mapping[str, str]) -> AskedFailures:
    return _listing(_read(AskedFailures(), parameters), tuple(FailureState), FAILURE_SORTS)


def _listing(asked: A, states: Collection[str], sorts: Collection[str]) -> A:
    return replace(
        asked,
        window=asked.window if asked.window in WINDOWS else USUAL_WINDOW,
        state=asked.state if asked.state in states else "",
        sort=asked.sort if asked.sort in sorts else "",
        after=str(_number(asked.after) or ""),
    )


def asked_pipeline(parameters: Mapping[str, str]) -> AskedPipeline:
    asked = _read(AskedPipeline(), parameters)
    return replace(asked, window=asked.window if asked.window in WINDOWS else USUAL_WINDOW)


def pipelines(asked: AskedPipelines = AskedPipelines()) -> str:
    return _address(PIPELINES, asked, AskedPipelines())


def failures(asked: AskedFailures = AskedFailures()) -> str:
    return _address(FAILURES, asked, AskedFailures())


def pipeline(pipeline_id: int, asked: AskedPipeline = AskedPipeline()) -> str:
    return _address(f"{PIPELINES}/{pipeline_id}", asked, AskedPipeline())


def pipeline_of(path: str) -> int:
    """The pipeline whose page is at this path; 0, which is nobody's, when it is not a number."""
    return _number(path.removeprefix(PIPELINES).strip("/"))


def asked_runs(parameters: Mapping[str, str]) -> AskedRuns:
    asked = _read(AskedRuns(), parameters)
    return replace(
        asked,
        place=asked.place if asked.place == "logs" else "",
        window=asked.window if asked.window in WINDOWS else "",
        outcome=asked.outcome if asked.outcome in OUTCOMES else "",
        counted=asked.counted if asked.counted in COUNTED else "",
    )


def asked_deliveries(parameters: Mapping[str, str]) -> AskedDeliveries:
    return _read(AskedDeliveries(), parameters)


def asked_sources(parameters: Mapping[str, str]) -> AskedSources:
    return _read(AskedSources(), parameters)


def asked_alerts(parameters: Mapping[str, str]) -> AskedAlerts:
    asked = _read(AskedAlerts(), parameters)
    return replace(
        asked,
        tab=asked.tab if asked.tab in ALERT_TABS else "",
        rule=_id_or_new(asked.rule),
        channel=_id_or_new(asked.channel),
        incident=str(_number(asked.incident) or ""),
    )


def asked_settings(parameters: Mapping[str, str]) -> AskedSettings:
    asked = _read(AskedSettings(), parameters)
    return replace(asked, tab=asked.tab if asked.tab in SETTINGS_TABS else "")


def _id_or_new(value: str) -> str:
    return NEW if value == NEW else str(_number(value) or "")


def runs(asked: AskedRuns) -> str:
    return _address(RUNS, asked, AskedRuns())


def deliveries(asked: AskedDeliveries) -> str:
    return _address(DELIVERIES, asked, AskedDeliveries())


def alerts(asked: AskedAlerts = AskedAlerts()) -> str:
    return _address(ALERTS, asked, AskedAlerts())


def settings(asked: AskedSettings = AskedSettings()) -> str:
    return _address(SETTINGS, asked, AskedSettings())


def sources(asked: AskedSources) -> str:
    return _address(SOURCES, asked, AskedSources())


def _read(usual: T, parameters: Mapping[str, str]) -> T:
    """Every field from the parameter of its name."""
    names = (field.name for field in fields(usual))
    return replace(usual, **{name: _clean(parameters.get(NAMES.get(name, name))) for name in names})


def _address(path: str, asked: T, usual: T) -> str:
    said = ((field.name, getattr(asked, field.name), getattr(usual, field.name)) for field in fields(usual))
    parameters = {NAMES.get(name, name): value for name, value, unsaid in said if value != unsaid}
    return path + (f"?{urlencode(parameters)}" if parameters else "")


@dataclass(frozen=True, slots=True)
class AskedExplanation:
    """Which number of a page is to be explained; no `slug` is none. `page` is the address of the page without it."""

    slug: str = ""
    window: str = USUAL_WINDOW
    provider: str = ""
    repo: str = ""
    pipeline_id: int = 0
    branch: str = ""
    page: str = OVERVIEW


def asked_explanation(path: str, parameters: Mapping[str, str]) -> AskedExplanation:
    """Read from any page with numbers: `explain=success_rate`; `@12` behind it is one pipeline of a table."""
    slug, _, pipeline = _clean(parameters.get("explain")).partition("@")
    rest = {name: value for name, value in parameters.items() if name != "explain"}
    path = path.rstrip("/") or OVERVIEW
    return AskedExplanation(
        slug=slug,
        window=rest["window"] if rest.get("window") in WINDOWS else USUAL_WINDOW,
        provider=_clean(rest.get("provider")),
        repo=_clean(rest.get("repo")),
        pipeline_id=_number(pipeline) or pipeline_of(path),
        branch=_clean(rest.get("branch")),
        page=path + (f"?{urlencode(rest)}" if rest else ""),
    )


def explaining(page: str) -> str:
    """The address of a page with its explanation open, but for the slug at its end."""
    return f"{page}{'&' if '?' in page else '?'}explain="


def explained(page: str, slug: str, pipeline_id: int = 0) -> str:
    """The same with the slug; for a number in a table also the pipeline it is of."""
    return explaining(page) + slug + (f"@{pipeline_id}" if pipeline_id else "")


@dataclass(frozen=True, slots=True)
class AskedRun:
    """What an address of a run's page asks for. 0 is the last attempt, the job that matters, no line in particular."""

    attempt: int = 0
    job: int = 0
    line: int = 0
    q: str = ""
    new: bool = False  # only what the last green log did not have


def asked_run(parameters: Mapping[str, str]) -> AskedRun:
    return AskedRun(
        attempt=_number(parameters.get("attempt")),
        job=_number(parameters.get("job")),
        line=_number(parameters.get("line")),
        q=_clean(parameters.get("q"))[:LONGEST_SEARCH],
        new=parameters.get("new") == "1",
    )


def _number(value: object) -> int:
    """A number as a database takes it; 0 for anything else."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


def run_of(path: str) -> int:
    """The run whose page is at this path; 0, which is nobody's, when it is not a number."""
    return _number(path.removeprefix(RUNS).strip("/"))


def run(run_id: int, asked: AskedRun = AskedRun()) -> str:
    said = ((field.name, getattr(asked, field.name)) for field in fields(asked))
    parameters = {name: str(int(value) if name == "new" else value) for name, value in said if value}
    return f"{RUNS}/{run_id}" + (f"?{urlencode(parameters)}" if parameters else "")
