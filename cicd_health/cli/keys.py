"""The commands about API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from cicd_health import access
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, fail, now, one_sentence, print_json, tell
from cicd_health.cli.table import moment, print_table

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help="read, ingest or admin; may be repeated.")],
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="It expires after so many days.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a new API key; it is not shown again."""
    with one_sentence():
        migrate()
        expires_at = now() + timedelta(days=days) if days else None
        try:
            made = access.create_key(name, scope, now(), expires_at)
        except ValueError as error:
            fail(f"{str(error).rstrip('.')}.")
    facts = {"id": made.id, "key": made.key, "name": name, "scopes": sorted(set(scope)), "expires_at": expires_at}
    tell(facts, made.key, as_json)


@app.command(name="list")
def list_keys(as_json: AsJson = False) -> None:
    """List the API keys: what they may do, who made them, when and from where they were last used."""
    with one_sentence():
        migrate()
        lines = access.keys(now())
    if as_json:
        print_json({"keys": [_facts(line) for line in lines]})
        return
    rows = [
        (line.id, line.name, line.prefix, ", ".join(line.scopes), line.made_by, moment(line.last_used_at), _state(line))
        for line in lines
    ]
    print_table(("ID", "NAME", "BEGINS", "SCOPES", "MADE BY", "LAST USED", "STATE"), rows)


@app.command()
def revoke(
    key: Annotated[int, typer.Argument(help="Number of the key, as `keys list` shows it.")], as_json: AsJson = False
) -> None:
    """Revoke an API key, at once and for good."""
    with one_sentence():
        migrate()
        try:
            access.revoke_key(key, now())
        except LookupError:
            fail(f"There is no key {key}.")
    tell({"revoked": key}, f"Key {key} is revoked.", as_json)


def _facts(line: access.KeyLine) -> dict[str, object]:
    names = (
        "id",
        "name",
        "prefix",
        "made_by",
        "created_at",
        "last_used_at",
        "last_used_from",
        "expires_at",
        "revoked_at",
    )
    return {**{name: getattr(line, name) for name in names}, "scopes": list(line.scopes), "state": _state(line)}


def _state(line: access.KeyLine) -> str:
    if line.revoked_at is not None:
        return "revoked"
    return "expired" if line.expires_at is not None and line.expires_at <= now() else "valid"
