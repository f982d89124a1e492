"""Every path of the page, and what its address asks for. Filters live in the address and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from cicd_health.model.windows import WINDOWS

OVERVIEW = "/"
GALLERY = "/gallery"
LOGIN = "/login"
LOGOUT = "/logout"
USUAL_WINDOW = "7d"
SHOWN = ("all", "unhealthy", "running")
LONGEST = 500  # characters of one value; a longer one is nobody's repository


@dataclass(frozen=True, slots=True)
class Asked:
    """What an overview address asks for. Empty is everything."""

    window: str = USUAL_WINDOW
    provider: str = ""
    repo: str = ""
    branch: str = ""
    show: str = "all"

    @property
    def narrowed(self) -> bool:
        return bool(self.provider or self.repo or self.branch)


def asked(parameters: Mapping[str, str]) -> Asked:
    """The reading of an address. What makes no sense is left out, so that any link opens a page."""
    window, show = parameters.get("window", ""), parameters.get("show", "")
    return Asked(
        window=window if window in WINDOWS else USUAL_WINDOW,
        provider=_clean(parameters.get("provider")),
        repo=_clean(parameters.get("repo")),
        branch=_clean(parameters.get("branch")),
        show=show if show in SHOWN else "all",
    )


def _clean(value: str | None) -> str:
    return (value or "").replace("\x00", "")[:LONGEST]


def overview(asked: Asked) -> str:
    """The address that asks for this; what is usual is left out."""
    usual = asdict(Asked())
    parameters = {name: value for name, value in asdict(asked).items() if value != usual[name]}
    return OVERVIEW + (f"?{urlencode(parameters)}" if parameters else "")
