"""Alerts: rules say when, messages say what, send brings it there."""

from cicd_health.alerts.rules import RULES

__all__ = ["RULES"]
