"""`python -m bench.changes`: how often change detection cries wolf, and how soon it finds what is there.

Simulated series, seeded, so that each run gives the same figures. The thresholds were chosen on other seeds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench import series
from bench.series import Shape, Verdicts
from bench.table import lines
from cicd_health.metrics.changes import detect

Find = Callable[[int, int], list[detect.Found]]  # the changes from one place to another
Watch = Callable[[Any, random.Random, series.Moments], Find]
LENGTH = 400  # values looked at
RATES = (5, 20, 60)  # runs a day
WITHIN = 100  # runs after a step in which it has to be found
LOOK = 10  # runs between two looks in a year
NEARLY = 8  # runs that the place may be off
FEW, MANY = series.noise(0.1), series.noise(0.3)
USUAL = series.outliers(series.noise(0.15), 0.02)

QUIET: dict[str, Shape] = {
    "noise ±10 %": FEW,
    "noise ±30 %": MANY,
    "5 % take 5 to 20 times as long": series.outliers(series.noise(0.15), 0.05),
    "drift of 10 % over the series": series.drift(FEW, 0.1),
    "drift of 30 %": series.drift(FEW, 0.3),
    "day and night, ±20 %": series.by_hour(FEW, 0.2),
    "day and night, ±40 %": series.by_hour(FEW, 0.4),
    "weekends 20 % shorter": series.by_weekday(FEW, 0.2),
    "each like the one before, 0.8": series.sluggish(0.2, 0.8),
    "each like the one before, 0.95": series.sluggish(0.2, 0.95),
    "cache warm or cold, 5 runs in a row, × 1.5": series.in_rows(FEW, 1.5, 5),
    "cache warm or cold, 30 runs in a row, × 1.5": series.in_rows(FEW, 1.5, 30),
    "cache hit or missed, half and half, × 3": series.two_kinds(FEW, 3, 0.5),
    "cache missed by a fifth, × 3": series.two_kinds(FEW, 3, 0.2),
}
QUIET_VERDICTS: dict[str, Verdicts] = {
    "2 % fail": series.by_chance(0.02),
    "10 % fail": series.by_chance(0.1),
    "30 % fail": series.by_chance(0.3),
    "5 % fail, 3 in a row": series.bursts(0.05, 3),
    "10 % fail, 10 in a row": series.bursts(0.1, 10),
}
SIZES = (1.1, 1.25, 1.5, 2.0)
BEFORE = (20, 50, 200)
RISES = ((0.02, 0.1), (0.02, 0.2), (0.02, 0.5), (0.1, 0.3), (0.1, 0.5))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.changes", description=__doc__)
    parser.add_argument("--series", type=int, default=50, help="series of each kind and rate")
    parser.add_argument("--years", type=int, default=1, help="simulated years of each kind")
    parser.add_argument("--seed", default="figures", help="another one gives other series")
    options = parser.parse_args()
    tables = (
        false_alarms(options.seed, options.series),
        years(options.seed, options.years),
        found_steps(options.seed, options.series),
        found_rises(options.seed, options.series),
        found_shapes(options.seed, options.series),
        speed(options.seed),
    )
    for table in tables:
        print("\n".join(lines(list(table))), end="\n\n", flush=True)
    return 0


def false_alarms(seed: str, number: int) -> Iterator[list[str]]:
    yield ["alarms in 1,000 series without a change", *(f"{rate} runs a day" for rate in RATES)]
    yield ["---", *("---:" for _ in RATES)]
    for name, shape in QUIET.items():
        yield [name, *(_alarms(_durations, shape, f"{seed} {name} {rate}", number, rate) for rate in RATES)]
    for name, verdicts in QUIET_VERDICTS.items():
        yield [name, *(_alarms(_failures, verdicts, f"{seed} {name} {rate}", number, rate) for rate in RATES)]


def _alarms(watch: Watch, of: Any, seed: str, number: int, rate: int) -> str:
    chance = random.Random(seed)
    finds = (watch(of, chance, series.moments(chance, LENGTH, rate)) for _ in range(number))
    return f"{1000 * sum(bool(find(0, LENGTH)) for find in finds) / number:,.0f}"


def _durations(shape: Shape, chance: random.Random, at: series.Moments) -> Find:
    values = series.seconds(shape(chance, at))
    return lambda start, end: detect.slower(values[start:end], at[start:end])


def _failures(verdicts: Verdicts, chance: random.Random, at: series.Moments) -> Find:
    failed = verdicts(chance, len(at))
    return lambda start, end: detect.failing(failed[start:end], at[start:end])


def years(seed: str, number: int) -> Iterator[list[str]]:
    """As a pipeline is examined: again and again, always its last runs."""
    rate = 10
    yield [f"different alarms in a year of {365 * rate:,} runs without a change, looked at every {LOOK}", "a year"]
    yield ["---", "---:"]
    for name, shape in QUIET.items():
        yield [name, _per_year(_durations, shape, f"{seed} year {name}", number, rate)]
    for name, verdicts in QUIET_VERDICTS.items():
        yield [name, _per_year(_failures, verdicts, f"{seed} year {name}", number, rate)]


def _per_year(watch: Watch, of: Any, seed: str, number: int, rate: int) -> str:
    """An alarm whose place moves by a few runs is the same."""
    chance, alarms = random.Random(seed), 0
    for _ in range(number):
        at = series.moments(chance, 365 * rate, rate)
        find, told = watch(of, chance, at), list[int]()
        for end in range(20, len(at) + 1, LOOK):
            start = max(0, end - LENGTH)
            for place in (start + found.place for found in find(start, end)):
                if all(abs(place - other) > 2 * NEARLY for other in told):
                    told.append(place)
        alarms += len(told)
    return f"{alarms / number:.1f}"


def found_steps(seed: str, number: int) -> Iterator[list[str]]:
    yield [f"a step of the duration, noise ±15 %: found within {WITHIN} runs, and after how many", *_after(BEFORE)]
    yield ["---", *("---:" for _ in BEFORE)]
    for size in SIZES:
        cells = []
        for before in BEFORE:
            step = series.steps(USUAL, (before, size))
            cells.append(_delays(_durations, step, before, f"{seed} step {size} {before}", number))
        yield [f"+{size - 1:.0%}", *cells]


def found_rises(seed: str, number: int) -> Iterator[list[str]]:
    yield [f"a rise of the failure rate: found within {WITHIN} runs, and after how many", *_after(BEFORE)]
    yield ["---", *("---:" for _ in BEFORE)]
    for low, high in RISES:
        cells = []
        for before in BEFORE:
            rise = series.from_on(before, series.by_chance(low), series.by_chance(high))
            cells.append(_delays(_failures, rise, before, f"{seed} rise {low} {high} {before}", number))
        yield [f"{low:.0%} → {high:.0%}", *cells]


def _after(numbers: Sequence[int]) -> Iterator[str]:
    return (f"after {number} runs" for number in numbers)


def _delays(watch: Watch, of: Any, place: int, seed: str, number: int) -> str:
    """The share in which the change was found near its place, and the median of the runs after which it first was."""
    chance, delays = random.Random(seed), list[int]()
    for _ in range(number):
        find = watch(of, chance, series.moments(chance, place + WITHIN, 20))
        ends = [10, 12, 15, 20, 25, *range(30, WITHIN + 1, 10)]
        near = (n for n in ends if any(abs(one.place - place) <= 2 * NEARLY for one in find(0, place + n)))
        delays += [delay for delay in [next(near, None)] if delay is not None]
    share = f"{len(delays) / number:.0%}"
    return f"{share}, {statistics.median_low(delays)}" if delays else share


def found_shapes(seed: str, number: int) -> Iterator[list[str]]:
    """Both changes of a series with two, and no other."""
    shapes = {
        "+50 % for 60 runs, then back": ((200, 1.5), (260, 1.0)),
        "+25 % for 60 runs, then back": ((200, 1.25), (260, 1.0)),
        "+25 %, 100 runs later +25 % more": ((150, 1.25), (250, 1.56)),
        "+50 %, seen among runs of day and night ±20 %": ((300, 1.5),),
    }
    yield ["all changes of 400 runs", "all found", "others told"]
    yield ["---", "---:", "---:"]
    for name, changes in shapes.items():
        chance, hits, others = random.Random(f"{seed} shape {name}"), 0, 0
        shape = series.by_hour(USUAL, 0.2) if "night" in name else USUAL
        for _ in range(number):
            at = series.moments(chance, LENGTH, 20)
            places = [one.place for one in _durations(series.steps(shape, *changes), chance, at)(0, LENGTH)]
            near = {place for place, _ in changes for one in places if abs(one - place) <= NEARLY}
            hits += len(near) == len(changes)
            others += len(places) > len(near)
        yield [name, f"{hits / number:.0%}", f"{others / number:.0%}"]


def speed(seed: str) -> Iterator[list[str]]:
    yield [f"time for one series of {LENGTH}", "ms"]
    yield ["---", "---:"]
    for name, shape in {"noise": MANY, "a step of 50 %": series.steps(MANY, (200, 1.5))}.items():
        chance = random.Random(f"{seed} speed {name}")
        at = series.moments(chance, LENGTH, 20)
        values = series.seconds(shape(chance, at))
        begun = time.process_time()
        for _ in range(20):
            detect.slower(values, at)
        yield [name, f"{(time.process_time() - begun) / 20 * 1000:.1f}"]


if __name__ == "__main__":
    sys.exit(main())
