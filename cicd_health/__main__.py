"""`python -m cicd_health`, which is also the command `cicd-health`."""

import gc

gc.disable()  # nothing that is being loaded is garbage, and to look for it would take a tenth of the start

from cicd_health.cli import app, logs  # noqa: E402 - only now, see above


def main() -> None:
    gc.enable()
    logs.as_chosen()
    app()


if __name__ == "__main__":
    main()
