"""Sources, repositories and pipelines of a data set, and what is usual for each pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

import sqlalchemy as sa

from cicd_health.store.lists import PIPELINE, REPO, SOURCE

PER_REPO = 4  # pipelines
JENKINS = 3  # every third repository is on Jenkins
SHARES = (1, 2, 2, 3)  # of the runs: some pipelines run three times as often as others
NAMES = ("build", "test", "deploy", "lint", "nightly", "release", "docs", "e2e")
JOBS = (("build", "unit tests"), ("compile", "integration tests"), ("lint", "tests"), ("package", "publish"))
TEAMS = ("kestrel", "harbor", "juniper", "orchard", "tundra")

PROFILES = """\
CREATE TEMP TABLE profiles (
  slot int PRIMARY KEY, pipeline_id bigint, pipeline text, repo_id bigint, repo text, provider text, main text,
  usual_s float, failure_rate float, again_rate float, first_job text, second_job text
) ON COMMIT DROP"""
NAMES_OF_JOBS = """\
CREATE TEMP TABLE names ON COMMIT DROP AS SELECT DISTINCT pipeline_id, first_job, second_job FROM profiles"""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is usual for a pipeline. A run belongs to the pipeline of the slot that it draws."""

    pipeline_id: int
    pipeline: str
    repo_id: int
    repo: str
    provider: str
    main: str
    usual_s: float
    failure_rate: float
    again_rate: float
    first_job: str
    second_job: str


def repositories(pipelines: int) -> int:
    return -(-pipelines // PER_REPO)


def settle(connection: sa.Connection, pipelines: int, began_at: datetime) -> int:
    """Write the places down, and the profiles into a table of this transaction; how many slots there are."""
    made = profiles(pipelines)
    repos = {profile.repo_id: profile for profile in made}
    at = {"created_at": began_at}
    connection.execute(
        sa.insert(SOURCE),
        [
            {"id": 1, "provider": "github", "host": "github.example", "name": "github.example", **at},
            {"id": 2, "provider": "jenkins", "host": "ci.example", "name": "ci.example", **at},
        ],
    )
    connection.execute(
        sa.insert(REPO),
        [
            {
                "id": one.repo_id,
                "source_id": 1 if one.provider == "github" else 2,
                "key": f"id:{one.repo_id}",
                "name": one.repo,
                "default_branch": one.main,
                **at,
            }
            for one in repos.values()
        ],
    )
    connection.execute(
        sa.insert(PIPELINE),
        [
            {"id": one.pipeline_id, "repo_id": one.repo_id, "key": f"id:{one.pipeline_id}", "name": one.pipeline, **at}
            for one in made
        ],
    )
    return _slots(connection, made)


def profiles(pipelines: int) -> list[Profile]:
    rng = Random("profiles")
    return [_profile(rng, pipeline_id) for pipeline_id in range(1, pipelines + 1)]


def _profile(rng: Random, pipeline_id: int) -> Profile:
    repo_id = 1 + (pipeline_id - 1) // PER_REPO
    jenkins = repo_id % JENKINS == 0
    jobs = JOBS[pipeline_id % len(JOBS)]
    return Profile(
        pipeline_id=pipeline_id,
        pipeline=NAMES[pipeline_id % len(NAMES)],
        repo_id=repo_id,
        repo=f"{TEAMS[repo_id % len(TEAMS)]}/service-{repo_id:03}",
        provider="jenkins" if jenkins else "github",
        main="master" if jenkins else "main",
        usual_s=round(rng.lognormvariate(5.4, 0.8)),
        failure_rate=rng.choice((0.03, 0.05, 0.08, 0.12)),
        again_rate=0.2 if pipeline_id % 12 == 0 else 0.025,
        first_job=jobs[0],
        second_job=jobs[1],
    )


def _slots(connection: sa.Connection, made: list[Profile]) -> int:
    slots = [profile for profile in made for _ in range(SHARES[profile.pipeline_id % len(SHARES)])]
    columns = list(Profile.__slots__)
    connection.execute(sa.text(PROFILES))
    connection.execute(
        sa.text(f"INSERT INTO profiles VALUES (:slot, {', '.join(f':{name}' for name in columns)})"),
        [
            {"slot": place, **{name: getattr(profile, name) for name in columns}}
            for place, profile in enumerate(slots, start=1)
        ],
    )
    connection.execute(sa.text(NAMES_OF_JOBS))
    return len(slots)
