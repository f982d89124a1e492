"""The cookie of a session, and where to go with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import RedirectResponse, Response

from cicd_health import access, settings

LASTS_S = 400 * 24 * 3600  # the longest a browser allows; the server decides when a session ends


def signed_in(token: str, following: str) -> Response:
    """Sets the cookie and leads on."""
    response = RedirectResponse(following, 303)
    response.set_cookie(
        access.COOKIE,
        token,
        max_age=LASTS_S,
        path="/",
        secure=settings.get().public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


def signed_out(following: str) -> Response:
    """Takes the cookie away."""
    response = RedirectResponse(following, 303)
    response.delete_cookie(access.COOKIE, path="/", httponly=True, samesite="lax")
    return response


def local(path: str) -> str:
    """The path when it is one of ours, else "/": a link to us must never lead on to somebody else."""
    try:
        parts = urlsplit(path)
    except ValueError:  # brackets that hold no address
        return "/"
    bad = parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/login"))
    return "/" if bad or "\\" in path or not path.isprintable() else path
