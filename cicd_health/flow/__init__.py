"""The story of the product: receive → apply → tally → evaluate → notify → prune. Every write goes through here.

A delivery is kept before it is understood (`inbox`), and a message is queued in the transaction that saved its
cause (`judging`), so that a crash at any moment loses neither. What a provider did not send is asked for (`polling`),
and logs are fetched (`logs`); both end where a delivery does (`saving`). Functions that take a session leave the
commit to their caller; the others open their own transactions.
"""

from cicd_health.flow.backfilling import backfill, resume_backfill, stop_backfill
from cicd_health.flow.connecting import (
    connect_github,
    connect_jenkins,
    forget_connection,
    try_connection,
    try_out,
    unwatch,
    watch,
    watch_repository,
)
from cicd_health.flow.examining import examine, examine_due
from cicd_health.flow.fetching import fetch_log, find_cause
from cicd_health.flow.inbox import Receipt, prepare, receive, refuse, replay
from cicd_health.flow.logs import keep_log, want_log
from cicd_health.flow.polling import poll, poll_now, queue_due
from cicd_health.flow.sending import deliver
from cicd_health.flow.sums import check_sums, count_anew
from cicd_health.flow.upkeep import prune, recover, start

__all__ = [
    "Receipt",
    "backfill",
    "check_sums",
    "connect_github",
    "connect_jenkins",
    "count_anew",
    "deliver",
    "examine",
    "examine_due",
    "fetch_log",
    "find_cause",
    "forget_connection",
    "keep_log",
    "poll",
    "poll_now",
    "prepare",
    "prune",
    "queue_due",
    "receive",
    "recover",
    "refuse",
    "replay",
    "resume_backfill",
    "start",
    "stop_backfill",
    "try_connection",
    "try_out",
    "unwatch",
    "want_log",
    "watch",
    "watch_repository",
]
