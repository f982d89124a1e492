"""From an incident to what people read. Pure; every value from outside is escaped, so that text stays text."""

from cicd_health.alerts.message.mail import mail_html
from cicd_health.alerts.message.message import Message, Part
from cicd_health.alerts.message.several import digest, grouped
from cicd_health.alerts.message.single import ended_by_hand, opened, resolved, still, switched_off, test
from cicd_health.alerts.message.wording import duration

__all__ = [
    "Message",
    "Part",
    "digest",
    "duration",
    "ended_by_hand",
    "grouped",
    "mail_html",
    "opened",
    "resolved",
    "still",
    "switched_off",
    "test",
]
