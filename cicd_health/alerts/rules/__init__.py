"""SHELF: every alert rule, in the order of the form. One file each; a new one is a line here."""

from cicd_health.alerts.rule import Rule
from cicd_health.alerts.rules import (
    duration_regression,
    failure,
    flapping,
    missed_schedule,
    new_failure,
    queue_time,
    regression,
    slow_build,
    stuck_run,
)

RULES: dict[str, Rule] = {
    rule.slug: rule
    for rule in (
        failure.RULE,
        new_failure.RULE,
        flapping.RULE,
        regression.RULE,
        slow_build.RULE,
        duration_regression.RULE,
        stuck_run.RULE,
        queue_time.RULE,
        missed_schedule.RULE,
    )
}
