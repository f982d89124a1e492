"""The questions, in the order in which an assistant would ask them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from cicd_health.mcp.client import Api, ApiError
from cicd_health.mcp.tool import LONG, Arguments, Tool, answer, cut, some

PAGE, MOST_PAGES = 500, 4  # pipelines that are looked at
WITH_REASON = 10  # broken pipelines whose last run is looked up
BAD = ("broken", "unstable", "queue", "flaky", "slower")  # states, the worst first
RUN = (
    *("id", "repo", "pipeline", "pipeline_id", "provider", "number", "attempt", "attempts", "outcome", "title"),
    *("branch", "sha", "event", "actor", "pull_request", "created_at", "completed_at", "duration_s", "queue_s"),
    *("failed_job", "failed_step", "url"),
)
JOB = ("id", "name", "outcome", "runner", "duration_s", "queue_s", "url", "log")
PIPELINE = (
    *("id", "repo", "name", "provider", "state", "why", "since", "last_outcome", "last_run_id", "last_at"),
    *("runs", "success_rate", "p50_s", "p95_s", "queue_p95_s", "running", "waiting"),
)
INCIDENT = (
    *("id", "rule", "kind", "severity", "state", "title", "reason", "opened_at", "last_failed_at", "resolved_at"),
    *("acknowledged_by", "muted_until", "failures", "run_id", "recovered_run_id"),
)
SECONDS = ("n", "mean", "p50", "p95", "max")
Text = Annotated[str, Field(max_length=300)]
Repo = Annotated[Text | None, Field(description="owner/name, or Jenkins' folder path")]
Provider = Annotated[Text | None, Field(description="github or jenkins")]
RunId = Annotated[int, Field(ge=1, le=2**63 - 1, description="As the other tools and the address of its page say it.")]


class Narrowed(Arguments):
    repo: Repo = None
    provider: Provider = None


class OfRun(Arguments):
    run_id: RunId


class OfAttempt(OfRun):
    attempt: Annotated[int | None, Field(ge=1, le=1_000_000, description="Default: the last.")] = None


class OfPipeline(Arguments):
    pipeline: Annotated[Text, Field(description="Its id or its name.")]
    repo: Repo = None
    window: Literal["24h", "7d", "30d", "90d"] = "7d"


class OfFlaky(Narrowed):
    pipeline: Annotated[Text | None, Field(description="Its id or its name.")] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class Wanted(Narrowed):
    pipeline: Annotated[Text | None, Field(description="Its id or its name.")] = None
    branch: Text | None = None
    outcome: Annotated[Text | None, Field(description="Such as failure,timed_out or success or running.")] = None
    actor: Text | None = None
    sha: Annotated[Text | None, Field(description="A commit, or its first 4 digits or more.")] = None
    text: Annotated[Text | None, Field(description="In title, branch, actor, commit or a name.")] = None
    since: Annotated[Text | None, Field(description="ISO 8601, of when they were created.")] = None
    until: Annotated[Text | None, Field(description="ISO 8601; not included.")] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class OfIncidents(Narrowed):
    state: Annotated[Text, Field(description="Some of open, acknowledged, muted, resolved.")] = (
        "open,acknowledged,muted"
    )
    limit: Annotated[int, Field(ge=1, le=50)] = 20


def what_is_broken(api: Api, asked: Narrowed) -> dict[str, Any]:
    pipelines, complete = _pipelines(api, asked)
    bad = sorted((one for one in pipelines if one["state"] in BAD), key=lambda one: BAD.index(one["state"]))
    lines = [_pipeline(api, one) for one in bad[:50]]
    for line in [line for line in lines if line["state"] == "broken" and "last_run_id" in line][:WITH_REASON]:
        line["last_run"] = _run(api, api.get(f"runs/{line['last_run_id']}"))
    narrowed = {"repo": asked.repo, "provider": asked.provider}
    incidents = api.get("alerts", state="open,acknowledged,muted", limit=20, **narrowed)["items"]
    return answer(
        pipelines_looked_at=len(pipelines),
        all_of_them=complete,
        not_healthy=len(bad),
        pipelines=lines,
        incidents=[_incident(api, one) for one in incidents],
    )


def _pipelines(api: Api, asked: Narrowed) -> tuple[list[dict[str, Any]], bool]:
    """What there is, up to a bound, and whether that is all."""
    found, cursor = [], None
    for _ in range(MOST_PAGES):
        narrowed = {"repo": asked.repo, "provider": asked.provider, "cursor": cursor}
        page = api.get("pipelines", limit=PAGE, **narrowed)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found, True
    return found, False


def run(api: Api, asked: OfAttempt) -> dict[str, Any]:
    found = api.get(f"runs/{asked.run_id}", attempt=asked.attempt)
    attempts = [some(one, ("attempt", "outcome", "started_at", "duration_s")) for one in found["attempts_list"][-20:]]
    jobs = sorted(found["jobs"], key=lambda job: job["outcome"] == "success")  # what failed first
    return answer(
        run=_run(api, found),
        attempts=attempts,
        jobs_in_all=len(jobs),
        jobs=[some(job, JOB) | {"failed_steps": list(_failed_steps(job))} for job in jobs[:50]],
        alerts=[_incident(api, one) for one in found["alerts"][:10]],
    )


def _failed_steps(job: Mapping[str, Any]) -> Iterator[str]:
    bad = ("failure", "timed_out", "startup_failure", "unstable")
    return (cut(step["name"]) for step in job["steps"][:200] if step["outcome"] in bad)


def failing_lines(api: Api, asked: OfRun) -> dict[str, Any]:
    found = api.get(f"runs/{asked.run_id}")
    lines = found["excerpt"]
    kept = [job["name"] for job in found["jobs"] if job["log"] == "kept"]
    return answer(
        run=_run(api, found),
        lines=cut(lines, LONG) if lines else None,
        why_none=None if lines else "The log was not fetched, is gone, or nothing in it looks like the cause.",
        logs_kept_of=[cut(name) for name in kept[:50]],
    )


def pipeline_health(api: Api, asked: OfPipeline) -> dict[str, Any]:
    found = api.get(f"pipelines/{_pipeline_id(api, asked)}", window=asked.window)
    numbers = found["metrics"]
    return answer(
        pipeline=_pipeline(api, found),
        window=asked.window,
        numbers=some(numbers, ("total", "verdicts", "successes", "success_rate", "first_attempt_success_rate"))
        | {name: some(numbers[name], SECONDS) for name in ("duration_s", "queue_s")}
        | {"time_to_restore_s": some(numbers["time_to_restore_s"], ("n", "median", "open"))},
        success_rate_before=found["previous"]["success_rate"],
        changes=[some(one, ("of", "job", "step", "at", "before", "after", "worse")) for one in found["changes"][:5]],
        slowest_jobs=[
            some(one, ("name", "runs", "failed", "critical_share")) | {"p50_s": one["duration_s"]["p50"]}
            for one in found["jobs"][:5]
        ],
        flaky=[_flaky(api, one) for one in found["flaky"][:5]],
        failures=[
            some(one, ("line", "job", "runs", "first_at", "last_at", "last_run_id", "new"))
            for one in found["failures"][:5]
        ],
    )


def _pipeline_id(api: Api, asked: OfPipeline) -> int:
    """Of its newest run, where a name was said."""
    if asked.pipeline.isascii() and asked.pipeline.isdigit():
        return int(asked.pipeline)
    newest = api.get("runs", pipeline=asked.pipeline, repo=asked.repo, limit=1)["items"]
    if not newest:
        raise ApiError(f"There is no run of a pipeline {asked.pipeline}.")
    return newest[0]["pipeline_id"]


def flaky_jobs(api: Api, asked: OfFlaky) -> dict[str, Any]:
    found = api.get("flaky", **asked.model_dump())
    return answer(jobs=[_flaky(api, one) for one in found["items"]], more=found["next"] is not None)


def search_runs(api: Api, asked: Wanted) -> dict[str, Any]:
    same = asked.model_dump(include={"repo", "provider", "pipeline", "branch", "actor", "sha", "limit"})
    found = api.get("runs", conclusion=asked.outcome, q=asked.text, from_=asked.since, to=asked.until, **same)
    return answer(runs=[_run(api, one) for one in found["items"]], more=found["next"] is not None)


def incidents(api: Api, asked: OfIncidents) -> dict[str, Any]:
    found = api.get("alerts", **asked.model_dump())
    return answer(incidents=[_incident(api, one) for one in found["items"]], more=found["next"] is not None)


def _run(api: Api, row: Mapping[str, Any]) -> dict[str, Any]:
    return some(row, RUN) | {"page": api.page(f"runs/{row['id']}")}


def _pipeline(api: Api, row: Mapping[str, Any]) -> dict[str, Any]:
    return some(row, PIPELINE) | {"page": api.page(f"pipelines/{row['id']}")}


def _incident(api: Api, row: Mapping[str, Any]) -> dict[str, Any]:
    scope = some(row["scope"], ("repo", "pipeline", "branch"))
    return some(row, INCIDENT) | {"of": scope, "page": api.page(f"alerts?incident={row['id']}")}


def _flaky(api: Api, row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("repo", "pipeline", "pipeline_id", "job", "state", "commits", "verdicts", "failed", "last_at")
    return some(row, names) | {"runs": [api.page(f"runs/{run_id}") for run_id in row["run_ids"][:3]]}


TOOLS: tuple[Tool[Any], ...] = (
    Tool(
        "what_is_broken",
        "What is broken",
        "Pipelines that are not healthy now, the worst first, with why and since when, and the incidents that are not "
        "resolved.",
        Narrowed,
        what_is_broken,
    ),
    Tool(
        "run",
        "One run",
        "One run: how it ended, its attempts, its jobs (failed ones first) with the steps that failed.",
        OfAttempt,
        run,
    ),
    Tool(
        "failing_lines", "The failing lines", "The lines of a run's log that say why it failed.", OfRun, failing_lines
    ),
    Tool(
        "pipeline_health",
        "How a pipeline does",
        "One pipeline in a window: success rate, durations, queue, what changed, slow and flaky jobs, why it fails.",
        OfPipeline,
        pipeline_health,
    ),
    Tool(
        "flaky_jobs",
        "Flaky jobs",
        "Jobs that failed and then passed on the same commit, in the last 14 days.",
        OfFlaky,
        flaky_jobs,
    ),
    Tool("search_runs", "Search runs", "Runs, the newest first, by any of these filters.", Wanted, search_runs),
    Tool(
        "incidents",
        "Incidents",
        "Alerts that opened, the latest first, with what they are about and who takes care of them.",
        OfIncidents,
        incidents,
    ),
)
