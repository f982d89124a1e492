"""The sign-in page: no script of the dashboard, the same colours, and the theme that was chosen there."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from cicd_health import __version__, settings

LOOK = '<a href="/">Look without signing in</a>'
NO_LOOK = "Visitors may not look without signing in"


@cache
def _template() -> Template:
    return Template(Path(__file__).with_name("sign_in.html").read_text(encoding="utf-8"))


def page(following: str, email: str = "", error: str = "") -> str:
    """The page; every value in it is text. `following` is the path to go to afterwards."""
    chosen = settings.get()
    return _template().substitute(
        host=escape(urlsplit(chosen.public_url).netloc),
        next=escape(following),
        email=escape(email),
        error=f'<p class="wrong" role="alert">{escape(error)}</p>\n' if error else "",
        focus_email="" if email else "autofocus",
        focus_password="autofocus" if email else "",
        version=escape(__version__),
        visitors=f"<span>{LOOK if chosen.public_read else NO_LOOK}</span>",
    )
