"""Who may import whom: the table of docs/architecture.md, kept."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cicd_health"
LONGEST_FILE = 400

BELOW_FLOW = {"model", "settings", "providers", "store", "metrics", "logs", "log_store", "alerts", "queue"}
ON_TOP = BELOW_FLOW | {"flow", "access", "vault", "outgoing"}
MAY_IMPORT = {
    "model": set(),
    "secret_file": set(),
    "outgoing": set(),
    "setting_kinds": set(),
    "settings": {"secret_file", "setting_kinds"},
    "providers": {"model", "outgoing"},
    "store": {"model", "settings"},
    "metrics": {"model"},
    "logs": {"model"},
    "log_store": {"setting_kinds", "outgoing"},
    "alerts": {"model", "metrics"},
    "queue": {"model", "settings", "store"},
    "access": {"model", "settings", "store"},
    "vault": {"settings"},
    "flow": BELOW_FLOW | {"vault", "outgoing"},
    "live": ON_TOP,
    "heartbeat": {"model", "flow"},
    "jobs": ON_TOP,
    "demo": ON_TOP,
    "ui": ON_TOP | {"live"},
    "api": ON_TOP | {"live"},
    "mcp": set(),
    "cli": ON_TOP | {"demo", "heartbeat", "jobs", "mcp", "secret_file"},
    "pageless": ON_TOP | {"api", "heartbeat", "live"},
    "__main__": {"cli"},
}
# A part of a part that may do more.
MAY_ALSO = {"metrics/report": {"store"}, "alerts/send": {"settings", "outgoing"}, "store/logs": {"logs"}}
# The only places that may import a library; `cicd_health.py` is where all parts meet.
ONLY_IN = {
    "reflex": ("ui", "cicd_health"),
    "fastapi": ("api", "cicd_health"),
    "apprise": ("alerts/send",),
    "croniter": ("alerts/cron",),
    "httpx": ("providers/http", "mcp/client", "log_store/s3"),
    "githubkit": ("providers/github",),
    "dbos": ("queue",),
    "granian": ("cli/server",),
    "prometheus_client": ("api/meter", "api/prometheus", "api/prometheus_families"),
    "typer": ("cli",),
    "alembic": ("store/migrations", "cli"),
    "authlib": ("api/sso",),
    "redis": ("ui/kept_state",),
    "joserfc": ("api/sso",),
}
# Words of SQL that only the store may use, from SQLAlchemy or SQLModel.
SQL = {"select", "insert", "update", "delete", "text", "func", "col", "join"}

FILES = sorted(PACKAGE.rglob("*.py"))


def place(file: Path) -> str:
    """`store/tables` for cicd_health/store/tables.py."""
    return file.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")


def part(file: Path) -> str:
    return place(file).split("/")[0]


def within(where: str, folders: tuple[str, ...] | set[str]) -> bool:
    return any(where == folder or where.startswith(f"{folder}/") for folder in folders)


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, parsed once for all tests."""
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def imports(file: Path) -> tuple[tuple[str, str | None], ...]:
    """Each imported module, and the name taken from it if it is one."""
    found: list[tuple[str, str | None]] = []
    for node in nodes(file):
        if isinstance(node, ast.Import):
            found += ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found += ((node.module or "", alias.name) for alias in node.names)
    return tuple(found)


def own_parts(file: Path) -> set[str]:
    """The other parts of ours that a file imports."""
    found = set()
    for module, name in imports(file):
        top, _, rest = module.partition(".")
        if top == "cicd_health":
            found.add(rest.split(".")[0] if rest else name)
    return {found_part for found_part in found if found_part not in {None, "__version__", part(file)}}


def own_modules(file: Path, known: set[str]) -> Iterator[str]:
    """The modules of ours that it imports, as places: of `from a import b`, b when it is a module, else a."""
    for module, name in imports(file):
        if module == "cicd_health" or module.startswith("cicd_health."):
            inner = module.removeprefix("cicd_health").strip(".").replace(".", "/")
            taken = f"{inner}/{name}".strip("/")
            yield taken if taken in known else inner


def files(*, other_than: tuple[str, ...] = ()) -> list[Path]:
    return [file for file in FILES if not within(place(file), other_than)]


def test_a_part_imports_only_what_its_row_in_the_table_allows():
    wrong = {}
    for file in files(other_than=("cicd_health", "__init__", "")):
        also = [parts for where, parts in MAY_ALSO.items() if within(place(file), (where,))]
        if more := own_parts(file) - MAY_IMPORT[part(file)].union(*also):
            wrong[place(file)] = more
    assert wrong == {}


def test_the_model_needs_the_standard_library_only():
    foreign = {
        (place(file), module)
        for file in FILES
        if within(place(file), ("model", "secret_file", "outgoing"))
        for module, _ in imports(file)
        if module.split(".")[0] not in {*sys.stdlib_module_names, "cicd_health"}
    }
    assert foreign == set()


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_has_one_home(library: str):
    users = {place(file) for file in FILES for module, _ in imports(file) if module.split(".")[0] == library}
    assert {user for user in users if not within(user, ONLY_IN[library])} == set()


def test_sql_is_in_the_store_only():
    speakers = set()
    for file in files(other_than=("store",)):
        taken = {name for module, name in imports(file) if module.split(".")[0] in {"sqlalchemy", "sqlmodel"}}
        called = {
            node.attr
            for node in nodes(file)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"sa", "sqlalchemy"}
        }
        speakers |= {(place(file), word) for word in SQL & (taken | called)}
    assert speakers == set()


def test_no_module_imports_itself_by_a_detour():
    known = {place(file) for file in FILES}
    graph = {place(file): set(own_modules(file, known)) - {place(file)} for file in FILES}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError with the cycle
    assert set(order) >= known


def test_imports_stand_at_the_top():
    hidden = set()
    for file in FILES:
        for function in nodes(file):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found = (node for node in ast.walk(function) if isinstance(node, (ast.Import, ast.ImportFrom)))
                hidden |= {(place(file), node.lineno) for node in found}
    assert hidden == set()


def test_importing_a_module_does_nothing_but_define():
    doing = set()
    for file in files(other_than=("cicd_health", "cli", "__main__")):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        calls = (node for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        doing |= {(place(file), node.lineno) for node in calls}
    assert doing == set()


def test_no_file_outgrows_one_subject():
    python = [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in python}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_names_of_files_say_what_is_in_them():
    empty_words = {"utils", "common", "base", "helpers", "misc", "data", "info", "item", "obj"}
    assert [place(file) for file in FILES if empty_words & set(place(file).split("/"))] == []
