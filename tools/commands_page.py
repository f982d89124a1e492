"""Write docs/commands.md from the commands themselves: `python -m tools.commands_page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cicd_health.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
HEAD = """\
# Commands

`.venv/bin/cicd-health COMMAND`, or `python -m cicd_health COMMAND` in the folder of the program. They read the same
settings as the server ([settings.md](settings.md)), and may run beside it. In the container:
`docker compose exec web cicd-health COMMAND`.

- Facts go to stdout, words to stderr. `--json` prints one JSON document instead of text. Progress bars show on a
  terminal only.
- The exit code says how it ended: **0** done; **1** it found something wrong; **2** it was called wrongly, or a setting
  is wrong; **3** what it needs, such as the database, does not answer.
- What a command changes stands in the audit log as done by "NAME on the command line", where NAME is
  the user of the system.

This page is written by `make commands-docs`.

## First steps

```sh
cicd-health doctor                                   # is everything as it should be, and if not, what to do
cicd-health link                                     # a link that signs the administrator in
cicd-health users invite wren@example.com --role operator
cicd-health keys add dashboard --scope read          # prints the key, once
cicd-health backfill acme/shop                       # its history, with a progress bar
```
"""


def markdown() -> str:
    """The whole page."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return HEAD + "".join(f"\n{section}" for section in _sections(group, "cicd-health"))


def _sections(group: TyperGroup, path: str) -> Iterator[str]:
    """A section for each command, those of the groups behind the others."""
    commands = [(f"{path} {name}", command) for name, command in group.commands.items() if not command.hidden]
    for name, command in commands:
        if isinstance(command, TyperCommand):
            yield _section(name, command)
    for name, command in commands:
        if isinstance(command, TyperGroup):
            yield from _sections(command, name)


def _section(name: str, command: TyperCommand) -> str:
    arguments = [param for param in command.params if isinstance(param, TyperArgument)]
    options = [param for param in command.params if isinstance(param, TyperOption) and not param.hidden]
    usage = " ".join([name, *(_shown(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    told = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    rows = [(f"`{_shown(one)}`", getattr(one, "help", "") or "") for one in arguments]
    rows += [(f"`{_option(one)}`", one.help or "") for one in options]
    table = ["| | |", "| --- | --- |", *(f"| {shown} | {help} |" for shown, help in rows)] if rows else []
    return "\n".join([f"## `{usage}`", "", told, *(["", *table] if table else []), ""])


def _shown(argument: TyperArgument) -> str:
    name = str(argument.metavar or argument.name).upper()
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption) -> str:
    value = "" if option.is_flag else f" {str(option.metavar or option.name).upper()}"
    default = f" (default {option.default})" if isinstance(option.default, str) and option.default else ""
    return " / ".join((*option.opts, *option.secondary_opts)) + value + default


def main() -> None:
    PAGE.write_text(markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
