"""Published histories, told in order as their senders told them, give the incidents that a plain reading gives."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise, takewhile
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from cicd_health import flow, settings
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.model.deliveries import Incoming
from cicd_health.store import engine
from cicd_health.store.tables import IncidentRow, NotificationRow, StepOfIncidentRow
from tests.bodies import delivery, github_run, jenkins_build
from tests.conftest import SHARED_DATA

HISTORY = SHARED_DATA / "github" / "history" / "bitcoin-jobs.csv"
NOTIFICATIONS = SHARED_DATA / "jenkins" / "notification"
BUILDS = SHARED_DATA / "jenkins" / "rest" / "devlake" / "_raw_jenkins_api_builds.csv"
CONCLUSIONS = {"COMPLETED": "success", "FAILED": "failure", "ABORTED": "cancelled"}
BEGIN = datetime(2025, 9, 1, tzinfo=UTC)

if not HISTORY.exists():
    pytest.skip(
        f"LOUD: {SHARED_DATA} is not on this machine, so published histories are NOT replayed", allow_module_level=True
    )


@dataclass(frozen=True)
class Told:
    """One run of the file."""

    id: int
    created_at: datetime
    ended_at: datetime
    word: str
    branch: str

    @property
    def failed(self) -> bool:
        return self.word == "FAILED"

    def body(self, branch: str) -> dict[str, Any]:
        seconds = (self.ended_at - self.created_at).total_seconds()
        more: dict[str, Any] = {"conclusion": CONCLUSIONS[self.word], "created": self.created_at, "seconds": seconds}
        return github_run(self.id, branch=branch, **more)


def published() -> list[Told]:
    """The 427 runs, in the order in which they ended; a run ends with its last job."""
    runs: dict[str, Told] = {}
    with HISTORY.open() as file:
        for row in csv.DictReader(file):
            created, ended = (
                datetime.fromtimestamp(int(row[name]), UTC) for name in ("run_created_at", "completed_at")
            )
            if row["run_id"] in runs:
                ended = max(ended, runs[row["run_id"]].ended_at)
            runs[row["run_id"]] = Told(int(row["run_id"]), created, ended, row["run_status"], row["branch"])
    return sorted(runs.values(), key=lambda run: (run.ended_at, run.created_at, run.id))


# A plain reading: what is known when a run ends, the newest first by creation, fires, ends it, or neither.
Judge = Callable[[list[Told], datetime], bool | None]


def read_plainly(runs: Iterable[Told], judge: Judge) -> tuple[int, int]:
    """How often trouble began and ended. Runs that were cancelled or skipped say nothing."""
    known: list[Told] = []
    changes: list[bool] = []
    for run in runs:
        if run.word != "ABORTED":
            known = sorted([run, *known], key=lambda one: one.created_at, reverse=True)
            firing = judge(known, run.ended_at)
            if firing is not None and firing != (changes or [False])[-1]:
                changes.append(firing)
    return changes.count(True), changes.count(False)


def in_a_row(count: int) -> Judge:
    def judge(known: list[Told], now: datetime) -> bool | None:
        row = len(list(takewhile(lambda run: run.failed, known)))
        return True if row >= count else None if row else False

    return judge


def to_and_fro(known: list[Told], now: datetime) -> bool | None:
    """3 of 10 failed with 4 turns among them, since it last passed 5 times in a row."""
    words = "".join("f" if run.failed else "p" for run in known[:10])
    if "ppppp" in words:
        words = words[: words.index("ppppp") + 1]
    turns = sum(one != other for one, other in pairwise(words))
    if "f" not in words:
        return False
    return True if words[0] == "f" and words.count("f") >= 3 and turns >= 4 else None


def under_80_percent_of_a_day(known: list[Told], now: datetime) -> bool | None:
    """Of 20 runs at least; over at 85 %, or with 5 runs or more that all passed."""
    day = [run for run in known if now - timedelta(days=1) < run.created_at <= now]
    passed = sum(not run.failed for run in day)
    if len(day) >= 5 and passed == len(day):
        return False
    if len(day) < 20:
        return None
    if day[0].failed and passed < 0.8 * len(day):
        return True
    return False if passed >= 0.85 * len(day) else None


def mean_over_an_hour(known: list[Told], now: datetime) -> bool | None:
    """Of the last 20 that passed, among the last 40; over at nine tenths of it."""
    took = [(run.ended_at - run.created_at).total_seconds() for run in known[:40] if not run.failed][:20]
    if len(took) < 20:
        return None
    mean = sum(took) / len(took)
    return True if mean > 3600 else False if mean <= 0.9 * 3600 else None


@pytest.fixture
def installed(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """With one channel, that nothing is sent to: messages stay in the outbox."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T0/B0/x")
    settings.get.cache_clear()
    flow.start(BEGIN)
    return database


