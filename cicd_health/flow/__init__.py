"""The story of the product: receive → apply → tally → evaluate → notify → prune. Every write goes through here.

A delivery is kept before it is understood (`inbox`), and a message is queued in the transaction that saved its
cause (`judging`), so that a crash at any moment loses neither. What a provider did not send is asked for (`polling`),
and logs are fetched (`logs`); both end where a delivery does (`saving`). Functions that take a session leave the
commit to their caller; the others open their own transactions.
"""

from cicd_health.flow.backfilling import backfill, resume_backfill, stop_backfill
from cicd_health.flow.backtesting import backtest
from cicd_health.flow.backups import Restored, Saved, back_up, bring_over, restore
from cicd_health.flow.channels import (
    Tried,
    forget_channel,
    save_channel,
    send_again,
    switch_channel,
    try_address,
    try_channel,
)
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
from cicd_health.flow.incidents import acknowledge as acknowledge_alert
from cicd_health.flow.incidents import end_silence, silence
from cicd_health.flow.incidents import mute as mute_alert
from cicd_health.flow.incidents import mute_until_fixed as mute_alerts_until_fixed
from cicd_health.flow.incidents import resolve as resolve_alert
from cicd_health.flow.incidents import unmute as unmute_alert
from cicd_health.flow.incidents import unmute_all as unmute_alerts
from cicd_health.flow.judging import evaluate_clock
from cicd_health.flow.log_moving import move_logs
from cicd_health.flow.logs import keep_log, want_log
from cicd_health.flow.parting import part_deliveries
from cicd_health.flow.polling import poll, poll_now, queue_due
from cicd_health.flow.processes import beat, leave
from cicd_health.flow.pruning import prune, prune_for_a_while
from cicd_health.flow.resealing import reseal, unreadable_secrets
from cicd_health.flow.rules import forget_rule, save_rule, switch_rule
from cicd_health.flow.sending import deliver, deliver_now
from cicd_health.flow.sums import check_sums, count_anew
from cicd_health.flow.upkeep import recover, start
from cicd_health.flow.webhook_secrets import end_secret_before, secret_before_until, set_webhook_secret
from cicd_health.store.backup import BackupError

__all__ = [
    "BackupError",
    "Receipt",
    "Restored",
    "Saved",
    "Tried",
    "acknowledge_alert",
    "back_up",
    "backfill",
    "backtest",
    "beat",
    "bring_over",
    "check_sums",
    "connect_github",
    "connect_jenkins",
    "count_anew",
    "deliver",
    "deliver_now",
    "end_secret_before",
    "end_silence",
    "evaluate_clock",
    "examine",
    "examine_due",
    "fetch_log",
    "find_cause",
    "forget_channel",
    "forget_connection",
    "forget_rule",
    "keep_log",
    "leave",
    "move_logs",
    "mute_alert",
    "mute_alerts_until_fixed",
    "part_deliveries",
    "poll",
    "poll_now",
    "prepare",
    "prune",
    "prune_for_a_while",
    "queue_due",
    "receive",
    "recover",
    "refuse",
    "replay",
    "reseal",
    "resolve_alert",
    "restore",
    "resume_backfill",
    "save_channel",
    "save_rule",
    "secret_before_until",
    "send_again",
    "set_webhook_secret",
    "silence",
    "start",
    "stop_backfill",
    "switch_channel",
    "switch_rule",
    "try_address",
    "try_channel",
    "try_connection",
    "try_out",
    "unmute_alert",
    "unmute_alerts",
    "unreadable_secrets",
    "unwatch",
    "want_log",
    "watch",
    "watch_repository",
]
