"""The deliveries page as text: what arrived, what became of it, and one of them in full. Plain Python."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.deliveries import DeliveryState
from cicd_health.store.lists import Row
from cicd_health.ui import cursor, routes, rows
from cicd_health.ui import format as text
from cicd_health.ui.routes import AskedDeliveries
from cicd_health.ui.rows import Mark
from cicd_health.ui.view import Choice

PAGE = 50
COUNTED = 1000  # not understood or failed, beyond which it is "1,000 and more"
SHOWN_SIZE = 200_000  # characters of a payload that are shown
PRETTY_SIZE = 2_000_000  # bytes of a body that is worth being set out line by line
STATES = (*DeliveryState,)
FLAT = "flat:"
MARKS = {
    DeliveryState.APPLIED: Mark("success", "Applied", "ok"),
    DeliveryState.IGNORED: Mark("skipped", "Ignored", "off"),
    DeliveryState.KEPT: Mark("unstable", "Not understood", "warn"),
    DeliveryState.FAILED: Mark("failure", "Failed", "fail"),
}
NOT_YET = Mark("queued", "Kept", "off")  # on disk, about to be applied


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    key: str
    href: str
    mark: Mark
    when: str
    exact: str
    provider: str
    event: str
    size: str
    run: str
    run_href: str
    error: str


@dataclass(frozen=True, slots=True)
class DeliveriesHead:
    sentence: str = ""
    sub: str = ""
    states: list[Choice] = field(default_factory=list)
    providers: list[Choice] = field(default_factory=list)
    provider: str = ""
    q: str = ""
    everything: str = ""
    older: str = ""
    newest: str = ""
    nothing: str = ""
    hint: str = ""
    zone: str = ""
    replayable: bool = False  # whether some of what is asked for can be replayed


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One delivery; its payload is apart, because it does not change."""

    key: str = ""
    title: str = ""
    mark: Mark = field(default_factory=lambda: NOT_YET)
    facts: list[Header] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    error: str = ""
    run: str = ""
    run_href: str = ""
    close: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Payload:
    text: str = ""
    cut: str = ""


@dataclass(frozen=True, slots=True)
class DeliveriesView:
    head: DeliveriesHead
    rows: list[DeliveryRow]


def states(asked: AskedDeliveries) -> tuple[str, ...]:
    return (asked.state,) if asked.state in STATES else ()


def view(
    found: Sequence[Row],
    runs: Mapping[int, Row],
    troubled: Mapping[str, int],
    asked: AskedDeliveries,
    now: datetime,
    zone: tzinfo,
    *,
    kept_days: int,
) -> DeliveriesView:
    """The page for `found`, which holds one more than a page when there are older ones; `runs` by their id."""
    listed = found[:PAGE]
    last = listed[-1] if listed and len(found) > PAGE else None
    first = replace(asked, before="", id="")
    narrowed = bool(asked.provider or asked.state or asked.q)
    return DeliveriesView(
        head=DeliveriesHead(
            sentence=sentence(troubled) if listed or narrowed or any(troubled.values()) else "No deliveries yet",
            sub=f"kept {text.counted(kept_days, 'day')}",
            states=[
                Choice(
                    state,
                    MARKS[DeliveryState(state)].word if state else "All",
                    _to(first, state=state),
                    chosen=state == asked.state,
                )
                for state in ("", *STATES)
            ],
            providers=[
                Choice(slug, label(slug)) for slug in sorted({*rows.PROVIDER_LABELS, "ingest", asked.provider} - {""})
            ],
            provider=asked.provider,
            q=asked.q,
            everything=routes.DELIVERIES if narrowed else "",
            older=_to(first, before=cursor.encode(last["received_at"], last["id"])) if last else "",
            newest=routes.deliveries(first) if asked.before else "",
            nothing="" if listed else "No deliveries match" if narrowed else "Nothing has been delivered yet",
            hint="" if listed else searched(asked),
            zone=f"Times in {text.offset(now, zone)}",
            replayable=any(_replayable(row) for row in listed),
        ),
        rows=[delivery_row(row, runs, asked, now, zone) for row in listed],
    )


def _to(asked: AskedDeliveries, **changes: str) -> str:
    return routes.deliveries(replace(asked, **changes))


def _replayable(row: Row) -> bool:
    return row["error"] is not None and row["state"] in (DeliveryState.KEPT, DeliveryState.FAILED)


def sentence(troubled: Mapping[str, int]) -> str:
    """`All deliveries are understood`, `3 deliveries are not understood, 1 failed here`."""
    kept, failed = troubled.get(DeliveryState.KEPT, 0), troubled.get(DeliveryState.FAILED, 0)
    parts = []
    if kept:
        parts.append(f"{_many(kept, 'delivery', 'deliveries')} not understood")
    if failed:
        parts.append(
            f"{text.count(failed)} failed here" if kept else f"{_many(failed, 'delivery', 'deliveries')} failed here"
        )
    return ", ".join(parts) or "Every delivery is understood"


