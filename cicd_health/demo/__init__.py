"""A believable company to look at: eight weeks of its history, and its traffic as it goes on.

All of it reaches the database as deliveries of GitHub and Jenkins through `flow.receive`.
"""

from __future__ import annotations

from cicd_health.demo.fill import NotEmpty, fill
from cicd_health.demo.traffic import live

__all__ = ["NotEmpty", "fill", "live"]
