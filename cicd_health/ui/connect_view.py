"""Connecting a provider step by step, as text: what to paste where, and what has been heard so far. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from urllib.parse import urlsplit

from cicd_health.model.health import Refusal
from cicd_health.model.watches import SourceLine
from cicd_health.settings import Settings
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.routes import AskedSources
from cicd_health.ui.rows import Mark, provider_label

PROVIDERS = ("github", "jenkins")
LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
HEARD, REFUSED, SILENT = Mark("success", "", "ok"), Mark("unstable", "", "warn"), Mark("queued", "", "off")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its mark."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class ConnectPanel:
    """The steps of one provider. `unreachable` says why its webhooks cannot arrive; `set` what the settings say."""

    provider: str
    title: str
    address: str
    unreachable: str = ""
    secret_from: str = ""
    heard: list[Line] = field(default_factory=list)
    set: str = ""
    saved: str = ""
    api_url: str = ""
    username: str = ""
    source: str = ""  # the id of the source that is connected already
    close: str = ""


def panel(
    provider: str,
    sources: Sequence[SourceLine],
    refusals: Sequence[Refusal],
    asked: AskedSources,
    chosen: Settings,
    now: datetime,
    zone: tzinfo,
) -> ConnectPanel:
    ours = [source for source in sources if source.provider == provider]
    known = next((source for source in ours if source.api_url), None)
    entered = next((source for source in ours if source.origin == "user"), None)
    return ConnectPanel(
        provider=provider,
        title=f"Connect {provider_label(provider)}",
        address=f"{chosen.public_url}/webhooks/{provider}",
        unreachable=unreachable(provider, chosen),
        secret_from=secret_from(provider, chosen),
        heard=[*_events(ours, now, zone), *_refused(provider, refusals, now)],
        set="" if entered else from_settings(provider, chosen),
        saved=_saved(entered),
        api_url=(known.api_url or "") if known else chosen.github_api_url if provider == "github" else "",
        username=(entered.username or "") if entered else "",
        source=str(known.id) if known else "",
        close=routes.sources(replace(asked, connect="")) if sources else "",
    )


def unreachable(provider: str, chosen: Settings) -> str:
    """A provider elsewhere cannot deliver to this machine's own name; empty when it may be able to."""
    host = (urlsplit(chosen.public_url).hostname or "").lower()
    if host not in LOCAL:
        return ""
    who = "Only a Jenkins on this machine can" if provider == "jenkins" else "GitHub cannot"
    return (
        f"{who} deliver to {host}. Set PUBLIC_URL to an address that can be reached from there; until then polling "
        f"(step 2) brings the same runs {how_often(chosen)}."
    )


def how_often(chosen: Settings) -> str:
    """`every minute`, `every 5 min`."""
    minutes = chosen.poll_interval_minutes
    return "every minute" if minutes == 1 else f"every {minutes} min"


def secret_from(provider: str, chosen: Settings) -> str:
    """Where the secret of a provider's webhooks comes from."""
    name, given = {
        "github": ("GITHUB_WEBHOOK_SECRET", chosen.github_webhook_secret_given),
        "jenkins": ("JENKINS_WEBHOOK_TOKEN", chosen.jenkins_webhook_token_given),
    }[provider]
    return f"From {name}." if given else f"Made on the first start; {name} would replace it."


def from_settings(provider: str, chosen: Settings) -> str:
    """What the settings read a provider with; empty when they do not."""
    if provider == "github":
        if chosen.github_token:
            return "the token of GITHUB_TOKEN"
        return f"App {chosen.github_app_id}, from GITHUB_APP_ID" if chosen.github_app_id else ""
    if not chosen.jenkins_url:
        return ""
    return f"{chosen.jenkins_user}, from JENKINS_USER" if chosen.jenkins_user else "JENKINS_URL, without a user"


def _events(ours: Sequence[SourceLine], now: datetime, zone: tzinfo) -> list[Line]:
    last = max((source.last_event_at for source in ours if source.last_event_at), default=None)
    if last is None:
        return [Line(SILENT, "No delivery yet. This line changes with the first one, without a reload.")]
    return [Line(HEARD, f"Connected, last event {text.moment(last, now, zone)}")]


def _refused(provider: str, refusals: Sequence[Refusal], now: datetime) -> list[Line]:
    return [
        Line(
            REFUSED,
            f"{text.count(refusal.times)} refused, last {text.age(refusal.last_at, now)}: {refusal.reason}",
        )
        for refusal in refusals
        if refusal.provider == provider
    ]


def _saved(entered: SourceLine | None) -> str:
    """What was entered before, without its secrets."""
    if entered is None:
        return ""
    if entered.app_id:
        return f"Connected with App {entered.app_id}. What you enter replaces it."
    return "Connected. What you enter replaces it."
