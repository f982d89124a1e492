"""What stands behind a number, with the links to its runs and to the page that explains it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from pydantic import BaseModel

from cicd_health.model.explain import Explanation
from cicd_health.model.health import Query
from cicd_health.model.windows import WINDOWS

RUNS = "/api/v1/runs"


class LeftOut(BaseModel):
    """Runs of the window that the number does not count."""

    word: str
    count: int
    why: str


class Part(BaseModel):
    """A number that stands beside this one."""

    name: str
    value: float | None
    unit: str


class Explained(BaseModel):
    """A number: a rate is n of m; of others m is how many could have been counted, n how many were.

    `runs` lists exactly the runs behind it (of a rate: the m), `page` is where a person reads the same.
    """

    label: str
    value: float | None
    unit: str
    better: str
    formula: str
    source: str
    n: int
    m: int
    left_out: list[LeftOut]
    remarks: list[str]
    parts: list[Part]
    counted: str
    runs: str
    page: str

    @classmethod
    def of(cls, explanation: Explanation, asked: Query) -> Explained:
        """`asked` is the question that the caller put, which may be wider than what the runs are of."""
        values = {name: getattr(explanation, name) for name in SAME}
        return cls(
            **values,
            left_out=[LeftOut.model_validate(one, from_attributes=True) for one in explanation.left_out],
            parts=[Part.model_validate(one, from_attributes=True) for one in explanation.parts],
            remarks=list(explanation.remarks),
            runs=runs_path(explanation.query, explanation.counted),
            page=page_path(explanation, asked),
        )


SAME = ("label", "value", "unit", "better", "formula", "source", "n", "m", "counted")


def runs_path(query: Query, counted: str, path: str = RUNS) -> str:
    """The list of exactly these runs."""
    return path + _said(
        provider=query.provider,
        repo=query.repo,
        pipeline=query.pipeline_id,
        branch=query.branch,
        event=query.event,
        actor=query.actor,
        job=query.job,
        counted=counted,
        **{"from": moment(query.window.start), "to": moment(query.window.end)},
    )


def page_path(explanation: Explanation, asked: Query) -> str:
    """The page that shows this number and what stands behind it.

    A window of one's own, or a filter that the pages with numbers do not have, leads to the list of its runs.
    """
    if asked.window.slug not in WINDOWS or asked.event or asked.actor or asked.job or asked.subject == "job":
        return runs_path(explanation.query, explanation.counted, "/runs")
    shown = {"window": asked.window.slug, "branch": asked.branch, "explain": explanation.slug}
    if asked.pipeline_id is not None:
        return f"/pipelines/{asked.pipeline_id}{_said(**shown)}"
    return f"/{_said(provider=asked.provider, repo=asked.repo, **shown)}"


def moment(at: datetime) -> str:
    """As the API takes it; the fraction of a second only where there is one."""
    return at.replace(tzinfo=None).isoformat() + "Z"


def _said(**parameters: object) -> str:
    said = {name: value for name, value in parameters.items() if value not in (None, "")}
    return f"?{urlencode(said)}" if said else ""
