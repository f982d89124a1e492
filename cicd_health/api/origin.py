"""Where a browser's request comes from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from cicd_health import settings


def is_own(headers: Mapping[str, str]) -> bool:
    """True unless the Origin header names a foreign page.

    Own are the Host that was asked, PUBLIC_URL (a proxy may change Host) and ALLOW_ORIGINS. Programs send no Origin.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    origin = origin.lower()
    if urlsplit(origin).netloc == headers.get("host", "").lower() != "":
        return True
    chosen = settings.get()
    public = urlsplit(chosen.public_url.lower())
    return origin == f"{public.scheme}://{public.netloc}" or origin in chosen.allow_origins
