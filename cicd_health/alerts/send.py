"""Brings a message to one channel. The only import of Apprise.

A web address (Slack's own webhook, a proxy, Mattermost, Rocket.Chat, a test server) gets `{"text": …}` in Slack's
markup and took the message when it answers 2xx, unless Apprise knows whose it is (Discord, Teams). Everything else is
an Apprise URL.
"""

from __future__ import annotations

import logging
import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import structlog
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from cicd_health import outgoing
from cicd_health.alerts.message import Message, mail_html
from cicd_health.alerts.mrkdwn import escape, mrkdwn
from cicd_health.settings import Settings

log = structlog.get_logger(__name__)

LIMIT_S = 15.0  # of one send, all in all
CONNECT_S = 5.0
READ_S = 8.0
APP = "CI/CD Health"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRY_AGAIN = (408, 425, 429)  # of the 4xx, those that time may cure
OF_THE_MESSAGE = (400, 413, 415, 422, 552, 554)  # of the others, those that another message may not get
WHISPER = "Socket Exception: "
REFUSED_SOME = "SMTP recipient "  # begins what Apprise says when some recipients were refused, not all
NOWHERE = "this is not an address that a message can be sent to: check the scheme and its parts"
SHORTEST_SECRET = 6  # shorter parts of an address are words
KINDS = {"NotifySlack": "slack", "NotifyEmail": "email"}
# Names and hosts, which an error may hold.
NO_SECRETS = ("to", "from", "cc", "bcc", "smtp", "name", "mode", "format", "reply", "overflow")


