"""What one pipeline looks like on the wall: the large red tile, a tile of the row, a line among the quiet ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from cicd_health.model.health import HealthState, PipelineHealth
from cicd_health.model.runs import Outcome
from cicd_health.ui import format as text
from cicd_health.ui import geometry, routes, rows
from cicd_health.ui.geometry import Strip
from cicd_health.ui.routes import AskedPipeline
from cicd_health.ui.rows import Piece

CHRONIC = timedelta(days=7)  # broken for longer: outlined, so that red keeps its meaning
UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day"}
TAKEN = {"open": "nobody has it yet", "acknowledged": "somebody has it", "muted": "muted"}


@dataclass(frozen=True, slots=True)
class Hero:
    """What has been broken for longest. `number` and `unit` are how long: `47`, `minutes`."""

    key: str = ""
    name: str = ""
    place: str = ""
    said: str = ""
    number: str = ""
    unit: str = ""
    since: str = ""
    why: list[Piece] = field(default_factory=list)
    strip: Strip = field(default_factory=Strip)
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """`look` is solid (broken), outlined (chronic) or barred (needs a look). It has room for the first reason."""

    key: str
    look: str
    glyph: str
    tone: str
    word: str
    age: str
    name: str
    place: str
    why: list[Piece]
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A pipeline that is quiet. `glyph` and `tone` are of what it does now, else of how it is."""

    key: str
    glyph: str
    tone: str
    label: str
    name: str
    beside: str
    said: str
    strip: Strip
    href: str


def names(pipeline: PipelineHealth) -> tuple[str, str]:
    """What it is called from afar, and where that is: the repository's name of GitHub, the job's of Jenkins."""
    owner, _, repo = pipeline.repo.rpartition("/")
    branch = f" on {pipeline.branch}" if pipeline.branch else ""
    provider = rows.provider_label(pipeline.provider)
    if pipeline.provider == "jenkins" or not repo:
        return pipeline.name, ", ".join(part for part in (f"{provider}{branch}", pipeline.repo) if part)
    return repo, ", ".join(part for part in (f"{pipeline.name}{branch}", owner) if part)


def is_chronic(pipeline: PipelineHealth, now: datetime) -> bool:
    return pipeline.since is not None and now - pipeline.since > CHRONIC


def hero(pipeline: PipelineHealth, now: datetime, zone: tzinfo, window: str) -> Hero:
    name, place = names(pipeline)
    number, unit = _long(pipeline.since, now)
    return Hero(
        key=str(pipeline.pipeline_id),
        name=name,
        place=place,
        said=_said(pipeline),
        number=number,
        unit=unit,
        since=f"since {text.moment(pipeline.since, now, zone)}" if pipeline.since else "",
        why=rows.pieces(pipeline.why),
        strip=geometry.strip(pipeline.strip),
        href=_href(pipeline, window),
    )


def _long(since: datetime | None, now: datetime) -> tuple[str, str]:
    """`47`, `minutes`."""
    if since is None:
        return "", ""
    number, _, short = text.span((now - since).total_seconds()).partition(" ")
    return number, UNITS[short] + ("" if number == "1" else "s")


def _said(pipeline: PipelineHealth) -> str:
    """`Broken, nobody has it yet`."""
    taken = TAKEN.get(pipeline.incident_state or "", "")
    return f"Broken, {taken}" if taken else "Broken"


def tile(pipeline: PipelineHealth, now: datetime, window: str) -> Tile:
    name, place = names(pipeline)
    broken = pipeline.state is HealthState.BROKEN
    chronic = broken and is_chronic(pipeline, now)
    mark = rows.STATE_MARKS[pipeline.state]
    at = pipeline.oldest_waiting_at if pipeline.state is HealthState.QUEUE else pipeline.since
    return Tile(
        key=str(pipeline.pipeline_id),
        look=("outlined" if chronic else "solid") if broken else "barred",
        glyph=mark.glyph,
        tone=mark.tone,
        word="Chronic" if chronic else mark.word,
        age=text.span((now - at).total_seconds()) if at else "",
        name=name,
        place=place,
        why=rows.pieces(pipeline.why[:1]),
        href=_href(pipeline, window),
    )


def line(pipeline: PipelineHealth, now: datetime, window: str) -> Line:
    doing = rows.activity(pipeline, now)
    mark = _doing(doing.kind) or rows.STATE_MARKS[pipeline.state]
    name, _ = names(pipeline)
    others = (part for part in (pipeline.name, pipeline.repo.rpartition("/")[2]) if part != name)
    return Line(
        key=str(pipeline.pipeline_id),
        glyph=mark.glyph,
        tone=mark.tone,
        label=mark.word,
        name=name,
        beside=" ".join(others),
        said=f"{doing.kind}, {doing.text}" if doing.kind == "running" else doing.text or _numbers(pipeline, now),
        strip=geometry.strip(pipeline.strip),
        href=_href(pipeline, window),
    )


def _doing(kind: str) -> rows.Mark | None:
    outcomes = {"running": Outcome.RUNNING, "queued": Outcome.QUEUED, "approval": Outcome.ACTION_REQUIRED}
    return rows.MARKS[outcomes[kind]] if kind else None


def _numbers(pipeline: PipelineHealth, now: datetime) -> str:
    """`96.3 %, 4 min ago`, `3 verdicts, 2 d ago`."""
    if not pipeline.verdicts:
        return "no verdict yet"
    few = pipeline.verdicts < text.FEW
    rate = text.counted(pipeline.verdicts, "verdict") if few else text.rate(pipeline.successes / pipeline.verdicts)
    return f"{rate}, {text.age(pipeline.last_at, now)}" if pipeline.last_at else rate


def _href(pipeline: PipelineHealth, window: str) -> str:
    return routes.pipeline(pipeline.pipeline_id, AskedPipeline(window))
