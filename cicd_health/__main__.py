"""`python -m cicd_health`, which is also the command `cicd-health`."""

import sys

from cicd_health.cli import app, logs


def main() -> None:
    logs.configure(readable=sys.stderr.isatty())
    app()


if __name__ == "__main__":
    main()
