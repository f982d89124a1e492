"""The head of a pipeline's page: its state in a sentence, its last runs, what can be chosen."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.health import HealthState
from cicd_health.model.runs import Outcome
from cicd_health.ui.pipeline_view import head
from cicd_health.ui.routes import AskedPipeline
from cicd_health.ui.run_view.said import Said
from tests.ui import samples
from tests.ui.pipeline_samples import report
from tests.ui.samples import DAY, MINUTE, NOW

BERLIN = ZoneInfo("Europe/Berlin")


def words(said: list[Said]) -> str:
    return "".join(stretch.text for stretch in said)


def cause(**changes: object) -> str:
    return words(head.verdict(report(health=samples.pipeline(**changes)), {}, AskedPipeline(), BERLIN).cause)


def test_what_is_wrong_is_said_with_since_when_and_why():
    said = cause(state=HealthState.BROKEN, since=NOW - 47 * MINUTE, why=("4 in a row did not pass", "job `test`"))
    assert said == "Broken since 09:55, for 47 min: 4 in a row did not pass · job test"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Healthy: 53 of 54 runs passed in the last 7 days"),
        (
            {"state": HealthState.FEW, "successes": 3, "verdicts": 3},
            "3 of 3 runs passed in the last 7 days: too few to judge by",
        ),
        (
            {"state": HealthState.FEW, "successes": 0, "verdicts": 0},
            "No run passed or failed in the last 7 days: nothing to judge by",
        ),
        (
            {"state": HealthState.QUEUE, "oldest_waiting_at": NOW - 12 * MINUTE, "why": ("3 jobs wait",)},
            "Queue for 12 min: 3 jobs wait",
        ),
    ],
)
def test_every_state_has_its_sentence(changes: dict[str, object], said: str):
    assert cause(**changes) == said


def test_the_last_verdict_is_named_and_linked():
    health = samples.pipeline(last_run_id=99, last_outcome=Outcome.FAILURE, running=2, incident_state="acknowledged")
    verdict = head.verdict(report(health=health), {99: 4449}, AskedPipeline(), BERLIN)
    assert words(verdict.context) == (
        "Last verdict on main: #4449, failure, ended 10:38. Incident acknowledged. Now: 2 running."
    )
    assert [stretch.href for stretch in verdict.context if stretch.href] == ["/runs/99"]


def test_a_pipeline_that_never_ran_says_so():
    never = report(health=None, latest=())
    assert words(head.verdict(never, {}, AskedPipeline(), BERLIN).cause) == "This pipeline has not run yet."
    assert head.head(never, AskedPipeline(), BERLIN).mark == "no_runs"
    assert head.last_runs(never, BERLIN).links == []


def test_each_bar_of_the_strip_leads_to_its_run():
    few = samples.strip(1, (Outcome.FAILURE,), number=4, wrong=0, rescued=0)
    shown = head.last_runs(report(health=samples.pipeline(strip=few)), BERLIN)
    assert [link.column for link in shown.links] == ["27", "28", "29", "30"]
    assert shown.links[-1].href == "/runs/3"
    assert shown.links[-1].title.startswith("#3 failure, ")
    assert (shown.first, shown.last) == ("06:42", "09:42")


def test_an_empty_window_leads_further():
    nothing = samples.summary(total=0, verdicts=0)
    shown = head.head(report(summary=nothing), AskedPipeline("7d", "main"), BERLIN)
    assert shown.nothing == "No runs in the last 7 days on main"
    assert shown.wider == "/pipelines/5?window=30d&branch=main"
    assert head.head(report(summary=nothing), AskedPipeline("90d", "main"), BERLIN).wider == "/pipelines/5?window=90d"
    assert head.head(report(summary=nothing), AskedPipeline("90d"), BERLIN).wider == ""


def test_windows_keep_the_branch_and_a_chosen_branch_stays_on_offer():
    bar = head.bar(report(), AskedPipeline("7d", "gone"), BERLIN)
    assert bar.branches == ["gone", "main", "wren/split-module"]
    assert [choice.href for choice in bar.windows if choice.value == "90d"] == ["/pipelines/5?window=90d&branch=gone"]


def test_a_state_from_long_ago_is_dated():
    assert cause(state=HealthState.SLOWER, since=NOW - 9 * DAY, why=()) == "Slower since Wed 11 Nov, for 9 d"
