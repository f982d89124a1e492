"""The command settings."""

from __future__ import annotations

from typing import Annotated

import typer

from cicd_health import settings
from cicd_health.cli import settings_page
from cicd_health.cli.ending import AsJson, one_sentence, print_json


def show_settings(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Write every setting as the page docs/settings.md.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the settings, and show them without the secrets."""
    with one_sentence():
        if markdown:
            typer.echo(settings_page.markdown(), nl=False)
        elif as_json:
            print_json(settings_page.shown(settings.get()))
        else:
            typer.echo("\n".join(settings_page.values(settings.get())))
