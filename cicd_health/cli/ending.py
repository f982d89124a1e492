"""How commands begin and end: facts on stdout, words on stderr, an exit code that says which kind of end it was."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy.exc import OperationalError

from cicd_health import secret_file, settings, vault
from cicd_health.cli import demo_file, page_build, server
from cicd_health.model.acting import Actor, Via


class Code(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    WRONG = 1  # it ran, and found something wrong
    USAGE = 2  # it was called wrongly, or a setting is wrong
    UNREACHABLE = 3  # what it needs does not answer


PROBLEMS = (
    settings.SettingsError,
    secret_file.SecretFileError,
    server.AddressError,
    page_build.PageError,
    demo_file.BeingMadeError,
    vault.WrongKey,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


@contextmanager
def one_sentence() -> Generator[None]:
    """What a person can put right is said in one sentence; the exit code is then USAGE or UNREACHABLE."""
    try:
        yield
    except PROBLEMS as problem:
        fail(str(problem))
    except OperationalError as error:
        fail(no_database(error), Code.UNREACHABLE)


def no_database(error: OperationalError) -> str:
    address = settings.masked(settings.get().database_url)
    lines = str(error.orig).strip().splitlines()
    return f"DATABASE_URL is {address!r}, but the database does not answer: {lines[0] if lines else 'no reason given'}."


def fail(sentence: str, code: Code = Code.USAGE) -> NoReturn:
    say(sentence)
    raise typer.Exit(code)


def say(sentence: str) -> None:
    """Words for people, beside the facts on stdout."""
    typer.echo(sentence, err=True)


def tell(facts: Any, text: str, as_json: bool) -> None:
    """What came of a command, on stdout: as JSON, or in words."""
    if as_json:
        print_json(facts)
    else:
        typer.echo(text)


def print_json(facts: Any) -> None:
    typer.echo(json.dumps(facts, indent=2, ensure_ascii=False, default=_as_json))


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def now() -> datetime:
    return datetime.now(UTC)


def operator() -> Actor:
    """Whoever has called the command, by the name the system knows."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        name = f"user {os.getuid()}"
    return Actor(f"{name} on the command line", Via.COMMAND)