class SendFailed(Exception):
    """The channel did not take the message. `permanent`: trying again is unlikely to help.

    `for_good`: not with another message either.
    """

    def __init__(self, error: str, permanent: bool = False, for_good: bool | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.permanent = permanent
        self.for_good = permanent if for_good is None else for_good


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes. `url` holds secrets: it is neither shown nor logged."""

    kind: str  # slack, email, apprise
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Described:
    """An address as it may be shown: `kind` of a Target, the service's `name`, the address without its secrets."""

    kind: str
    name: str
    masked: str


def describe(url: str) -> Described:
    """What an address leads to. Raises ValueError, with a sentence for people, when it leads nowhere."""
    url = url.strip()
    if re.search(r"webhook\.office\.com/", url):
        raise ValueError("Microsoft has retired these addresses: make one with a workflow in Teams")
    _refuse_forbidden(url)
    plugin = _plugin(url)
    if _is_web(url) and (plugin is None or type(plugin).__name__ == "NotifySlack"):
        return Described("slack", "Slack" if plugin else "Webhook", f"{url.split('//')[0]}//{_web_host(url)}/…")
    if plugin is None:
        raise ValueError(NOWHERE)
    if type(plugin).__name__ == "NotifyEmail":
        return Described("email", "E-mail", _mail_masked(plugin))
    return Described(KINDS.get(type(plugin).__name__, "apprise"), str(plugin.service_name), _masked(plugin))


def _refuse_forbidden(url: str) -> None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        raise ValueError(NOWHERE) from None
    if outgoing.is_forbidden(host):
        raise ValueError("nothing is ever sent to this address: it is link-local, or tells a machine its credentials")


def targets(settings: Settings) -> dict[str, Target]:
    """The channels of the settings by their slug; empty when none is set."""
    found = {f"env-apprise-{n}": Target("apprise", url) for n, url in enumerate(settings.apprise_urls, start=1)}
    if settings.slack_webhook_url:
        found["env-slack"] = Target("slack", settings.slack_webhook_url)
    if settings.smtp_host and settings.alert_email_to:
        found["env-email"] = Target("email", _mail_url(settings))
    return found


def send(target: Target, message: Message) -> None:
    """Send once, within LIMIT_S seconds. Raises SendFailed, whose words hold nothing secret of the address."""
    try:
        if target.kind == "slack" and _is_web(target.url):
            plugin = _plugin(_webhook_url(target.url))
            _notify(plugin, "", _slack_text(message), NotifyFormat.TEXT, message.failed)
        else:
            _send_by_apprise(_plugin(target.url), message)
    except SendFailed as failure:
        error = _without_secrets(failure.error, target.url)
        raise SendFailed(error, failure.permanent, failure.for_good) from None
    except Exception as error:  # of a library, about an odd address or text: such a message must not stay for ever
        log.warning("message could not be sent", kind=target.kind, error=type(error).__name__)
        words = f"it could not be sent: {type(error).__name__}"  # what it says may hold a piece of the address
        raise SendFailed(words, permanent=True, for_good=False) from None


def _send_by_apprise(plugin: Any, message: Message) -> None:
    if type(plugin).__name__ == "NotifyEmail":
        _secure(plugin)
        _as_one_mail(plugin)
        _notify(plugin, message.title, mail_html(message), NotifyFormat.HTML, message.failed)
        return
    body, body_format = message.body, NotifyFormat.HTML
    if NotifyFormat.TEXT in _first_format(plugin):  # Apprise would begin a line of it with each <code>
        body = body.replace("code>", "tt>")
    if plugin is not None and len(body) > plugin.body_maxlen:  # cut HTML is none
        body, body_format = _plain(body)[: plugin.body_maxlen - 100], NotifyFormat.TEXT
    _notify(plugin, message.title, body, body_format, message.failed)


def _first_format(plugin: Any) -> tuple[Any, ...]:
    """The format that a service takes our HTML as, unless it takes HTML."""
    formats = getattr(plugin, "notify_format", ())
    formats = formats if isinstance(formats, tuple) else (formats,)
    return () if NotifyFormat.HTML in formats else formats[:1]


def _plugin(url: str) -> Any:
    """Apprise's object for an address, None when it knows none."""
    # What it logs holds parts of addresses: it goes into its answers, of which we choose what to tell.
    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    outgoing.guard()
    asset = AppriseAsset(app_id=APP, storage_mode="memory", service_timeout=LIMIT_S)
    plugin: Any = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is not None:  # whatever its address says: a message goes where somebody meant it to go
        plugin.redirects = False
    return plugin


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _slack_text(message: Message) -> str:
    sign = ":x:" if message.failed else ":white_check_mark:"
    return f"{sign} *{escape(message.title)}*\n\n{mrkdwn(message.body)}"


def _plain(html: str) -> str:
    return re.sub(r"[*`]", "", mrkdwn(html)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _webhook_url(url: str) -> str:
    """Apprise's URL for a JSON post of nothing but `text`. Its own Slack plugin posts to Slack's host only."""
    address = urlsplit(url)
    scheme = "jsons" if address.scheme == "https" else "json"
    fields = {":message": "text", ":title": "", ":version": "", ":type": "", ":attachments": ""}
    given = {f"-{name}": value for name, value in parse_qsl(address.query)}
    # What is sent elsewhere arrives as a question without the message, and a sign-in page answers 200 to that.
    ways = {"cto": CONNECT_S, "rto": READ_S, "redirect": "no"}
    return f"{scheme}://{address.netloc}{address.path}?{urlencode(fields | given | ways, safe=':')}"


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


def _as_one_mail(plugin: Any) -> None:
    """The other recipients as copies: mails of their own would be sent again when one of them failed."""
    first, *others = plugin.targets or [(False, plugin.from_addr[1])]
    plugin.targets = [first]
    plugin.cc.update(address for _, address in others)
    plugin.names.update({address: name for name, address in others})


def _secure(plugin: Any) -> None:
    """TLS from the start on 465, else STARTTLS wherever the server offers it, unless the address says otherwise.

    A password never travels in clear, except to this machine. Where none is at stake the certificate is not
    checked, as between mail servers: without STARTTLS the same mail would have gone in clear.
    """
    host, port = plugin.smtp_host or plugin.host, plugin.port or 25
    if plugin.port == 465:
        plugin.secure, plugin.secure_mode = True, "ssl"
    elif not plugin.secure and _offers_starttls(host, port):
        plugin.secure, plugin.secure_mode = True, "starttls"
        plugin.verify_certificate = bool(plugin.password)
    elif not plugin.secure and plugin.password and host not in LOOPBACK:
        raise SendFailed(f"{host}:{port} does not offer STARTTLS; the password is not sent in clear", permanent=True)


def _offers_starttls(host: str, port: int) -> bool:
    try:
        with smtplib.SMTP(host, port, timeout=CONNECT_S) as server:
            server.ehlo()
            return server.has_extn("starttls")
    except (OSError, smtplib.SMTPException) as error:
        raise SendFailed(f"mail server {host}:{port}: {error}") from error


def _notify(plugin: Any, title: str, body: str, body_format: NotifyFormat, failed: bool) -> None:
    if plugin is None:
        raise SendFailed("the address of this channel is not one that Apprise understands", permanent=True)
    channel = Apprise(asset=plugin.asset)
    channel.add(plugin)
    kind = NotifyType.FAILURE if failed else NotifyType.SUCCESS
    result = channel.notify(
        title=title, body=body, body_format=body_format, notify_type=kind, timeout=LIMIT_S, log_level=logging.DEBUG
    )
    if result:
        return
    error = _why(result, plugin)
    if REFUSED_SOME in error:
        # The other recipients have it, and a second try would bring it to them again.
        log.warning("mail refused for some")
        return
    answer = _answer(error)
    raise SendFailed(error, permanent=answer is not None, for_good=answer is not None and answer not in OF_THE_MESSAGE)


def _why(result: Any, plugin: Any) -> str:
    """What went wrong, as far as Apprise heard. What a mail server said it only whispers; of others it holds paths."""
    whispers = WHISPER if type(plugin).__name__ == "NotifyEmail" else None
    heard = dict.fromkeys(
        entry.message.removeprefix(WHISPER)
        for entry in result.logs()
        if entry.level in ("WARNING", "ERROR") or (whispers and entry.message.startswith(whispers))
    )
    return "; ".join(heard)[:1000] or f"not sent within {LIMIT_S:g} s"


def _answer(error: str) -> int | None:
    """An answer that time does not cure: 302 or 404 of a webhook that is gone, 535 for a wrong password."""
    answer = re.search(r"error=([34]\d\d)\b|\((5\d\d), b['\"]", error)
    code = int(answer.group(1) or answer.group(2)) if answer else None
    return None if code in TRY_AGAIN else code


# Addresses without their secrets


def _web_host(url: str) -> str:
    """Raises ValueError, in words of ours: Python's repeat what it takes for a port, which may be a password."""
    try:
        address = urlsplit(url)
        host, port = address.hostname, address.port
    except ValueError:
        raise ValueError(NOWHERE) from None
    if not host:
        raise ValueError(NOWHERE)
    return f"{host}:{port}" if port else host


def _mail_masked(plugin: Any) -> str:
    """Recipients and server: what people want to know of a mail channel."""
    recipients = [address for _, address in plugin.targets] + sorted(plugin.cc) + sorted(plugin.bcc)
    if not recipients:
        raise ValueError("this address names no valid recipient: add one as &to=name@example.com")
    return f"{', '.join(recipients)} by {plugin.smtp_host or plugin.host}"


def _masked(plugin: Any) -> str:
    """Apprise's own masked form, without options, and without what it shows of paths and users."""
    address = urlsplit(plugin.url(privacy=True))
    user = "****@" if "@" in address.netloc else ""
    parts = [part if _is_harmless(part) else "…" for part in address.path.split("/") if part]
    return "/".join([f"{address.scheme}://{user}{address.netloc.rpartition('@')[2]}", *parts])


def _is_harmless(part: str) -> bool:
    """Whether a part of a path was masked already, or is a room, a person or a short word."""
    return "..." in part or "****" in part or unquote(part)[:1] in ("#", "@") or len(part) < SHORTEST_SECRET


def _without_secrets(text: str, url: str) -> str:
    try:
        secrets = set(_secrets(url))
    except ValueError:  # of what is no address nobody knows what is secret
        return NOWHERE
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "****")
    return text


def _secrets(url: str) -> Iterator[str]:
    """Whatever of an address may be a secret, as it stands there and decoded."""
    address = urlsplit(url)
    user, _, place = address.netloc.rpartition("@")
    tokens = [part for part in place.split(":") if "." not in part and part not in LOOPBACK]
    values = [value for name, value in parse_qsl(address.query) if name.lower().lstrip("+-:") not in NO_SECRETS]
    for part in (url, *user.split(":"), *tokens, *address.path.split("/"), *values):
        if len(part) >= SHORTEST_SECRET:
            yield part
            yield unquote(part)
            yield quote(part, safe="")
