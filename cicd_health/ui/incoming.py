"""What browsers send. Every handler of every state can be called by anybody who can open the page's socket, with
anything: so what is sent is an event that one of our pages could send, or it is refused before anything runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from reflex.state import OnLoadInternalState, State
from reflex_base.event import EventHandler
from reflex_base.registry import RegisteredEventHandler
from reflex_base.utils.form import form_data_as_dict
from reflex_base.utils.format import format_event_handler

from cicd_health.ui import guard

HEAVIEST = 64_000  # characters and parts of one event: the longest form holds a private key
AROUND = ("pathname", "asPath", "query")  # what a browser says of its address; the server knows the rest itself
OURS = "cicd_health."
SETTER = "setvar"  # made by Reflex for every state: sets a variable by its name
# The only handlers of Reflex itself that a page of ours sends.
OF_REFLEX = frozenset(
    format_event_handler(handler)
    for handler in (State.event_handlers["hydrate_and_load"], OnLoadInternalState.event_handlers["on_load_internal"])
)
Handlers = Mapping[str, RegisteredEventHandler]


class Refused(Exception):
    """Not an event of ours; the message says why, in words of ours only."""


def checked(sent: Any, handlers: Handlers) -> dict[str, Any]:
    """The event as it may be handled: its name, its arguments, and the address of the page. Raises Refused."""
    if not isinstance(sent, dict):
        raise Refused("not an event")
    name, payload, around = (
        sent.get(part) or usual for part, usual in (("name", ""), ("payload", {}), ("router_data", {}))
    )
    if not (isinstance(name, str) and isinstance(payload, dict) and isinstance(around, dict)):
        raise Refused("not an event")
    if _weight(payload, control=False) + _weight(around, control=True) > HEAVIEST:
        raise Refused("too long")
    handler = handlers.get(name)
    if handler is None or not is_offered(name, handler):
        raise Refused("no such handler")
    return {"name": name, "payload": _arguments(handler.handler.fn, payload), "router_data": _address(around)}


def is_offered(name: str, registered: RegisteredEventHandler) -> bool:
    """Whether browsers may send it: our own handlers, and the two that Reflex needs to show a page."""
    ours = registered.states[0].__module__.startswith(OURS) and not name.endswith(f".{SETTER}")
    return (ours and not _is_of_loading(registered.handler)) or name in OF_REFLEX


def _is_of_loading(handler: EventHandler) -> bool:
    """Whether only loading a page begins it: what runs for as long as a page is open.

    Reflex ends it with the page that was loaded; one that a client asked for by its name would outlive the client.
    Work in the background that somebody asks for needs a role.
    """
    return handler.is_background and guard.role_of(handler.fn) == guard.VISITOR


def _weight(sent: Any, *, control: bool) -> int:
    """Characters and parts together. Raises Refused for what is no text: half a character, and NUL unless `control`."""
    weight, rest = 0, [sent]
    while rest and weight <= HEAVIEST:
        part = rest.pop()
        weight += 1
        if isinstance(part, str):
            weight += len(part)
            if not _is_text(part) or ("\x00" in part and not control):
                raise Refused("not text")
        elif isinstance(part, Mapping):
            rest += [*part, *part.values()]
        elif isinstance(part, list):
            rest += part
        elif not (part is None or isinstance(part, (bool, int, float))):
            raise Refused("not JSON")
    return weight


def _is_text(part: str) -> bool:
    try:
        part.encode()
    except UnicodeEncodeError:
        return False
    return True


def _arguments(handler: Callable[..., Any], payload: dict[str, Any]) -> dict[str, Any]:
    """The arguments by the names and kinds that the handler takes, forms as dictionaries. Raises Refused."""
    taken = _taken(handler)
    if not payload.keys() <= taken.keys():
        raise Refused("an argument too many")
    if any(needed and name not in payload for name, (needed, _) in taken.items()):
        raise Refused("an argument is missing")
    if payload.get("vars"):  # what browsers would keep of a state: ours keep nothing there
        raise Refused("a variable is set")
    try:
        return {name: taken[name][1].validate_python(form_data_as_dict(value)) for name, value in payload.items()}
    except (ValidationError, TypeError, ValueError, RecursionError):
        raise Refused("an argument of another kind") from None


@lru_cache(maxsize=1000)
def _taken(handler: Callable[..., Any]) -> dict[str, tuple[bool, TypeAdapter[Any]]]:
    """Whether each argument is needed, and what it may be."""
    hints = get_type_hints(handler)
    parameters = list(inspect.signature(handler).parameters.values())[1:]  # but for the state
    return {
        parameter.name: (
            parameter.default is parameter.empty,
            TypeAdapter(hints.get(parameter.name, Any), config={"strict": True}),
        )
        for parameter in parameters
    }


def _address(around: dict[str, Any]) -> dict[str, Any]:
    """Where the page is. Raises Refused."""
    known = {name: around[name] for name in AROUND if name in around}
    if not all(isinstance(known.get(name, ""), str) for name in ("pathname", "asPath")):
        raise Refused("an address of another kind")
    query = known.get("query", {})
    if not isinstance(query, dict) or not all(isinstance(value, (str, list)) for value in query.values()):
        raise Refused("an address of another kind")
    return known


def offered(handlers: Handlers) -> Iterator[tuple[str, EventHandler]]:
    """Every handler that browsers may send, with its full name."""
    for name, registered in handlers.items():
        if is_offered(name, registered):
            yield name, registered.handler
