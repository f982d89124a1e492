"""Builds whose number was used before: the run that had it is kept under another id. See `model.renumbering`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model import renumbering
from cicd_health.model.renumbering import Life
from cicd_health.model.run_state import RunState
from cicd_health.model.runs import Attempt, Event
from cicd_health.store.held_runs import JOB, RUN, Held, Key, load, read_rows

JENKINS = "jenkins"  # no other provider uses a number twice
MOST = 99  # lives of one number
LIVES = sa.select(RUN.c.external_id, RUN.c.created_at, RUN.c.completed_at).where(
    RUN.c.repo_id == sa.bindparam("repo_id"), RUN.c.external_id.in_(sa.bindparam("ids", expanding=True))
)
RENAME_RUN = sa.update(RUN).where(RUN.c.id == sa.bindparam("key")).values(external_id=sa.bindparam("to"))
RENAME_JOB = (
    sa.update(JOB)
    .where(JOB.c.id == sa.bindparam("key"))
    .values(external_id=sa.bindparam("to"), run_external_id=sa.bindparam("run"))
)


class Numbers:
    """Says which run each event of a batch is about; `held` gets what the batch did not ask for itself."""

    def __init__(self, session: Session, held: dict[Key, Held]) -> None:
        self._session, self._held = session, held
        self._moved: dict[Key, str] = {}  # where the last attempt of a key went: its jobs follow it

    def settle(self, key: Key, event: Event) -> tuple[Key, Event]:
        """The key and the event as they are to be saved."""
        if event.provider != JENKINS:
            return key, event
        if isinstance(event, Attempt):
            state = self._held[key].state
            self._moved.pop(key, None)
            if renumbering.is_another(state, event):
                self._set_aside(key)
            elif renumbering.may_be_earlier(state, event):
                self._moved[key] = renumbering.whose(event, self._lives(key))
        run_id = self._moved.get(key, key[1])
        if run_id == key[1]:
            return key, event
        earlier = (key[0], run_id)
        if earlier not in self._held:
            self._held |= load(self._session, [earlier])
        return earlier, renumbering.moved(event, run_id)

    def _lives(self, key: Key) -> list[Life]:
        """The runs that had this number before, those of this batch included."""
        ids = [renumbering.earlier_id(key[1], number) for number in range(1, MOST + 1)]
        found = read_rows(self._session, LIVES, repo_id=key[0], ids=ids)
        lives = {row["external_id"]: Life(row["external_id"], row["created_at"], row["completed_at"]) for row in found}
        for run_id in ids:
            one = self._held.get((key[0], run_id))
            if one is not None and (life := _life(run_id, one.state)) is not None:
                lives[run_id] = life
        return list(lives.values())

    def _set_aside(self, key: Key) -> None:
        """Give the run that is here another id, its jobs too, at once: the new one needs the room."""
        number = len(self._lives(key)) + 1
        if number > MOST:
            return
        one, run_id = self._held[key], renumbering.earlier_id(key[1], number)
        run = one.state.run
        assert run is not None
        run["external_id"] = run_id
        if run["id"] is not None:
            self._session.connection().execute(RENAME_RUN, {"key": run["id"], "to": run_id})
        jobs = list(one.state.jobs.values())
        for job in jobs:
            job["external_id"] = renumbering.moved_job(job["external_id"], key[1], run_id)
            job["run_external_id"] = run_id
        renamed = [{"key": job["id"], "to": job["external_id"], "run": run_id} for job in jobs if job["id"] is not None]
        if renamed:
            self._session.connection().execute(RENAME_JOB, renamed)
        steps = {renumbering.moved_job(job_id, key[1], run_id): found for job_id, found in one.state.steps.items()}
        one.state.jobs, one.state.steps = {job["external_id"]: job for job in jobs}, steps
        self._held[key[0], run_id], self._held[key] = one, Held(RunState(repo_id=key[0]))


def _life(run_id: str, state: RunState) -> Life | None:
    """Of a run that the batch has changed, not written yet."""
    if state.run is None or not state.attempts:
        return None
    return Life(run_id, state.run["created_at"], state.attempts[max(state.attempts)]["completed_at"])
