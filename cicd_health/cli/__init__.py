"""The commands: `cicd-health serve` and the others, see `--help` and docs/commands.md. Each says what it does."""

from __future__ import annotations

import typer

from cicd_health.cli import backups, doctor, keys, users
from cicd_health.cli.assisting import answer_assistant
from cicd_health.cli.backfilling import backfill
from cicd_health.cli.database import migrate_command
from cicd_health.cli.ending import operator
from cicd_health.cli.parting import partition
from cicd_health.cli.replaying import replay
from cicd_health.cli.resealing import reseal
from cicd_health.cli.serving import OUTSIDE, build, demonstrate, serve
from cicd_health.cli.settings_command import show_settings
from cicd_health.cli.sums import check_tallies, prune, rebuild_tallies
from cicd_health.cli.users import link
from cicd_health.cli.working import worker
from cicd_health.model.acting import SERVER, acting

__all__ = ["OUTSIDE", "app"]

SERVERS = frozenset({"serve", "worker", "demo"})  # what they do is done by the server, not by whoever started it

app = typer.Typer(
    help="CI/CD Health: the health of your pipelines on one page.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.callback()
def act(context: typer.Context) -> None:
    """CI/CD Health: the health of your pipelines on one page."""
    context.with_resource(acting(SERVER if context.invoked_subcommand in SERVERS else operator()))


for name, command in {
    "serve": serve,
    "worker": worker,
    "demo": demonstrate,
    "migrate": migrate_command,
    "build": build,
    "link": link,
    "settings": show_settings,
    "doctor": doctor.look_at_everything,
    "backfill": backfill,
    "replay": replay,
    "prune": prune,
    "rebuild-tallies": rebuild_tallies,
    "check-tallies": check_tallies,
    "reseal": reseal,
    "partition": partition,
    "backup": backups.backup,
    "restore": backups.restore,
    "import": backups.bring_over,
    "mcp": answer_assistant,
}.items():
    app.command(name=name)(command)
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
