"""The command doctor: looks at everything, changes nothing, and says what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import typer

from cicd_health import settings
from cicd_health.cli.doctor import dangers, database, log_store, machine, outside, running, secrets
from cicd_health.cli.doctor.finding import Check, Finding, Health, error, examine
from cicd_health.cli.ending import AsJson, Code, now, print_json
from cicd_health.cli.table import one_line

Look = Callable[[settings.Settings], Iterable[Finding]]
DATABASE_S, OTHERS_S = 6.0, 11.0  # together with the start of the program under 20
HERE: dict[str, Look] = {
    "settings": dangers.look,
    "data folder": machine.folder,
    "page": machine.page,
    "port": machine.port,
}
IN_DATABASE: dict[str, Look] = {
    **{"processes": running.alive, "jobs": database.jobs, "lag": running.lag, "clearing": running.room},
    **{"deliveries": database.inbox, "secrets": secrets.look},
    **{"log store": log_store.look, "sources": outside.sources, "channels": outside.all_channels},
}
MARKS = {Health.OK: ("ok", None), Health.WARNING: ("warning", "yellow"), Health.ERROR: ("error", "red")}


def look_at_everything(as_json: AsJson = False) -> None:
    """Look at settings, disk, database, page, port, processes, jobs, providers, channels and secrets.

    Nothing is changed and nothing is sent; it ends within 20 seconds. The exit code is 0 when nothing is wrong, also
    with warnings, 1 when something is, 2 when the settings are, 3 when the database does not answer.
    """
    began = time.monotonic()
    try:
        chosen = settings.get()
    except settings.SettingsError as wrong:
        _report([error("settings", str(wrong), "Correct it; docs/settings.md lists every setting.")], as_json, began)
        raise typer.Exit(Code.USAGE) from None
    stands = examine(_checks({"database": database.look}, chosen), DATABASE_S)
    whole = all(finding.health is not Health.ERROR for finding in stands)
    others = examine(_checks(HERE | (IN_DATABASE if whole else {}), chosen), OTHERS_S)
    _report([*stands, *others], as_json, began)
    raise typer.Exit(_code([*stands, *others]))


def _checks(looks: dict[str, Look], chosen: settings.Settings) -> list[Check]:
    return [Check(subject, partial(look, chosen)) for subject, look in looks.items()]


def _code(findings: Sequence[Finding]) -> Code:
    wrong = {finding.subject for finding in findings if finding.health is Health.ERROR}
    if "database" in wrong:
        return Code.UNREACHABLE
    return Code.WRONG if wrong else Code.DONE


def _report(findings: Sequence[Finding], as_json: bool, began: float) -> None:
    if as_json:
        wrong = any(finding.health is Health.ERROR for finding in findings)
        checks = [
            {"subject": one.subject, "state": one.health, "text": one.text, "advice": one.advice} for one in findings
        ]
        print_json({"ok": not wrong, "at": now(), "took_s": round(time.monotonic() - began, 3), "checks": checks})
        return
    for one in findings:
        mark, colour = MARKS[one.health]
        typer.echo(f"{typer.style(mark.ljust(7), fg=colour)}  {one_line(one.subject)}: {one_line(one.text)}")
        if one.advice:
            typer.echo(f"         → {one.advice}")
