"""Numbers and moments to the text people read. Plain Python. Nothing to say is "–", never 0."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import sqrt

from cicd_health.model.health import Distribution

NOTHING = "–"
SIGNIFICANT_ERRORS = 1.64  # standard errors a rate must move by: one-sided 95 %
SIGNIFICANT_S = 60.0
FEW = 5  # verdicts below which a rate is shown, not judged
P95_NEEDS = 20
P50_NEEDS = 5
LOW_RATE = 0.85
NUMBER_AND_UNIT = re.compile(r"(?<=\d[dhm]) (?=\d)|(?<=\d) (?=(?:min|s|h|d|%)(?!\w))")


@dataclass(frozen=True, slots=True)
class Delta:
    """Against the window before. `arrow` is up, down or empty; `tone` is bad, good or quiet."""

    text: str = NOTHING
    arrow: str = ""
    tone: str = "quiet"


def count(number: int) -> str:
    return f"{number:,}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 run`, `1,842 runs`."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def rate(value: float | None) -> str:
    """`94.2 %`. Only a true 1 reads 100.0 and only a true 0 reads 0.0."""
    return NOTHING if value is None else f"{_percent(value):.1f} %"


def _percent(value: float) -> float:
    shown = round(value * 100, 1)
    if shown == 100 and value < 1:
        return 99.9
    return 0.1 if shown == 0 and value > 0 else shown


def duration(seconds: float | None) -> str:
    """`45s`, `7m 24s`, `1h 06m`, `3d 04h`: two units at most."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole == 0:
        return "<1s" if seconds > 0 else "0s"
    minutes, rest = divmod(whole, 60)
    if whole < 3600:
        return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
    hours, minutes = divmod(whole // 60, 60)
    if hours < 48:
        return f"{hours}h {minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02d}h"


def unbroken(words: str) -> str:
    """The same with a no-break space inside `7m 24s`, `16 min` and `92.1 %`."""
    return NUMBER_AND_UNIT.sub("\u00a0", words)


def span(seconds: float) -> str:
    """One unit is enough: `18 s`, `9 min`, `31 h`, `5 d`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h" if whole < 48 * 3600 else f"{whole // 86400} d"


def age(at: datetime | None, now: datetime) -> str:
    """`9 min ago`."""
    if at is None:
        return NOTHING
    seconds = (now - at).total_seconds()
    return "just now" if seconds < 5 else f"{span(seconds)} ago"


def clock(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%H:%M")


def day(at: datetime, zone: tzinfo) -> str:
    """`Sat 14`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day}"


def date(at: datetime, zone: tzinfo) -> str:
    """`14 Nov`."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b}"


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """`09:54` today, `Tue 14:10` in the last six days, else `Wed 11 Nov`."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if timedelta(0) <= today.date() - local.date() < timedelta(days=6):
        return f"{local:%a %H:%M}"
    return f"{local:%a} {date(at, zone)}"


def exact(at: datetime | None, zone: tzinfo) -> str:
    """For a title: `20 Nov 2026, 10:42:05`, in the zone the page names. Empty for None."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S}"


def stretch(start: datetime, end: datetime, zone: tzinfo) -> str:
    """`Tue 17 Nov, 12:00 to 18:00`; over midnight `Tue 17 Nov 18:00 to Wed 18 Nov 06:00`; whole days without hours."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.time() == last.time() == first.time().replace(hour=0, minute=0, second=0):
        last -= timedelta(days=1)
        one = f"{first:%a} {first.day} {first:%b}"
        return one if first.date() == last.date() else f"{one} to {last:%a} {last.day} {last:%b}"
    if first.date() == last.date() or (last - first <= timedelta(days=1) and last.time() == last.time().min):
        return f"{first:%a} {first.day} {first:%b}, {first:%H:%M} to {last:%H:%M}"
    return f"{first:%a} {first.day} {first:%b %H:%M} to {last:%a} {last.day} {last:%b %H:%M}"


def offset(at: datetime, zone: tzinfo) -> str:
    """`UTC`, `UTC+1`, `UTC-3:30`."""
    minutes = int((at.astimezone(zone).utcoffset() or timedelta(0)).total_seconds() // 60)
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")


def web_address(url: str | None) -> str:
    """The address when it is one of the web, else nothing: what others wrote may begin with `javascript:`."""
    return url if url and url.lower().startswith(("https://", "http://")) else ""


def length(window: str) -> str:
    """Of a window's slug: `the last 7 days`."""
    return "the last 24 hours" if window == "24h" else f"the last {window.removesuffix('d')} days"


def rate_delta(
    rate: float | None, n: int, before: float | None, n_before: int, *, more_is_better: bool = True
) -> Delta:
    """In points, judged only beyond 1.64 standard errors of the difference."""
    if rate is None or before is None or not n or not n_before:
        return Delta()
    change = rate - before
    points = f"{abs(change) * 100:.1f} pt"
    if points == "0.0 pt":
        return Delta("0 pt")
    both = (rate * n + before * n_before) / (n + n_before)
    error = sqrt(both * (1 - both) * (1 / n + 1 / n_before))
    judged = min(n, n_before) >= FEW and abs(change) > SIGNIFICANT_ERRORS * error
    return Delta(points, _arrow(change), _tone((change > 0) == more_is_better) if judged else "quiet")


def duration_delta(seconds: float | None, before: float | None, *, least: float = 0.20) -> Delta:
    """In per cent, judged only when it moved by `least` and by a minute."""
    if seconds is None or not before:
        return Delta()
    change = seconds - before
    judged = abs(change) >= SIGNIFICANT_S and abs(change) >= least * before
    return _relative(change / before, _tone(change < 0) if judged else "quiet")


def count_delta(number: float, before: float) -> Delta:
    """In per cent, never judged: neither way is better."""
    return _relative((number - before) / before, "quiet") if before else Delta()


def _relative(change: float, tone: str) -> Delta:
    size = round(abs(change) * 100)
    return Delta("0 %") if size == 0 else Delta(f"{size:,} %", _arrow(change), tone)


def _arrow(change: float) -> str:
    return "up" if change > 0 else "down"


def _tone(better: bool) -> str:
    return "good" if better else "bad"


def rate_tone(value: float | None, verdicts: int) -> str:
    """Red under 85 % with five verdicts or more, quiet with fewer. There is no green rate."""
    if value is None or verdicts < FEW:
        return "quiet"
    return "bad" if value < LOW_RATE else ""


def p95(distribution: Distribution) -> float | None:
    """Seconds; None below 20 values, where a p95 is only the largest one."""
    return distribution.p95 if distribution.n >= P95_NEEDS else None


def p50(distribution: Distribution) -> float | None:
    """Seconds; None below 5 values."""
    return distribution.p50 if distribution.n >= P50_NEEDS else None
