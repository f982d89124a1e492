"""The six cards: n of m beside every rate, and the same totals as the charts."""

from cicd_health.metrics import METRICS
from cicd_health.model.health import Distribution, Restore
from cicd_health.ui import series
from cicd_health.ui.cards import EXPLAINED_BY, SECOND_EXPLAINED_BY, cards, sparks
from tests.ui import samples


def by_slug(**changes: object):
    return {card.slug: card for card in cards(samples.overview(**changes))}


def test_the_success_rate_says_n_of_m_and_what_was_left_out():
    card = by_slug()["success_rate"]
    assert (card.value, card.unit, card.first, card.second) == (
        "94.2",
        "%",
        "630 of 669 verdicts",
        "29 left out, 21 superseded",
    )


def test_the_failure_rate_says_what_a_re_run_rescued():
    card = by_slug()["failure_rate"]
    assert (card.value, card.first, card.second) == ("5.8", "37 failed, 2 unstable", "92.1 % first time, 14 rescued")


def test_the_duration_shows_p50_p95_and_mean():
    card = by_slug()["duration"]
    assert (card.value, card.other_value, card.delta.tone) == ("7m 15s", "20m 12s", "bad")
    assert card.first == "630 successes, mean 8m 51s"


def test_the_queue_says_who_waits_now():
    assert by_slug()["queue"].second == "3 queued now, oldest 12 min"


def test_open_incidents_show_the_age_of_the_oldest_in_red():
    card = by_slug()["open_incidents"]
    assert (card.value, card.alarm, card.second) == ("2", "oldest 31h 36m", ", 1 muted")


def test_an_open_incident_is_never_beside_nothing_is_broken():
    nothing = samples.summary(restore=Restore())
    card = by_slug(summary=nothing, muted_incidents=0)["open_incidents"]
    assert (card.alarm, card.second) == ("oldest 31h 36m", "")


def test_every_card_has_its_drawing_and_says_how_it_is_counted():
    slugs = {metric.slug for metric in METRICS}
    assert set(by_slug()) == set(sparks(samples.overview())) == set(EXPLAINED_BY)
    assert {*EXPLAINED_BY.values(), *SECOND_EXPLAINED_BY.values()} <= slugs


def test_the_last_status_counts_pipelines():
    card = by_slug()["last_status"]
    assert (card.value, card.unit, card.second) == ("10 of 12", "passed", "100 runs a day, 698 in all")


def test_an_empty_window_has_no_zero_rates():
    nothing = samples.summary(
        counts={}, total=0, verdicts=0, successes=0, success_rate=None, failure_rate=None,
        first_attempt_success_rate=None, duration=Distribution(), queue=Distribution(), restore=Restore(),
        throughput_per_day=0.0,
    )  # fmt: skip
    shown = by_slug(summary=nothing, previous=nothing, pipelines=(), buckets=(), wide_buckets=())
    assert [card.first for card in shown.values() if "–" in card.first + card.second] == []
    assert [shown[slug].value for slug in ("success_rate", "failure_rate", "duration", "queue", "last_status")] == [
        "–"
    ] * 5


def test_the_legend_of_the_chart_equals_the_cards():
    overview = samples.overview()
    legend = series.totals(overview)
    assert f"{legend.failed} failed, {legend.unstable} unstable" == by_slug()["failure_rate"].first
    assert f"{legend.left_out} left out" in by_slug()["success_rate"].second
