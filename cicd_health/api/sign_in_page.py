"""The pages before the dashboard: no script of it, the same colours, and the theme that was chosen there.

Every value in them is text. They work without their little script.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote, urlsplit

from cicd_health import __version__, settings

LOOK = '<a href="/">Look without signing in</a>'
NO_LOOK = "Visitors may not look without signing in"
KEEP = '<button class="other" name="keep" value="1" formnovalidate>Sign in without changing it</button>\n'


@cache
def _template(name: str) -> Template:
    return Template(Path(__file__).with_name(f"{name}.html").read_text(encoding="utf-8"))


def page(following: str, email: str = "", error: str = "") -> str:
    """The form to sign in. `following` is the path to go to afterwards."""
    form = _template("sign_in_form").substitute(
        host=_host(),
        next=escape(following),
        email=escape(email),
        error=_error(error),
        focus_email="" if email else "autofocus",
        focus_password="autofocus" if email else "",
    )
    return _frame("Sign in", form + _single_sign_on(following))


def choose_password(token: str, email: str, *, known: bool, error: str = "") -> str:
    """The form to choose a password; `known`: they have one, and may keep it."""
    title = "Choose a new password" if known else "Choose a password"
    form = _template("choose_password_form").substitute(
        title=title,
        host=_host(),
        token=escape(token),
        email=escape(email),
        error=_error(error),
        keep=KEEP if known else "",
    )
    return _frame(title, form + ("" if known else _single_sign_on("/")))


def _frame(title: str, forms: str) -> str:
    visitors = LOOK if settings.get().public_read else NO_LOOK
    return _template("sign_in").substitute(
        title=title, forms=forms, version=escape(__version__), visitors=f"<span>{visitors}</span>"
    )


def _single_sign_on(following: str) -> str:
    """The other way in, when it is set up."""
    chosen = settings.get()
    if chosen.oidc_issuer is None:
        return ""
    address = "/login/sso" if following == "/" else f"/login/sso?next={quote(following, safe='/')}"
    return f'<p class="or">or</p>\n<a class="other" href="{escape(address)}">{escape(chosen.oidc_name)}</a>\n'


def _host() -> str:
    return escape(urlsplit(settings.get().public_url).netloc)


def _error(error: str) -> str:
    return f'<p class="wrong" role="alert">{escape(error)}</p>\n' if error else ""
