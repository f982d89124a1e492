"""The sources page as text: how fresh each source is, what is wrong with it, what is watched. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.health import Refusal
from cicd_health.model.watches import SourceLine, WatchLine
from cicd_health.settings import Settings
from cicd_health.ui import connect_view, routes
from cicd_health.ui import format as text
from cicd_health.ui.connect_view import ConnectPanel
from cicd_health.ui.routes import AskedSources
from cicd_health.ui.rows import Mark, provider_label
from cicd_health.ui.watch_rows import TROUBLES, WAITS, WatchRow, watch_row

WATCHED = 50  # shown of one source: the others are found by the filter
ASKED_TO_WAIT = {"limited", "slowed"}
FRESH, SILENT = Mark("success", "Fresh", "ok"), Mark("stale", "Silent", "warn")
NOTHING_YET = Mark("unknown", "Nothing yet", "off")
NOUNS = {"github": ("repository", "repositories"), "jenkins": ("job", "jobs")}
ORDER = ("error", "waiting", "backfilling", "never", "ok", "stopped")


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class SourcePanel:
    key: str
    provider: str
    name: str
    host: str
    mark: Mark
    facts: list[Fact] = field(default_factory=list)
    trouble: str = ""
    holds: str = ""
    severe: bool = False
    can_poll: bool = False
    can_test: bool = False
    can_forget: bool = False
    watched: str = ""
    rows: list[WatchRow] = field(default_factory=list)
    cut: str = ""
    hint: str = ""
    set_up: str = ""  # the address of the steps


@dataclass(frozen=True, slots=True)
class SourcesView:
    sentence: str = ""
    sub: str = ""
    zone: str = ""
    q: str = ""
    many: bool = False  # whether what is watched needs a search box
    panels: list[SourcePanel] = field(default_factory=list)
    connects: list[ConnectPanel] = field(default_factory=list)
    offers: list[Fact] = field(default_factory=list)  # buttons that open the steps of a provider


def view(
    sources: Sequence[SourceLine],
    watches: Sequence[WatchLine],
    refusals: Sequence[Refusal],
    asked: AskedSources,
    chosen: Settings,
    now: datetime,
    zone: tzinfo,
) -> SourcesView:
    """Everything on the page apart from secrets and the results of what somebody just did."""
    named = Counter(source.provider for source in sources)
    opened = open_steps(sources, asked)
    return SourcesView(
        sentence=sentence(sources, watches, now, zone),
        sub=f"compared with the provider {connect_view.how_often(chosen)}" if watches else "",
        zone=f"Times in {text.offset(now, zone)}",
        q=asked.q,
        many=len(watches) > WATCHED or bool(asked.q),
        panels=[
            source_panel(
                source,
                [watch for watch in watches if watch.source_id == source.id],
                asked,
                chosen,
                now,
                zone,
                named=named[source.provider] > 1,
            )
            for source in sources
        ],
        connects=[
            connect_view.panel(provider, sources, refusals, asked, chosen, now, zone)
            for provider in connect_view.PROVIDERS
            if provider in opened
        ],
        offers=[
            Fact(f"Connect {provider_label(provider)}", routes.sources(replace(asked, connect=provider)))
            for provider in connect_view.PROVIDERS
            if provider not in opened and not any(source.provider == provider for source in sources)
        ],
    )


def open_steps(sources: Sequence[SourceLine], asked: AskedSources) -> set[str]:
    """The providers whose steps are shown: the one asked for, and all of them while there is no source at all."""
    return {asked.connect} & set(connect_view.PROVIDERS) if sources else set(connect_view.PROVIDERS)


def sentence(sources: Sequence[SourceLine], watches: Sequence[WatchLine], now: datetime, zone: tzinfo) -> str:
    """`2 sources, all fresh`, `GitHub has not been heard for 3 h, 1 repository cannot be read, Jenkins is fresh`."""
    if not sources:
        return "Connect your first source"
    said = [words for source in sources if (words := _wrong(source, now, zone))]
    unread = [f"{words} cannot be read" for words in _unread(sources, watches)]
    quiet = sum(state_mark(source, now) == NOTHING_YET for source in sources)
    fresh = len(sources) - len(said) - quiet
    if fresh == len(sources) and not unread:
        return "The one source is fresh" if fresh == 1 else f"{fresh} sources, all fresh"
    parts = said[:2] + ([f"{len(said) - 2} more have a problem"] if len(said) > 2 else []) + unread
    if quiet:
        parts.append(f"nothing from {text.counted(quiet, 'source')} yet")
    if fresh:
        parts.append(f"{_only_fresh(sources, now)} is fresh" if fresh == 1 else f"{fresh} sources fresh")
    joined = ", ".join(parts)
    return joined[:1].upper() + joined[1:]


def _unread(sources: Sequence[SourceLine], watches: Sequence[WatchLine]) -> list[str]:
    """`3 repositories`, `1 job`: what has an error of its own, which is not that of its source."""
    of_source = {source.id: source.error for source in sources}
    failing = Counter(
        watch.provider
        for watch in watches
        if watch.state == "error" and watch.error and watch.error != of_source.get(watch.source_id)
    )
    return [text.counted(number, *NOUNS[provider]) for provider, number in sorted(failing.items())]


def _only_fresh(sources: Sequence[SourceLine], now: datetime) -> str:
    return next((source.name for source in sources if state_mark(source, now) == FRESH), "one source")


def _wrong(source: SourceLine, now: datetime, zone: tzinfo) -> str:
    """What is wrong with a source, in words; empty when nothing is."""
    mark = state_mark(source, now)
    if mark == WAITS and source.next_poll_at:
        return f"{source.name} asked us to wait until {text.moment(source.next_poll_at, now, zone)}"
    if mark.tone == "fail":
        since = f" since {text.moment(source.error_at, now, zone)}" if source.error_at else ""
        return f"{source.name} {_verb(source.trouble)}{since}"
    if mark == SILENT:
        heard = max(at for at in (source.last_event_at, source.complete_until, source.last_poll_at) if at)
        return f"{source.name} has not been heard for {text.span((now - heard).total_seconds())}"
    return ""


def _verb(trouble: str | None) -> str:
    return {
        "garbled": "answers what cannot be understood",
        "unauthorized": "refuses the token",
        "forbidden": "does not allow reading",
        "sso": "needs single sign-on",
        "not_found": "finds nothing there",
    }.get(trouble or "", "cannot be reached")


def state_mark(source: SourceLine, now: datetime) -> Mark:
    if source.trouble in ASKED_TO_WAIT and source.next_poll_at and source.next_poll_at > now:
        return WAITS
    if source.error or source.state == "error":
        return Mark("startup_failure", TROUBLES.get(source.trouble or "", "Error"), "fail")
    return {"ok": FRESH, "degraded": SILENT}.get(source.state, NOTHING_YET)


def source_panel(
    source: SourceLine,
    watches: Sequence[WatchLine],
    asked: AskedSources,
    chosen: Settings,
    now: datetime,
    zone: tzinfo,
    *,
    named: bool = False,
) -> SourcePanel:
    worst = sorted(watches, key=lambda watch: (ORDER.index(watch.state) if watch.state in ORDER else 0, watch.name))
    matching = [watch for watch in worst if asked.q.lower() in watch.name.lower()]
    mark = state_mark(source, now)
    return SourcePanel(
        key=str(source.id),
        provider=source.provider,
        name=f"{source.name} {source.host}" if named else source.name,
        host="" if named else source.host,
        mark=mark,
        facts=facts(source, chosen, now, zone),
        trouble=source.error or "",
        holds=holds(source, now, zone),
        severe=mark.tone == "fail",
        can_poll=bool(watches),
        can_test=source.connected or bool(source.api_url and watches),
        can_forget=source.origin == "user",
        watched=_watched(source, watches),
        rows=[watch_row(watch, now, zone, of_source=source.error) for watch in matching[:WATCHED]],
        cut=_cut(len(matching), len(watches), asked.q),
        hint=_hint(source, watches),
        set_up=routes.sources(AskedSources(connect=source.provider))
        if source.provider in connect_view.PROVIDERS
        else "",
    )


def _watched(source: SourceLine, watches: Sequence[WatchLine]) -> str:
    if any(not watch.name for watch in watches):
        return "All jobs watched"
    return f"{text.counted(len(watches), *NOUNS[source.provider])} watched"


def _cut(matching: int, number: int, q: str) -> str:
    if matching > WATCHED:
        return f"{WATCHED} of {text.count(matching)} shown, those with a problem first."
    return f"None of {text.count(number)} has “{q}” in its name." if number and not matching else ""


def _hint(source: SourceLine, watches: Sequence[WatchLine]) -> str:
    if watches:
        return ""
    if source.provider not in connect_view.PROVIDERS:
        return "It only sends. What it posts is counted."
    return f"Only what {source.name} sends is counted; a lost delivery stays lost until {source.name} is connected."


def facts(source: SourceLine, chosen: Settings, now: datetime, zone: tzinfo) -> list[Fact]:
    def ago(at: datetime | None, never: str) -> tuple[str, str]:
        return (text.age(at, now), text.exact(at, zone)) if at else (never, "")

    complete = text.moment(source.complete_until, now, zone) if source.complete_until else text.NOTHING
    heard = Fact("Last event", *ago(source.last_event_at, "none yet"))
    if not source.connected and not source.watches:
        return [heard, Fact("Read with", reading(source, chosen))]
    return [
        heard,
        Fact("Last poll", *ago(source.last_poll_at, "none yet" if source.watches else "not polled")),
        Fact("Complete until", complete, "Every run created before is here."),
        *([Fact("Rate limit", *_limit(source, now, zone))] if source.provider == "github" else []),
        Fact("Read with", reading(source, chosen)),
    ]


def _limit(source: SourceLine, now: datetime, zone: tzinfo) -> tuple[str, str]:
    """`4,312 of 5,000 until 11:00`: requests left of the provider's hour."""
    if source.rate_remaining is None or source.rate_limit is None:
        return text.NOTHING, "Not known: the provider has not said."
    if source.rate_reset_at is None or source.rate_reset_at <= now:
        return f"{text.count(source.rate_limit)} of {text.count(source.rate_limit)}", "A new hour has begun."
    left = f"{text.count(source.rate_remaining)} of {text.count(source.rate_limit)}"
    return f"{left} until {text.clock(source.rate_reset_at, zone)}", text.exact(source.rate_reset_at, zone)


def reading(source: SourceLine, chosen: Settings) -> str:
    """What the source is asked with, and where that was set."""
    if source.origin == "env":
        return connect_view.from_settings(source.provider, chosen) or "no token: what is public"
    if source.app_id:
        return f"App {source.app_id}, entered here"
    if source.has_token:
        return f"{source.username}, entered here" if source.username else "a token entered here"
    return "no token: what is public" if source.api_url else "not read, it only sends"


def holds(source: SourceLine, now: datetime, zone: tzinfo) -> str:
    """`Since 10:31. Webhooks still count; nothing received is lost. Next try 10:36.`"""
    if not source.error:
        return ""
    parts = [f"Since {text.moment(source.error_at, now, zone)}."] if source.error_at else []
    parts.append("Webhooks still count; nothing received is lost.")
    if source.next_poll_at and source.next_poll_at > now:
        parts.append(f"Next try {text.moment(source.next_poll_at, now, zone)}.")
    return " ".join(parts)