def _many(number: int, noun: str, plural: str) -> str:
    return f"{text.count(COUNTED)} {plural} and more" if number > COUNTED else text.counted(number, noun, plural)


def searched(asked: AskedDeliveries) -> str:
    parts = []
    if asked.provider:
        parts.append(f"from {label(asked.provider)}")
    if asked.state:
        parts.append(asked.state)
    if asked.q:
        parts.append(f"“{asked.q}” in event, action, id and error")
    return (
        f"Searched: {', '.join(parts)}."
        if parts
        else "What GitHub, Jenkins or a script posts is listed here, with what became of it."
    )


def label(provider: str) -> str:
    """`GitHub`; what came through the flat or the general form is named as such."""
    if provider.startswith(FLAT):
        return f"{rows.provider_label(provider.removeprefix(FLAT))}, flat form"
    return "Posted" if provider == "ingest" else rows.provider_label(provider)


def mark(row: Row) -> Mark:
    state = DeliveryState(row["state"])
    return NOT_YET if state is DeliveryState.KEPT and row["error"] is None else MARKS[state]


def event(row: Row) -> str:
    return " · ".join(part for part in (row["event"], row["action"]) if part)


def delivery_row(row: Row, runs: Mapping[int, Row], asked: AskedDeliveries, now: datetime, zone: tzinfo) -> DeliveryRow:
    run = runs.get(row["run_id"])
    return DeliveryRow(
        key=str(row["id"]),
        href=routes.deliveries(replace(asked, id=str(row["id"]))),
        mark=mark(row),
        when=_when(row["received_at"], now, zone),
        exact=text.exact(row["received_at"], zone),
        provider=label(row["provider"]),
        event=event(row),
        size=size(row["size"]),
        run=run_name(run) if run is not None else "",
        run_href=routes.run(row["run_id"]) if run is not None else "",
        error=" ".join((row["error"] or "").split())[:300],
    )


def _when(at: datetime, now: datetime, zone: tzinfo) -> str:
    """`10:42:05` today, else as everywhere."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S}" if local.date() == now.astimezone(zone).date() else text.moment(at, now, zone)


def run_name(run: Row) -> str:
    number = f" #{run['number']}" if run["number"] is not None else ""
    return f"{run['pipeline']}{number}"


def size(number: int) -> str:
    """`812 B`, `22 kB`, `1.4 MB`."""
    if number < 1000:
        return f"{number} B"
    return f"{number / 1000:.0f} kB" if number < 999_500 else f"{number / 1_000_000:.1f} MB"


def detail(row: Row | None, run: Row | None, asked: AskedDeliveries, zone: tzinfo) -> Detail:
    """One delivery in full; what is not there is said."""
    close = routes.deliveries(replace(asked, id=""))
    if row is None:
        return Detail(
            key=asked.id,
            title="Delivery",
            close=close,
            missing="There is no such delivery. It may have been deleted: they are not kept for ever.",
        )
    facts = [
        ("Received", text.exact(row["received_at"], zone)),
        ("Applied" if row["state"] == DeliveryState.APPLIED else "Last tried", text.exact(row["applied_at"], zone)),
        ("From", label(row["provider"])),
        ("Delivery", row["external_id"]),
        ("Size", size(row["size"])),
    ]
    return Detail(
        key=str(row["id"]),
        title=event(row),
        mark=mark(row),
        facts=[Header(name, value) for name, value in facts if value],
        headers=[Header(name, str(value)) for name, value in sorted(json.loads(row["headers"]).items())],
        error=row["error"] or "",
        run=run_name(run) if run is not None else "",
        run_href=routes.run(row["run_id"]) if run is not None else "",
        close=close,
    )


def payload(body: bytes) -> Payload:
    """The body line by line when it is JSON, as it came when it is not or is large; the first 200 kB of it."""
    shown = printable(_set_out(body)[: SHOWN_SIZE + 1])
    if len(shown) <= SHOWN_SIZE:
        return Payload(shown)
    return Payload(shown[:SHOWN_SIZE], f"The first {size(SHOWN_SIZE)} of {size(len(body))} are shown.")


def _set_out(body: bytes) -> str:
    if len(body) > PRETTY_SIZE:
        return body[: SHOWN_SIZE * 4].decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def printable(shown: str) -> str:
    """With what cannot be seen (control characters, changes of direction, halves of characters) spelled out."""
    if shown.isascii() and shown.replace("\n", "").replace("\t", "").isprintable():
        return shown
    return "".join(
        one if one in "\n\t" or unicodedata.category(one)[0] != "C" else f"\\u{ord(one):04x}" for one in shown
    )


def told(state: str, error: str | None) -> str:
    """What became of a delivery that was replayed."""
    if state == DeliveryState.APPLIED:
        return "Applied."
    if state == DeliveryState.IGNORED:
        return f"Understood, and of no interest: {error}" if error else "Understood, and of no interest."
    if error:
        return f"Still not applied: {error}"
    return "The database does not answer; it is applied as soon as it does."
