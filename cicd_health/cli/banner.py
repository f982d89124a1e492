"""What the start prints: where to go, what to give GitHub and Jenkins, and a delivery to try."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import quote

from cicd_health import __version__, secret_file
from cicd_health.model.first_event import signed_curl
from cicd_health.settings import Settings

GENERATED = ("ADMIN_PASSWORD", "GITHUB_WEBHOOK_SECRET", "JENKINS_WEBHOOK_TOKEN", "INGEST_TOKEN")


def sign_in_link(settings: Settings, token: str) -> str:
    return f"{settings.public_url}/login/link?token={quote(token)}"


def text(settings: Settings, token: str | None, now: datetime, known: Collection[str]) -> str:
    """The text of the start. Of the secrets only those are in it that were generated now, and not `known` before.

    Without a `token` there is no page to open.
    """
    url = settings.public_url
    lines = [
        "",
        f"CI/CD Health {__version__} is ready.",
        "",
        *_how_to_open(settings, token),
        f"  GitHub   {url}/webhooks/github",
        "           Type application/json, secret GITHUB_WEBHOOK_SECRET; events Workflow runs, Workflow jobs.",
        f"  Jenkins  {url}/webhooks/jenkins",
        "           Notification plugin, JSON over HTTP; put ?token= and JENKINS_WEBHOOK_TOKEN behind the address.",
        "",
        *_new_secrets(settings, known),
        "  Send a first run by hand:",
        "",
        signed_curl(f"{url}/webhooks/github", settings.github_webhook_secret.split(",")[0].strip(), now),
        "",
    ]
    return "\n".join(lines)


def _how_to_open(settings: Settings, token: str | None) -> list[str]:
    if token is None:
        return [f"  Serves   the API and the webhooks at {settings.public_url}, without pages.", ""]
    about = "           The link signs you in once, within 24 hours; `cicd-health link` makes another."
    return [f"  Open     {sign_in_link(settings, token)}", about, ""]


def _new_secrets(settings: Settings, known: Collection[str]) -> list[str]:
    new = [name for name in GENERATED if name not in known and not getattr(settings, f"{name.lower()}_given")]
    if not new:
        return []
    width = max(map(len, new))
    shown = [f"    {name:{width}}  {getattr(settings, name.lower())}" for name in new]
    file = secret_file.path(settings.data_dir)
    return [f"  Generated now and kept in {file}; sign-in is {settings.admin_email}:", *shown, ""]
