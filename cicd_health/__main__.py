"""`python -m cicd_health`."""

from cicd_health.cli import app

if __name__ == "__main__":
    app()
