"""`python -m cicd_health`."""

import sys

from cicd_health.cli import app, logs

if __name__ == "__main__":
    logs.configure(readable=sys.stderr.isatty())
    app()
