"""The rows of a log viewer: raw lines to text in colours, with what is marked and found in them. Plain Python."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from cicd_health.logs import ansi
from cicd_health.logs.line import moment, split_stamp
from cicd_health.model.logs import Log, MarkKind
from cicd_health.ui import format as text
from cicd_health.ui.run_view.plan import MORE, Kind, Place, Stretch

LONGEST = 1_000  # characters of a line in the viewer; the raw log has them all
TABS = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line; `style` are the names of `logs.ansi`, `hit` and `now` for what is searched for."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row. `tone` is fail, cause, warn or empty; `kind` is line, fold, gap or cut.

    `more` is what a line was cut by, how many lines a heading has, or that a gap is long; `end` stands at the right of
    a heading; `first` and `last` are the lines a gap hides.
    """

    kind: str
    number: int
    text: str = ""
    spans: list[Span] = field(default_factory=list)
    tone: str = ""
    picked: bool = False
    open: bool = False
    end: str = ""
    time: str = ""
    more: str = ""
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How the lines are to be shown. `hits` are the lines with `q`, in order; `current` is the one the reader is at."""

    zone: tzinfo
    times: bool = False
    q: str = ""
    hits: Sequence[int] = ()
    current: int = 0
    picked: int = 0
    like: str = ""  # `as in #4310`: what a gap hides when only new lines are shown


@dataclass(frozen=True, slots=True)
class Toned:
    """Which lines have a tone."""

    cause: int = 0
    errors: frozenset[int] = frozenset()
    warnings: frozenset[int] = frozenset()

    @classmethod
    def of(cls, log: Log) -> Toned:
        return cls(
            log.cause or 0,
            frozenset(mark.line for mark in log.marks if mark.kind is MarkKind.ERROR),
            frozenset(mark.line for mark in log.marks if mark.kind is MarkKind.WARNING),
        )

    def of_line(self, line: int) -> str:
        if line == self.cause:
            return "cause"
        if line in self.errors:
            return "fail"
        return "warn" if line in self.warnings else ""

    def stops(self) -> list[int]:
        """The lines that `n` and `p` go to, in order: the cause, and the first of each group of errors."""
        lines = sorted(self.errors | ({self.cause} - {0}))
        return [line for line in lines if line == self.cause or line - 1 not in self.errors]


def rows(places: Sequence[Place], lines: Mapping[int, str], toned: Toned, look: Look) -> dict[str, LogRow]:
    """By key, in order. `lines` holds the raw text of the lines shown and of some before them, for their colours."""
    made: dict[str, LogRow] = {}
    style = ansi.PLAIN
    before = [number for number in lines if places and number < places[0].line]
    if before:
        style = ansi.style_after(lines[number] for number in before)
    for place in places:
        if place.stretch.kind is Kind.LINES:
            row, style = _line(place.line, lines.get(place.line, ""), style, toned, look)
        else:
            row, style = _other(place.stretch, look), ansi.PLAIN
        made[f"{row.kind[0]}{row.number}"] = row
    return made


def _line(number: int, raw: str, style: ansi.Style, toned: Toned, look: Look) -> tuple[LogRow, ansi.Style]:
    stamp, written = split_stamp(raw)
    if "\r" in written:  # it was written anew after each of them
        written = next((part for part in reversed(written.split("\r")) if part.strip()), "")
    spans, style = ansi.spans(written.expandtabs(TABS), style)
    shown, more = _cut(spans)
    if look.q and number in look.hits:
        shown = list(_with_hits(shown, look.q, "hit now" if number == look.current else "hit"))
    colourless = all(not span.style for span in shown)
    return (
        LogRow(
            kind="line",
            number=number,
            text="".join(span.text for span in shown) if colourless else "",
            spans=[] if colourless else shown,
            tone=toned.of_line(number),
            picked=number == look.picked,
            time=_clock(stamp, look) if look.times else "",
            more=more,
        ),
        style,
    )


def _cut(spans: Sequence[ansi.Span]) -> tuple[list[Span], str]:
    """What there is room for, and how much more there is."""
    left, shown = LONGEST, []
    for span in spans:
        if left > 0:
            shown.append(Span(span.text[:left], span.style))
        left -= len(span.text)
    return shown, f"… {text.counted(-left, 'more character')}" if left < 0 else ""


def _with_hits(spans: Sequence[Span], q: str, style: str) -> Iterator[Span]:
    """The spans, parted where the text is found. It is looked for over their borders, in any case."""
    whole = "".join(span.text for span in spans).lower()
    found = list(_found(whole, q.lower()))
    at = 0
    for span in spans:
        end, start = at + len(span.text), at
        for first, last in found:
            if last <= start or first >= end:
                continue
            if first > start:
                yield Span(span.text[start - at : first - at], span.style)
            yield Span(span.text[max(first, start) - at : min(last, end) - at], f"{span.style} {style}".strip())
            start = min(last, end)
        if start < end:
            yield Span(span.text[start - at :], span.style)
        at = end


def _found(whole: str, q: str) -> Iterator[tuple[int, int]]:
    at = whole.find(q) if q else -1
    while at >= 0:
        yield at, at + len(q)
        at = whole.find(q, at + len(q))


def _clock(stamp: str, look: Look) -> str:
    at = moment(stamp)
    return f"{at.astimezone(look.zone):%H:%M:%S}" if at else stamp.rpartition("T")[2][:8]


def _other(stretch: Stretch, look: Look) -> LogRow:
    number = stretch.last - stretch.first + 1
    if stretch.kind is Kind.FOLD and stretch.fold is not None:
        fold = stretch.fold
        return LogRow(
            kind="fold",
            number=fold.first,
            text=fold.name[:LONGEST],
            open=stretch.open,
            more=text.counted(fold.last - fold.first, "line"),
            end=text.duration(fold.duration_s) if fold.duration_s is not None else "",
        )
    if stretch.kind is Kind.CUT:
        said = f"{text.counted(number, 'line')} not kept: the log is longer than what is kept of one"
        return LogRow(kind="cut", number=stretch.first, text=said)
    said = f"{text.counted(number, 'line')} {look.like or 'hidden'}"
    more = "some" if number > MORE else ""  # some of it can be asked for
    return LogRow(kind="gap", number=stretch.first, text=said, more=more, first=stretch.first, last=stretch.last)


def map_paths(tops: Mapping[str, Collection[int]], height: int) -> dict[str, str]:
    """By tone, an SVG path in a box of 12 × 1000 with a short bar for each of these heights in pixels."""
    paths = {}
    for tone, of_tone in tops.items():
        places = sorted({round(top / height * 1000) for top in of_tone}) if height else []
        paths[tone] = "".join(f"M2 {min(place, 996)}h8v4h-8z" for place in places)
    return paths
