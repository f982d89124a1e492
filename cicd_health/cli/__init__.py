"""The commands: `python -m cicd_health serve` and the others, see `--help`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from cicd_health import access, demo, flow, queue, secret_file, settings
from cicd_health.cli import banner, demo_file, page_build, server, settings_page
from cicd_health.demo.telling import Telling
from cicd_health.store import engine, migrations

WAIT_FOR_DATABASE_S = 30
# What a demo must not touch: channels, and the servers that would be polled.
OUTSIDE = (
    *("SLACK_WEBHOOK_URL", "ALERT_EMAIL_TO", "APPRISE_URLS"),
    *("GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_REPOS"),
    *("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN", "JENKINS_JOBS"),
)
PROBLEMS = (
    settings.SettingsError,
    secret_file.SecretFileError,
    server.AddressError,
    page_build.PageError,
    demo_file.BeingMadeError,
)

app = typer.Typer(
    help="CI/CD Health: the health of your pipelines on one page.", no_args_is_help=True, pretty_exceptions_enable=False
)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@app.command()
def serve() -> None:
    """Serve the page, the API and the webhooks on one port."""
    with _one_sentence():
        known = _prepare()
        raise typer.Exit(_run(known))


@app.command(name="demo")
def demonstrate() -> None:
    """Serve a believable history and live traffic, from a database of its own: demo.db in DATA_DIR.

    What it makes up goes to no channel of the settings, and no server of theirs is polled.
    """
    with _one_sentence():
        database = settings.get().data_dir / "demo.db"
        demo_file.remove_stale(database)
        settings.blank(*OUTSIDE)
        os.environ["DATABASE_URL"] = f"sqlite:///{database}"
        settings.get.cache_clear()
        known = _prepare()
        stop = threading.Event()
        traffic = threading.Thread(target=demo.live, args=(stop, _history(database)), name="demo traffic", daemon=True)
        code = _run(known, traffic.start)
        stop.set()
        raise typer.Exit(code)


def _history(database: Path) -> Sequence[Telling]:
    """Fill an empty database; what of the story is still to be told."""
    with demo_file.being_made(database):
        try:
            return demo.fill(_now())
        except demo.NotEmpty:
            return []


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with _one_sentence():
        _migrate()


@app.command()
def build() -> None:
    """Build the page, unless it is built already."""
    with _one_sentence():
        typer.echo("The page is built." if page_build.ensure() else "The page is up to date.")


@app.command(name="settings")
def show_settings(
    markdown: Annotated[bool, typer.Option(help="Write every setting as the page docs/settings.md.")] = False,
) -> None:
    """Check the settings, and show them without the secrets."""
    with _one_sentence():
        if markdown:
            typer.echo(settings_page.markdown(), nl=False)
        else:
            typer.echo("\n".join(settings_page.values(settings.get())))


@app.command()
def replay(
    delivery: Annotated[int, typer.Argument(help="Number of the delivery, as the Deliveries page shows it.")],
) -> None:
    """Apply a kept delivery again."""
    with _one_sentence():
        _migrate()
        try:
            receipt = flow.replay(delivery, _now())
        except KeyError:
            _fail(f"There is no delivery {delivery}.")
        typer.echo(f"Delivery {delivery}: {receipt.state}" + (f", {receipt.error}" if receipt.error else ""))


@app.command()
def rebuild_tallies() -> None:
    """Count all kept sums anew from the runs and jobs. The server may go on working meanwhile."""
    with _one_sentence():
        _migrate()
        flow.count_anew(_now(), _say_days)


@app.command()
def check_tallies() -> None:
    """Compare all kept sums with the runs and jobs. Prints what differs; the exit code is then 1."""
    with _one_sentence():
        _migrate()
        wrong = 0
        for difference in flow.check_sums(_say_days):
            typer.echo(str(difference))
            wrong += 1
        typer.echo(f"{wrong} differences." if wrong else "Everything is as the runs and jobs say.", err=True)
        raise typer.Exit(1 if wrong else 0)


@app.command()
def link() -> None:
    """Print a new link that signs the administrator in, once, within 24 hours."""
    with _one_sentence():
        _migrate()
        typer.echo(banner.sign_in_link(settings.get(), _new_link()))


@keys.command(name="add")
def add_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help="read, ingest or admin; may be repeated.")],
) -> None:
    """Print a new API key; it is not shown again."""
    with _one_sentence():
        _migrate()
        try:
            typer.echo(access.create_key(name, scope, _now()))
        except ValueError as error:
            _fail(f"{error}.")


def _prepare() -> Collection[str]:
    """Everything that must hold before the server starts; the names of the secrets that an earlier start made."""
    chosen = settings.get()
    server.check_free(chosen.host, chosen.port)
    known = secret_file.names(chosen.data_dir)
    _migrate()
    flow.start(_now())
    if chosen.backend_env == "prod" and not page_build.is_current():
        typer.echo("Building the page. This is done once and takes about half a minute.")
        page_build.ensure()
    return known


def _run(known: Collection[str], when_ready: Callable[[], None] = lambda: None) -> int:
    """Serve until told to stop; the exit code. The banner is printed when the server answers."""
    chosen = settings.get()
    text = banner.text(chosen, _new_link(), _now(), known)

    def announce() -> None:
        typer.echo(text)
        when_ready()

    if chosen.backend_env == "dev":
        page_build.forget()  # what the reloading server builds is not the page that is served otherwise
        return server.serve_reloading(chosen.host, chosen.port, announce)
    return server.serve(chosen.host, chosen.port, announce)


def _migrate() -> None:
    """Migrate; a database that is just starting is waited for."""
    give_up_at = time.monotonic() + WAIT_FOR_DATABASE_S
    while True:
        try:
            migrations.upgrade(engine.engine())
            return queue.prepare(settings.get().database_url)
        except OperationalError as error:
            if time.monotonic() > give_up_at:
                address, reason = settings.masked(settings.get().database_url), str(error.orig).strip().splitlines()[0]
                _fail(f"DATABASE_URL is {address!r}, but the database does not answer: {reason}.")
            time.sleep(1)  # nothing is served yet, and a database that starts tells nobody when it is up
        except CommandError as error:
            _fail(f"The database is newer than this program, or its migrations are damaged: {error}.")


def _say_days(done: int, days: int) -> None:
    """Now and then, and at the end."""
    if done % 30 == 0 or done == days:
        typer.echo(f"Day {done:,} of {days:,}", err=True)


def _new_link() -> str:
    chosen = settings.get()
    access.ensure_admin(chosen.admin_email, chosen.admin_password, _now())
    return access.new_link(_now())


@contextmanager
def _one_sentence() -> Generator[None]:
    """What a person can put right is said in one sentence, and the exit code is 2."""
    try:
        yield
    except PROBLEMS as problem:
        _fail(str(problem))


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


def _now() -> datetime:
    return datetime.now(UTC)
