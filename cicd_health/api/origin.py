"""Where a browser's request comes from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from cicd_health import settings


def is_own(headers: Mapping[str, str]) -> bool:
    """True unless the Origin header names a foreign page.

    Own are the host that was asked and PUBLIC_URL. Programs send no Origin. ALLOW_ORIGINS come with keys, and keys are
    asked for no origin.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    origin = origin.lower()
    public = urlsplit(settings.get().public_url.lower())
    if origin == f"{public.scheme}://{public.netloc}":
        return True
    return _host_of(origin) in _asked(headers)


def _host_of(origin: str) -> str | None:
    """Host and port of an origin; None for what is no web page's, such as "null" or nonsense."""
    try:
        address = urlsplit(origin)
    except ValueError:
        return None
    return address.netloc if address.scheme in ("http", "https") and address.netloc else None


def _asked(headers: Mapping[str, str]) -> set[str]:
    """The hosts that the browser may have asked: Host, and what a proxy says that it was before the proxy changed it.

    Scripts of a foreign page can set none of these headers.
    """
    forwarded = headers.get("x-forwarded-host", "").partition(",")[0].strip().lower()
    port = headers.get("x-forwarded-port", "").partition(",")[0].strip()
    return {headers.get("host", "").lower(), forwarded, f"{forwarded}:{port}"}
