"""Jenkins: what its plugins push (`notification`), and what it tells when asked (`polled`).

To ask: `polling`, `backfill`, `console` and `trial`, over `listing` and `reading`; only `server` calls out.
"""

from __future__ import annotations

from datetime import timedelta

from cicd_health.model.runs import Event
from cicd_health.providers.jenkins import notification, polled
from cicd_health.providers.jenkins.backfill import backfill
from cicd_health.providers.jenkins.console import has_own_log, log
from cicd_health.providers.jenkins.polling import poll
from cicd_health.providers.jenkins.trial import try_out
from cicd_health.providers.jenkins.words import HOST, SLUG
from cicd_health.providers.provider import Headers, Provider
from cicd_health.providers.remote import Remote

__all__ = ["HOST", "PROVIDER", "REMOTE", "SLUG", "has_own_log"]


def parse(headers: Headers, payload: object) -> list[Event]:
    """The events in a notification, or in what was polled."""
    read = polled.parse if polled.is_polled(payload) else notification.parse
    return read(headers, payload)


REMOTE = Remote(poll=poll, backfill=backfill, log=log, try_out=try_out, first_look=timedelta(days=1))
PROVIDER = Provider(
    slug=SLUG,
    label="Jenkins",
    verify=notification.verify,
    decode=notification.decode,
    envelope=notification.envelope,
    parse=parse,
    remote=REMOTE,
)
