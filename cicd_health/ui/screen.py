"""How many of the latest runs a viewer's screen has room for: what it does not show is not sent to it.

A script in the head writes a cookie before the socket opens, and when the window becomes wider or narrower.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

COOKIE = "wide"
SCRIPT = (
    "try{const m=matchMedia('(min-width:1920px)');"
    f"(m.onchange=()=>{{document.cookie='{COOKIE}='+(m.matches?1:0)+';path=/;max-age=31536000;samesite=lax'}})()"
    "}catch(e){}"
)
BELOW, BESIDE = 12, 30  # runs under the pipelines; in the second column of a wide screen


def latest_runs(cookie_header: str | None) -> int:
    try:
        morsel = SimpleCookie(cookie_header or "").get(COOKIE)
    except CookieError:
        return BELOW
    return BESIDE if morsel and morsel.value == "1" else BELOW
