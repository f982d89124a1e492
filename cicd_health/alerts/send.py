"""Brings a message to one channel. The only import of Apprise.

A Slack webhook (any http or https address: Slack's own, a proxy, Mattermost, Rocket.Chat, a test server) gets
`{"text": …}` in Slack's markup and took the message when it answers 2xx. Everything else is an Apprise URL.
"""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import structlog
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from cicd_health.alerts.message import Message
from cicd_health.alerts.mrkdwn import escape, mrkdwn
from cicd_health.settings import Settings

log = structlog.get_logger(__name__)

LIMIT_S = 15.0  # of one send, all in all
CONNECT_S = 5.0
READ_S = 8.0
APP = "CI/CD Health"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRY_AGAIN = (408, 425, 429)  # of the 4xx, those that time may cure
REFUSED_SOME = "SMTP recipient "  # begins what Apprise says when some recipients were refused, not all


class SendFailed(Exception):
    """The channel did not take the message. `permanent`: trying again is unlikely to help."""

    def __init__(self, error: str, permanent: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes. `url` holds secrets: it is neither shown nor logged."""

    kind: str  # slack, email, apprise
    url: str = field(repr=False)


def targets(settings: Settings) -> dict[str, Target]:
    """The channels of the settings by their slug; empty when none is set."""
    found = {f"env-apprise-{n}": Target("apprise", url) for n, url in enumerate(settings.apprise_urls, start=1)}
    if settings.slack_webhook_url:
        found["env-slack"] = Target("slack", settings.slack_webhook_url)
    if settings.smtp_host and settings.alert_email_to:
        found["env-email"] = Target("email", _mail_url(settings))
    return found


def send(target: Target, message: Message) -> None:
    """Send once, within LIMIT_S seconds. Raises SendFailed."""
    if target.kind == "slack" and target.url.startswith(("http://", "https://")):
        _notify(_webhook_url(target.url), "", _slack_text(message), NotifyFormat.TEXT, message.failed)
    elif target.kind == "email" and "mode=" not in target.url:
        url = f"{target.url}&{_mail_mode(target.url)}"
        body = message.body.replace("code>", "tt>")  # Apprise begins a line of the plain text with each <code>
        _notify(url, message.title, body, NotifyFormat.HTML, message.failed)
    else:
        _notify(target.url, message.title, message.body, NotifyFormat.HTML, message.failed)


def _slack_text(message: Message) -> str:
    sign = ":x:" if message.failed else ":white_check_mark:"
    return f"{sign} *{escape(message.title)}*\n\n{mrkdwn(message.body)}"


def _webhook_url(url: str) -> str:
    """Apprise's URL for a JSON post of nothing but `text`. Its own Slack plugin posts to Slack's host only."""
    address = urlsplit(url)
    scheme = "jsons" if address.scheme == "https" else "json"
    fields = {":message": "text", ":title": "", ":version": "", ":type": "", ":attachments": ""}
    given = {f"-{name}": value for name, value in parse_qsl(address.query)}
    timeouts = {"cto": CONNECT_S, "rto": READ_S}
    return f"{scheme}://{address.netloc}{address.path}?{urlencode(fields | given | timeouts, safe=':')}"


def _mail_url(settings: Settings) -> str:
    """One mail to all recipients, which the first gets and the others are copied on."""
    scheme = "mailtos" if settings.smtp_port == 465 else "mailto"
    user = ""
    if settings.smtp_user:
        user = f"{quote(settings.smtp_user, safe='')}:{quote(settings.smtp_pass or '', safe='')}@"
    host = f"[{settings.smtp_host}]" if ":" in (settings.smtp_host or "") else settings.smtp_host
    first, *others = settings.alert_email_to
    query = {"smtp": settings.smtp_host, "from": _sender(settings), "to": first, "format": "html"}
    if others:
        query["cc"] = ",".join(others)
    return f"{scheme}://{user}{host}:{settings.smtp_port}?{urlencode(query, quote_via=quote)}"


def _sender(settings: Settings) -> str:
    if settings.alert_email_from:
        return settings.alert_email_from
    if settings.smtp_user and "@" in settings.smtp_user:
        return settings.smtp_user
    return settings.alert_email_to[0]


def _mail_mode(url: str) -> str:
    """How to secure the connection: TLS from the start on 465, else STARTTLS wherever the server offers it.

    A password never travels in clear, except to this machine. Where none is at stake the certificate is not
    checked, as between mail servers: without STARTTLS the same mail would have gone in clear.
    """
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 25
    if port == 465:
        return "mode=ssl"
    if _offers_starttls(host, port):
        return "mode=starttls" if address.password else "mode=starttls&verify=no"
    if address.password and host not in LOOPBACK:
        raise SendFailed(f"{host}:{port} does not offer STARTTLS; the password is not sent in clear", permanent=True)
    return "mode=insecure"


def _offers_starttls(host: str, port: int) -> bool:
    try:
        with smtplib.SMTP(host, port, timeout=CONNECT_S) as server:
            server.ehlo()
            return server.has_extn("starttls")
    except (OSError, smtplib.SMTPException) as error:
        raise SendFailed(f"mail server {host}:{port}: {error}") from error


def _notify(url: str, title: str, body: str, body_format: NotifyFormat, failed: bool) -> None:
    asset = AppriseAsset(app_id=APP, storage_mode="memory", service_timeout=LIMIT_S)
    plugin = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise SendFailed("the address of this channel is not one that Apprise understands", permanent=True)
    channel = Apprise(asset=asset)
    channel.add(plugin)
    kind = NotifyType.FAILURE if failed else NotifyType.SUCCESS
    result = channel.notify(title=title, body=body, body_format=body_format, notify_type=kind, timeout=LIMIT_S)
    if result:
        return
    told = dict.fromkeys(entry.message for entry in result.logs())
    error = "; ".join(told)[:1000] or f"not sent within {LIMIT_S:g} s"
    if REFUSED_SOME in error:
        # The other recipients have it, and a second try would bring it to them again.
        log.warning("mail refused for some", error=error)
        return
    raise SendFailed(error, permanent=_is_permanent(error))


def _is_permanent(error: str) -> bool:
    """True for an answer 4xx that time does not cure, such as 404 of a webhook that was taken away."""
    answer = re.search(r"error=(4\d\d)\b", error)
    return bool(answer) and int(answer.group(1)) not in TRY_AGAIN
