"""The viewer's time zone. A script in the head writes it into a cookie before the socket opens."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

COOKIE = "tz"
SCRIPT = (
    f"try{{document.cookie='{COOKIE}='+encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)"
    "+';path=/;max-age=31536000;samesite=lax'}catch(e){}"
)
UTC = ZoneInfo("UTC")


def of_viewer(cookie_header: str | None) -> ZoneInfo:
    """The zone in a Cookie header; UTC when it is missing or nobody's."""
    try:
        morsel = SimpleCookie(cookie_header or "").get(COOKIE)
        return ZoneInfo(unquote(morsel.value)) if morsel else UTC
    except (CookieError, ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
