"""Settings that are allowed and dangerous."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from cicd_health import access, secret_file
from cicd_health.cli import settings_page
from cicd_health.cli.doctor.finding import Finding, error, ok, warning
from cicd_health.settings import Settings

SUBJECT = "settings"
SHORTEST = {"SECRET_KEY": 24, "API_KEY": 20, "ADMIN_PASSWORD": 10, "GITHUB_WEBHOOK_SECRET": 16}
SHORTEST |= {"JENKINS_WEBHOOK_TOKEN": 16, "INGEST_TOKEN": 16}


def look(chosen: Settings) -> Iterator[Finding]:
    """What of the settings somebody should think about again; one line that they are allowed, if nothing is."""
    found = [*_door(chosen), *_short(chosen), *_secret_file(chosen)]
    yield from found or [ok(SUBJECT, "Every setting is allowed, and none is dangerous.")]


def _door(chosen: Settings) -> Iterator[Finding]:
    far = not is_local(chosen.host)
    if far and chosen.admin_email == type(chosen).model_fields["admin_email"].default:
        text = f"HOST is {chosen.host}, and the administrator is still {chosen.admin_email}."
        yield warning(SUBJECT, text, "Set ADMIN_EMAIL to a person who reads it.")
    url = urlsplit(chosen.public_url)
    if url.scheme == "http" and not is_local(url.hostname or ""):
        text = f"PUBLIC_URL is {chosen.public_url}: passwords, sessions and keys travel for everybody to read."
        yield warning(SUBJECT, text, "Put a proxy with TLS before it, and set PUBLIC_URL to its https address.")
    if far and not chosen.public_url_given:
        yield warning(SUBJECT, f"HOST is {chosen.host}, and links lead to {chosen.public_url}.", "Set PUBLIC_URL.")
    if chosen.public_read:
        text = "PUBLIC_READ is true: whoever can reach the server sees runs, logs and alerts."
        yield warning(SUBJECT, text, "Switch it off unless that is what you want.")
    if chosen.backend_env == "dev" and far:
        yield error(SUBJECT, f"BACKEND_ENV is dev, and HOST is {chosen.host}.", "Set BACKEND_ENV to prod.")


def is_local(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _short(chosen: Settings) -> Iterator[Finding]:
    for name, least in SHORTEST.items():
        given = getattr(chosen, settings_page.field_name(name))
        parts = given if isinstance(given, tuple) else access.several(given)
        if any(len(part) < least for part in parts):
            text = f"{name} is short: it can be guessed."
            yield warning(SUBJECT, text, f"Use at least {least} characters, made at random.")


def _secret_file(chosen: Settings) -> Iterator[Finding]:
    file = secret_file.path(chosen.data_dir)
    mode = file.stat().st_mode if file.exists() else 0
    if mode & 0o077:
        text = f"{file} can be read by others than its owner."
        yield error("secrets.json", text, f"chmod 600 {file}")
