"""The commands backup, restore and import."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from cicd_health import flow, secret_file, settings
from cicd_health.cli.bars import spinners
from cicd_health.cli.ending import AsJson, fail, now, one_sentence, say, tell
from cicd_health.flow import BackupError, Restored, Saved

PIPE = "-"
Replace = Annotated[bool, typer.Option("--replace", help="Whatever the database holds now is lost.")]
Yes = Annotated[bool, typer.Option("--yes", help="With --replace: do not ask.")]


def backup(
    file: Annotated[str, typer.Argument(help="Where to write it; - for stdout.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Put secrets.json of DATA_DIR in: whoever has it can read the rest.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write all that is in the database to one file, as it is at this moment. The server may go on working.

    The file is there when it is whole, and only its owner may read it. It can be restored into SQLite and PostgreSQL.
    """
    with one_sentence(), _sentences():
        secrets = _secrets() if with_secrets else None
        with _whole_file(file) as out, _progress("Saving") as told:
            saved = flow.back_up(out, now(), told, secrets=secrets)
    facts = _facts_of(saved) | {"file": file, "secrets": with_secrets}
    words = f"{facts['rows']:,} rows of {len(saved.totals)} tables saved."
    if file == PIPE:  # stdout is taken
        say(words)
    else:
        facts["size"] = Path(file).stat().st_size
        tell(facts, f"{words} {file} has {facts['size'] / 1e6:,.1f} MB.", as_json)
    _advise_after_saving(saved, with_secrets=with_secrets)


def restore(
    file: Annotated[str, typer.Argument(help="What `backup` wrote; - for stdin.")],
    replace: Replace = False,
    yes: Yes = False,
    without_messages: Annotated[
        bool, typer.Option("--without-messages", help="Messages that were still to be sent then are given up.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill the database from a backup, of SQLite or PostgreSQL, of this version or an earlier one.

    No server may work meanwhile. All of it is restored, or nothing is changed. What was unfinished goes on when the
    server starts.
    """
    _ask(replace, yes, piped=file == PIPE)
    with one_sentence(), _sentences(), _opened(file) as stream, _progress("Restoring") as told:
        restored = flow.restore(stream, now(), told, replace=replace, silent=without_messages)
        secrets_put = restored.secrets is not None and _put_secrets(restored.secrets)
    _report(restored, {"file": file, "secrets": secrets_put}, as_json)


def bring_over(
    source: Annotated[str, typer.Argument(help="sqlite:///old.db or postgresql://…; it is only read.")],
    replace: Replace = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Fill the database of DATABASE_URL from another one, of either kind: stop the server, import, start it anew."""
    _ask(replace, yes, piped=False)
    with one_sentence(), _sentences(), _progress("Importing") as told:
        restored = flow.bring_over(source, now(), told, replace=replace)
    _report(restored, {"source": settings.masked(source)}, as_json)


@contextmanager
def _sentences() -> Generator[None]:
    try:
        yield
    except BackupError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.strerror or error}: {error.filename}." if error.filename else f"{error}.")


@contextmanager
def _progress(doing: str) -> Generator[Callable[[str, int], None]]:
    with spinners() as progress:
        task = progress.add_task(doing)

        def told(table: str, rows: int) -> None:
            progress.update(task, description=f"{doing} {table.replace('_', ' ')}: {rows:,} rows")

        yield told


@contextmanager
def _whole_file(name: str) -> Generator[BinaryIO]:
    """A file that takes its place when it is whole and on the disk, readable by its owner alone."""
    if name == PIPE:
        if sys.stdout.isatty():
            fail("A backup is no text for a terminal: name a file, or send stdout elsewhere.")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(name).resolve()  # a link stays one
    if place.exists() and not place.is_file():
        fail(f"{place} is no file.")
    handle, beside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except BaseException:
        os.unlink(beside)
        raise
    _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _opened(name: str) -> Generator[BinaryIO]:
    if name == PIPE:
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as file:
            yield file


def _ask(replace: bool, yes: bool, *, piped: bool) -> None:
    """Losing a database takes two words."""
    if not replace or yes:
        return
    if piped or not sys.stdin.isatty():
        fail("To lose what the database holds, say --yes too.")
    address = settings.masked(settings.get().database_url)
    if not typer.confirm(f"Lose whatever {address} holds now?", err=True):
        fail("Nothing was changed.")


def _secrets() -> bytes:
    folder = settings.get().data_dir
    content = secret_file.content(folder)
    if content is None:
        fail(f"There is no {secret_file.path(folder)}: run without --with-secrets, or set DATA_DIR.")
    return content


def _put_secrets(content: bytes) -> bool:
    folder = settings.get().data_dir
    before = secret_file.put(folder, content)
    if before is not None:
        say(f"The secrets that were in {secret_file.path(folder)} are in {before}.")
    return True


def _facts_of(saved: Saved) -> dict[str, Any]:
    manifest = saved.manifest
    return {
        "made_at": manifest.made_at,
        "version": manifest.version,
        "revision": manifest.revision,
        "database": manifest.database,
        "logs_elsewhere": manifest.logs_elsewhere,
        "rows": sum(total.rows for total in saved.totals.values()),
        "tables": {name: total.rows for name, total in saved.totals.items()},
    }


def _advise_after_saving(saved: Saved, *, with_secrets: bool) -> None:
    if not with_secrets:
        say("Keep SECRET_KEY, or secrets.json of DATA_DIR, in another place: stored tokens cannot be read without it.")
    elif settings.get().secret_key_given:
        say("SECRET_KEY is set, so it is not in secrets.json, nor in the backup: keep it in another place.")
    if saved.manifest.logs_elsewhere:
        say("Lines of logs are kept in LOG_STORE_URL, and are not in the backup.")


def _report(restored: Restored, more: dict[str, Any], as_json: bool) -> None:
    manifest = restored.manifest
    unreadable = flow.unreadable_secrets()
    going_on = {"messages": restored.messages, "logs": restored.logs, "backfills": restored.walks}
    facts = more | {
        "made_at": manifest.made_at,
        "rows": sum(restored.rows.values()),
        "tables": restored.rows,
        "going_on": going_on,
        "messages_given_up": restored.given_up,
        "unreadable_secrets": unreadable,
    }
    words = f"{facts['rows']:,} rows of {len(restored.rows)} tables, as of {manifest.made_at:%Y-%m-%d %H:%M} UTC."
    tell(facts, words, as_json)
    say(f"Going on at the next start: {', '.join(f'{number:,} {what}' for what, number in going_on.items())}.")
    if manifest.logs_elsewhere:
        say("Lines of logs are not in the backup: they are where LOG_STORE_URL was, and are read from there.")
    if unreadable:
        say(f"Stored secrets were sealed with another SECRET_KEY: {'; '.join(unreadable)}.")
        say("Put the old key behind the present one in SECRET_KEY, or enter them again.")
