"""What is outside: the providers are asked, the channels are only looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from cicd_health import flow
from cicd_health.alerts import send
from cicd_health.cli.doctor.finding import Check, Finding, error, examine, ok, warning
from cicd_health.flow import sending
from cicd_health.model.watches import SourceLine
from cicd_health.settings import Settings
from cicd_health.store import alert_lists, channels, engine, watch_lines

ASK_S = 9.0
MOST = 20  # sources that are asked
LOW = 0.1  # of the hourly limit


def sources(_: Settings) -> Iterator[Finding]:
    """Each connected source is asked who we are there, what is left of the limit, and what can be read."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        known = [line for line in watch_lines.source_lines(session, now) if line.api_url is not None]
        names = {line.source_id: line.name for line in reversed(watch_lines.lines(session, now))}
    if not known:
        advice = "Set GITHUB_TOKEN or JENKINS_URL, or connect one on the page Sources."
        yield warning("sources", "None is connected: what webhooks do not say is not known.", advice)
    checks = [Check(_named(line), partial(_ask, line, names.get(line.id) or None)) for line in known[:MOST]]
    yield from examine(checks, ASK_S)
    if len(known) > MOST:
        yield ok("sources", f"{len(known) - MOST:,} more were not asked.")


def _named(line: SourceLine) -> str:
    return f"source {line.host}"


def _ask(line: SourceLine, name: str | None) -> Iterator[Finding]:
    tested = flow.try_out(line.id, datetime.now(UTC), name)
    text = " ".join(tested.sentences)
    left = tested.rate_limit
    if not tested.ok:
        yield error(_named(line), text, "See docs/connecting.md for the permissions it needs.")
    elif left is not None and left.remaining < left.limit * LOW:
        yield warning(_named(line), text, "Poll less often (POLL_INTERVAL_MINUTES), or use a GitHub App.")
    elif line.error:
        yield warning(_named(line), f"{text} The last poll said: {line.error}", "It is tried again by itself.")
    else:
        yield ok(_named(line), text)


def all_channels(_: Settings) -> Iterator[Finding]:
    """Whether each address leads somewhere, and what the last message came to. Nothing is sent."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        rows = alert_lists.channels(session, now)
        found = [_channel(row, _trouble(channels.get(session, row["id"]))) for row in rows]
    if not found:
        yield warning(
            "channels",
            "There is none: nobody is told of a failure.",
            "Set SLACK_WEBHOOK_URL, or add one on the page Alerts.",
        )
    yield from found


def _trouble(row: channels.ChannelRow) -> str | None:
    """Why its address leads nowhere."""
    try:
        send.describe(sending.target(row).url)
    except (send.SendFailed, ValueError) as wrong:
        return getattr(wrong, "error", None) or str(wrong)
    return None


def _channel(row: alert_lists.Row, trouble: str | None) -> Finding:
    subject = f"channel {row['name']}"
    if not row["enabled"]:
        return ok(subject, "It is switched off.")
    if trouble:
        return error(subject, f"Its address cannot be used: {trouble}.", "Enter the address again on the page Alerts.")
    if row["switched_off_at"]:
        text = f"It refused for good, and is sent nothing: {row['error']}."
        return error(subject, text, "Correct the address, or switch it on again, on the page Alerts.")
    if row["error"]:
        return warning(subject, f"The last message was not taken: {row['error']}.", "It is tried again by itself.")
    return ok(subject, f"{row['sent']:,} messages in the last 24 hours.")
