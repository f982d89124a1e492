"""What a batch means for rows beside its own: breakages that end elsewhere, commits that were tried before."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlmodel import Session

from cicd_health.model.counting import default_verdict, trials
from cicd_health.model.flakes import Trial
from cicd_health.model.run_state import Values
from cicd_health.store import flakes
from cicd_health.store.breakages import Place
from cicd_health.store.flakes import Commit
from cicd_health.store.held_runs import Held


def moved_verdicts(touched: Iterable[Held]) -> list[Place]:
    """Where verdicts of default branches came, changed or went."""
    places: list[Place] = []
    for one in touched:
        run = one.state.run
        if run is None:
            continue
        before, after = default_verdict(one.was(run)), default_verdict(run)
        if before != after:
            places += [(verdict[0], verdict[1], run["id"]) for verdict in (before, after) if verdict]
    return places


def tried_commits(touched: Iterable[Held]) -> dict[Commit, bool]:
    """Commits on which verdicts came, changed or went; True where one run alone may have made them flaky."""
    found: dict[Commit, bool] = {}
    for one in touched:
        if one.state.run is None:
            continue
        before, after = _before(one), _after(one)
        if before == after:
            continue
        for commit, verdicts in (before, after):
            if commit and verdicts:
                again = len({(trial.run_id, trial.attempt) for _, trial in verdicts}) > 1
                found[commit] = found.get(commit, False) or again or before[0] != after[0]
    return found


def keep_flakes(session: Session, tried: dict[Commit, bool]) -> None:
    """Look at these commits again, but for those that were only ever tried once."""
    unsure = [commit for commit, sure in tried.items() if not sure]
    again = {commit for commit, sure in tried.items() if sure} | flakes.tried_again(session, unsure)
    if again:
        flakes.keep(session, again)


def _before(one: Held) -> tuple[Commit | None, set[tuple[str, Trial]]]:
    assert one.state.run is not None
    run, state = one.was(one.state.run), one.state
    if run is None:
        return None, set()
    return _trials(run, one.all_were(state.attempts.values()), one.all_were(state.jobs.values()))


def _after(one: Held) -> tuple[Commit | None, set[tuple[str, Trial]]]:
    assert one.state.run is not None
    return _trials(one.state.run, one.state.attempts.values(), one.state.jobs.values())


def _trials(
    run: Values, attempts: Collection[Values], jobs: Collection[Values]
) -> tuple[Commit | None, set[tuple[str, Trial]]]:
    if run["sha"] is None:
        return None, set()
    return (run["pipeline_id"], run["sha"]), trials(run, attempts, jobs)
