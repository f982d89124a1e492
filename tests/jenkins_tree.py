"""Jenkins' `tree=`: which fields and which part of a list an answer holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Tree = dict[str, tuple["Tree", slice]]


@dataclass(slots=True)
class Lazy:
    """Builds that are only described when they are asked for: `make(cut)`."""

    make: Callable[[slice], list[Any]]


def parse_tree(text: str) -> Tree:
    """`jobs[name,builds[number]{0,25}],url` as Jenkins reads it. Raises ValueError."""
    tree, rest = _branches(text)
    if rest:
        raise ValueError(f"tree: {rest!r} is left over")
    return tree


def _branches(text: str) -> tuple[Tree, str]:
    tree: Tree = {}
    while text and text[0] != "]":
        end = next((place for place, sign in enumerate(text) if sign in ",[]{"), len(text))
        name, text = text[:end], text[end:]
        below: Tree = {}
        if text.startswith("["):
            below, text = _branches(text[1:])
            if not text.startswith("]"):
                raise ValueError(f"tree: {name}[ is not closed")
            text = text[1:]
        cut = slice(None)
        if text.startswith("{"):
            inside, _, text = text[1:].partition("}")
            begin, comma, stop = inside.partition(",")
            first = int(begin or 0)
            cut = slice(first, (int(stop) if stop else None) if comma else first + 1)
        tree[name] = (below, cut)
        text = text.removeprefix(",")
    return tree, text


def prune(document: Any, tree: Tree) -> Any:
    """What of a document a tree selects: its fields, objects in lists likewise; `_class` is always there."""
    if isinstance(document, list):
        return [prune(one, tree) for one in document]
    if not isinstance(document, dict):
        return document
    kept = {"_class": document["_class"]} if "_class" in document else {}
    chosen = {name: (tree["*"] if name not in tree else tree[name]) for name in document if name in tree or "*" in tree}
    for name, (below, cut) in chosen.items():
        value = document[name]
        if isinstance(value, Lazy):
            value = value.make(cut)
        elif isinstance(value, list):
            value = value[cut]
        kept[name] = prune(value, below)
    return kept


def shallow(document: Any) -> Any:
    """Without a tree: what hangs on the document is only named."""
    names = parse_tree("_class,name,url,color,number")
    shown = {}
    for key, value in document.items():
        value = value.make(slice(None)) if isinstance(value, Lazy) else value
        nested = isinstance(value, list) and key in ("jobs", "builds", "activeConfigurations")
        shown[key] = [prune(one, names) for one in value] if nested else value
    shown.pop("allBuilds", None)
    for key in ("lastBuild", "firstBuild"):
        if shown.get(key):
            shown[key] = prune(shown[key], names)
    return json.loads(json.dumps(shown))
