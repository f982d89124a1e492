"""CI/CD Health: the dashboard engineering teams open first in the morning."""

__version__ = "0.1.0"
