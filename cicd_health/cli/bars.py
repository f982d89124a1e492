"""Progress of what takes long: bars on a terminal, nothing where stderr is none."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def bars() -> Progress:
    """Of things whose number is known."""
    return _on_stderr(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def spinners() -> Progress:
    """Of things whose number nobody knows before they are done."""
    return _on_stderr(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())


def _on_stderr(*columns: TextColumn | BarColumn | MofNCompleteColumn | SpinnerColumn | TimeElapsedColumn) -> Progress:
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
