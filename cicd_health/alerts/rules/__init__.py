"""SHELF: every alert rule, in the order of the form. One file each; a new one is a line here."""

from cicd_health.alerts.rule import Rule
from cicd_health.alerts.rules import failure

RULES: dict[str, Rule] = {rule.slug: rule for rule in (failure.RULE,)}
