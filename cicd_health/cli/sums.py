"""Commands about what is kept and counted: prune, rebuild-tallies, check-tallies."""

from __future__ import annotations

import typer

from cicd_health import flow
from cicd_health.cli.bars import bars, spinners
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, Code, now, one_sentence, print_json, say, tell


def prune(as_json: AsJson = False) -> None:
    """Delete what is older than the …_RETENTION_DAYS settings keep it. The server does the same once a day."""
    gone: dict[str, int] = {}
    with one_sentence(), spinners() as progress:
        migrate()
        task = progress.add_task("Deleting")

        def told(what: str, count: int | None) -> None:
            progress.update(task, description=f"Deleting old {_words(what)}")
            if count is not None:
                gone[what] = count

        flow.prune(now(), told)
    lines = (f"{_words(what):15} {count:,} deleted" for what, count in gone.items())
    tell({"deleted": gone}, "\n".join(lines), as_json)


def _words(what: str) -> str:
    return what.replace("_", " ")


def rebuild_tallies(as_json: AsJson = False) -> None:
    """Count all kept sums anew from the runs and jobs. The server may go on working meanwhile."""
    counted = 0
    with one_sentence(), bars() as progress:
        migrate()
        task = progress.add_task("Days counted")

        def told(done: int, days: int) -> None:
            nonlocal counted
            counted = done
            progress.update(task, completed=done, total=days)

        flow.count_anew(now(), told)
    tell({"days": counted}, f"{counted:,} days counted anew.", as_json)


def check_tallies(as_json: AsJson = False) -> None:
    """Compare all kept sums with the runs and jobs. Prints what differs; the exit code is then 1."""
    wrong: list[str] = []
    with one_sentence(), bars() as progress:
        migrate()
        task = progress.add_task("Days checked")
        for difference in flow.check_sums(lambda done, days: progress.update(task, completed=done, total=days)):
            wrong.append(str(difference))
            if not as_json:
                typer.echo(wrong[-1])
    if as_json:
        print_json({"differences": wrong})
    say(f"{len(wrong):,} differences." if wrong else "Everything is as the runs and jobs say.")
    raise typer.Exit(Code.WRONG if wrong else Code.DONE)
