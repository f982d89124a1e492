"""`docs/settings.md`, written from the list of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from cicd_health import settings

HEAD = """\
# Settings

Read from the environment, else from `.env` in the working directory. An empty value is the same as none; in the
environment it also switches off what `.env` says. Each of them
can be read from a file instead: `NAME_FILE` holds the path of the file with the value, which suits secrets. A wrong
value stops the start with one sentence that says what is allowed.

Generated secrets are made when first needed and kept in `secrets.json` in `DATA_DIR`, readable by its owner only.

This page is written by `make settings-docs`.

| name | default | allowed | meaning |
| --- | --- | --- | --- |
"""


def markdown() -> str:
    """The whole page."""
    return HEAD + "".join(_row(name, field, about) for name, field, about in settings.fields())


def _row(name: str, field: FieldInfo, about: dict[str, Any]) -> str:
    also = "".join(f", also read as `{other}`" for other in about["also"])
    unit = f", in {about['unit']}" if about["unit"] else ""
    secret = " Secret." if about["secret"] else ""
    meaning = f"{field.description}{secret}"
    return f"| `{name}`{also} | {_default(field, about)} | {about['allowed']}{unit} | {meaning} |\n"


def _default(field: FieldInfo, about: dict[str, Any]) -> str:
    if about["shown"]:
        return about["shown"]
    value = field.default
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.as_posix() if isinstance(value, Path) else value}`"


def values(chosen: settings.Settings) -> list[str]:
    """One line per setting that is set or has a default, secrets masked."""
    return [f"{name}={text}" for name, text in shown(chosen).items()]


def shown(chosen: settings.Settings) -> dict[str, str]:
    """The settings that are set or have a default, by name, secrets masked."""
    found = {}
    for name, _, about in settings.fields():
        value = getattr(chosen, name.lower()) if not about["secret"] else getattr(chosen, field_name(name))
        if value in (None, ()):
            continue
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        found[name] = "****" if about["secret"] else settings.masked(text) if "://" in text else text
    return found


def field_name(name: str) -> str:
    """The field that holds what was given for a setting; a generated secret is not made by looking."""
    given = name.lower() + settings.GIVEN
    return given if given in settings.Settings.model_fields else name.lower()
