"""The commands that go on until they are told to stop, but for the worker; and what prepares them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from cicd_health import access, demo, flow, secret_file, settings
from cicd_health.cli import banner, demo_file, page_build, server
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import now, one_sentence
from cicd_health.demo.telling import Telling
from cicd_health.settings import Settings

Role = Literal["all", "web", "ingest"]
# What a demo must not touch: channels, and the servers that would be polled.
OUTSIDE = (
    *("SLACK_WEBHOOK_URL", "ALERT_EMAIL_TO", "APPRISE_URLS"),
    *("GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_REPOS"),
    *("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN", "JENKINS_JOBS"),
)


def serve(role: Annotated[Role | None, typer.Option(help="What to serve; ROLE says the same.")] = None) -> None:
    """Serve the page, the API and the webhooks on one port, and work on the background jobs.

    Where there are several processes on one PostgreSQL: `web` leaves the jobs to `worker`, and `ingest` serves the API
    and the webhooks without pages.
    """
    with one_sentence():
        if role is not None:
            os.environ["ROLE"] = role
            settings.get.cache_clear()
        known = _prepare()
        raise typer.Exit(_run(known))


def demonstrate() -> None:
    """Serve a believable history and live traffic, from a database of its own: demo.db in DATA_DIR.

    What it makes up goes to no channel of the settings, and no server of theirs is polled.
    """
    with one_sentence():
        database = settings.get().data_dir / "demo.db"
        demo_file.remove_stale(database)
        settings.blank(*OUTSIDE)
        os.environ["ROLE"] = "all"
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
            return demo.fill(now())
        except demo.NotEmpty:
            return []


def build() -> None:
    """Build the page, unless it is built already."""
    with one_sentence():
        typer.echo("The page is built." if page_build.ensure() else "The page is up to date.")


def _prepare() -> Collection[str]:
    """Everything that must hold before the server starts; the names of the secrets that an earlier start made."""
    chosen = settings.get()
    server.check_free(chosen.host, chosen.port)
    known = secret_file.names(chosen.data_dir)
    migrate()
    flow.start(now())
    if chosen.backend_env == "prod" and _has_pages(chosen) and not page_build.is_current():
        typer.echo("Building the page. This is done once and takes about half a minute.")
        page_build.ensure()
    return known


def _run(known: Collection[str], when_ready: Callable[[], None] = lambda: None) -> int:
    """Serve until told to stop; the exit code. The banner is printed when the server answers."""
    chosen = settings.get()
    pages = _has_pages(chosen)
    text = banner.text(chosen, new_link() if pages else None, now(), known)

    def announce() -> None:
        typer.echo(text)
        when_ready()

    if chosen.backend_env == "dev" and pages:
        page_build.forget()  # what the reloading server builds is not the page that is served otherwise
        return server.serve_reloading(chosen.host, chosen.port, announce)
    return server.serve(chosen.host, chosen.port, announce, pages=pages)


def _has_pages(chosen: Settings) -> bool:
    return chosen.role != "ingest"


def new_link() -> str:
    """The token of a link that signs the first administrator in, who is made if there is none."""
    chosen = settings.get()
    given = chosen.admin_password_given is not None  # else whoever made the secrets file may be another than the server
    access.ensure_admin(chosen.admin_email, chosen.admin_password, now(), replace=given)
    return access.new_link(now())
