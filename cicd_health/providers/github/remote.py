"""What GitHub can be asked."""

from __future__ import annotations

from cicd_health.providers.github.backfilling import backfill
from cicd_health.providers.github.logs import log
from cicd_health.providers.github.polling import poll
from cicd_health.providers.github.redelivery import redeliver
from cicd_health.providers.github.trying import try_out
from cicd_health.providers.remote import Remote

REMOTE = Remote(poll=poll, backfill=backfill, log=log, try_out=try_out, redeliver=redeliver)