def tell(runs: Iterable[Told], branch: Callable[[Told], str]) -> None:
    """The end of each run, as GitHub tells it, a quarter of a day at a time."""
    for _, some in groupby(runs, key=lambda run: int(run.ended_at.timestamp()) // 21600):
        of_it = list(some)
        now = of_it[-1].ended_at
        flow.receive([delivery(run.body(branch(run)), at=now) for run in of_it], now)


def turns(rule_id: int | None = None) -> tuple[int, int]:
    """How often incidents of a rule opened, first or again, and ended."""
    with Session(engine.engine()) as session:
        incidents = select(IncidentRow.id).where(rule_id is None or IncidentRow.rule_id == rule_id)
        kinds = session.exec(
            select(StepOfIncidentRow.kind).where(col(StepOfIncidentRow.incident_id).in_(incidents))
        ).all()
    return sum(kind in ("opened", "reopened") for kind in kinds), kinds.count("resolved")


def told_by_replay(draft: RuleDraft, now: datetime) -> tuple[int, int]:
    found = flow.backtest(draft, now, days=30)
    began = sum(1 + one.reopened for one in found.fired)
    return began, found.messages - began


RULES = (
    # The draft, a plain reading, and what that gives: opened, resolved.
    (RuleDraft("One", "failure", params={"count": 1}), in_a_row(1), (27, 27)),
    (RuleDraft("Two", "failure", params={"count": 2}), in_a_row(2), (7, 7)),
    (RuleDraft("Three", "failure", params={"count": 3}), in_a_row(3), (4, 4)),
    (RuleDraft("Flapping", "flapping"), to_and_fro, (4, 4)),
    (RuleDraft("Rate", "regression"), under_80_percent_of_a_day, (1, 1)),
    (
        RuleDraft("Slow", "slow_build", params={"limit_minutes": 60, "measure": "mean"}),
        mean_over_an_hour,
        (5, 4),
    ),
)


def test_three_weeks_of_one_branch_give_the_incidents_of_a_plain_reading(installed: sa.Engine):
    runs = published()
    assert (len(runs), sum(run.failed for run in runs), sum(run.word == "ABORTED" for run in runs)) == (427, 50, 91)
    rule_ids = [flow.save_rule(draft, BEGIN) for draft, _, _ in RULES]
    tell(runs, lambda run: "main")
    now = runs[-1].ended_at + timedelta(seconds=1)
    for rule_id, (draft, judge, expected) in zip(rule_ids, RULES, strict=True):
        assert (draft.name, read_plainly(runs, judge)) == (draft.name, expected)
        assert (draft.name, turns(rule_id)) == (draft.name, expected)
        assert (draft.name, told_by_replay(draft, now)) == (draft.name, expected)
    only_verdicts_are_blamed()


def only_verdicts_are_blamed() -> None:
    """No run that was cancelled opened or ended anything."""
    blamed = "SELECT r.outcome FROM incidents i JOIN runs r ON r.id IN (i.run_id, i.last_run_id, i.recovered_run_id)"
    with engine.reading() as session:
        assert set(session.execute(sa.text(blamed)).scalars()) == {"failure", "success"}


def test_each_branch_apart_gives_its_own_incidents(installed: sa.Engine):
    runs = published()
    drafts = [RuleDraft(f"{n}", "failure", params={"count": n}, scope=Scope(branches=("*",))) for n in (1, 2)]
    rule_ids = [flow.save_rule(draft, BEGIN) for draft in drafts]
    tell(runs, lambda run: run.branch)
    branches = {run.branch for run in runs}
    for n, rule_id, draft, expected in zip((1, 2), rule_ids, drafts, ((40, 24), (6, 4)), strict=True):
        read = [read_plainly([run for run in runs if run.branch == branch], in_a_row(n)) for branch in branches]
        assert (sum(one for one, _ in read), sum(other for _, other in read)) == expected
        assert turns(rule_id) == expected
        assert told_by_replay(draft, runs[-1].ended_at + timedelta(seconds=1)) == expected


def incidents() -> list[tuple[Any, ...]]:
    with Session(engine.engine()) as session:
        rows = session.exec(select(IncidentRow).order_by(col(IncidentRow.opened_at), col(IncidentRow.rule_id))).all()
        return [(row.scope_key, row.state, row.opened_at, row.failures, row.title) for row in rows]


def messages() -> list[str]:
    with Session(engine.engine()) as session:
        return list(session.exec(select(NotificationRow.kind).order_by(col(NotificationRow.id))))


def clear() -> None:
    with engine.writing() as session:
        for table in ("outbox", "incident_steps", "incidents", "deliveries", "attempts", "runs", "tallies"):
            session.execute(sa.text(f"DELETE FROM {table}"))


def test_deliveries_twice_and_shuffled_end_as_in_order(installed: sa.Engine):
    runs = [run for run in published() if run.ended_at < datetime(2025, 9, 6, tzinfo=UTC)]
    now = runs[-1].ended_at
    bodies = [run.body("main") for run in runs]
    flow.receive([delivery(body, at=now) for body in bodies], now)
    in_order = incidents()
    assert in_order
    clear()
    bodies = bodies * 2
    random.Random(5).shuffle(bodies)
    for place in range(0, len(bodies), 7):
        flow.receive([delivery(body, at=now) for body in bodies[place : place + 7]], now)
    assert incidents() == in_order
    assert len(messages()) == len(set(messages()))


def notified(name: str) -> list[dict[str, Any]]:
    """The captured notification of this job, as its two ends tell it."""
    lines = (NOTIFICATIONS / "captured.jsonl").read_text().splitlines()
    [body] = [json.loads(line)["payload"] for line in lines if json.loads(line)["payload"]["name"] == name]
    return [body, body | {"build": body["build"] | {"phase": "FINALIZED"}}]


def posted(body: dict[str, Any], at: datetime) -> Incoming:
    return delivery(body, provider="jenkins", at=at)


def test_a_build_that_says_completed_and_finalized_is_one_alert(installed: sa.Engine):
    for second, body in enumerate(notified("cookbook-test") * 2):
        flow.receive([posted(body, BEGIN + timedelta(seconds=second))], BEGIN + timedelta(seconds=second))
    assert [row[1] for row in incidents()] == ["open"]
    assert (turns(), messages()) == ((1, 0), ["opened"])


def test_notifications_of_builds_that_began_or_passed_alert_nobody(installed: sa.Engine):
    lines = (NOTIFICATIONS / "captured.jsonl").read_text().splitlines()
    bodies = [json.loads(line)["payload"] for line in lines]
    bodies = [body for body in bodies if body["build"]["phase"] == "STARTED"]
    bodies += [json.loads(path.read_text()) for path in sorted(NOTIFICATIONS.glob("*.json"))]
    flow.receive([posted(body, BEGIN) for body in bodies], BEGIN)
    assert (incidents(), messages()) == ([], [])


def test_of_the_builds_of_a_jenkins_job_only_the_unstable_one_is_an_incident(installed: sa.Engine):
    """One was aborted, one not built, three run still; 10005 was unstable, and 37 passed after it."""
    with BUILDS.open() as file:
        rows = [(row["params"], json.loads(row["data"])) for row in csv.DictReader(file)]
    builds = [build for params, build in rows if json.loads(params)["FullName"].endswith("/devlake")]
    assert len(builds) == 13
    for build in sorted(builds, key=lambda build: (build["timestamp"] + build["duration"], build["number"])):
        ended = datetime.fromtimestamp((build["timestamp"] + build["duration"]) / 1000, UTC)
        phase, status = ("STARTED", None) if build.get("building") else ("COMPLETED", build["result"])
        body = jenkins_build(build["number"], phase, status, ended=ended, duration=build["duration"])
        flow.receive([posted(body, ended)], ended)
    [only] = incidents()
    assert (only[1], turns()) == ("resolved", (1, 1))
    assert messages() == ["opened", "resolved"]


def test_published_github_events_alert_for_the_one_that_failed(installed: sa.Engine):
    """Of the documented ones only the 13th attempt of a run on a branch of its own failed; the three others passed."""
    everywhere = RuleDraft("Everywhere", "failure", scope=Scope(branches=("*",)))
    rule_id = flow.save_rule(everywhere, BEGIN)
    hooks = SHARED_DATA / "github" / "webhooks"
    bodies = [json.loads(path.read_text()) for path in sorted(hooks.glob("o*/workflow_run.*.json"))]
    for path in sorted((SHARED_DATA / "github" / "rest" / "tenstorrent").glob("*/workflow.json")):
        run = json.loads(path.read_text())
        bodies.append({"action": "completed", "workflow_run": run, "repository": run["repository"]})
    flow.receive([delivery(body.get("payload", body), at=BEGIN) for body in bodies], BEGIN)
    with Session(engine.engine()) as session:
        branches = session.exec(select(IncidentRow.branch).where(IncidentRow.rule_id == rule_id)).all()
    assert branches == ["renovate/major-tool-deps"]
    assert (turns(), messages()) == ((1, 0), [])  # long ago: it counts, and nobody is told
