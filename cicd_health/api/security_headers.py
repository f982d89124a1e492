"""What every answer carries so that a browser does with it what we mean, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from cicd_health import settings

BUILT_PAGES = Path(".web/build/client")  # where Reflex puts them, from the working directory
FORMS = Path(__file__).parent  # the sign-in pages
HOST = re.compile(r"[\w.\-:\[\]]{1,255}")
INLINE = re.compile(r"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HTTPS_ONLY = "max-age=31536000"
BUILT = "/assets/"  # scripts and styles of the pages
BUILT_POLICY = "default-src 'none'; frame-ancestors 'none'"  # they are not pages, and there are many: a short one
FOREVER = b"public, max-age=31536000, immutable"

Pairs = tuple[tuple[bytes, bytes], ...]


def page_policy(host: str) -> str:
    """What a page may load: our own files and sockets, and run: our own files and the scripts built into it.

    Reflex's toasts and scripts need 'unsafe-eval'. While pages are built anew as they change, any inline script runs.
    """
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    built = built_scripts(BUILT_PAGES) if settings.get().backend_env == "prod" else ()
    return (
        f"default-src 'self'; script-src 'self' {_allowed(built)} 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; font-src 'self'; connect-src 'self'{sockets}; object-src 'none'; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )


def answer_policy() -> str:
    """What an answer of the API may load, should a browser show it; the forms to sign in bring a little script."""
    return (
        f"default-src 'none'; script-src {_allowed(built_scripts(FORMS))}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


def script_hashes(page: str) -> set[str]:
    """How a policy names the inline scripts of a page."""
    digests = (hashlib.sha256(script.encode()).digest() for script in INLINE.findall(page))
    return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}


@lru_cache(maxsize=4)
def built_scripts(folder: Path) -> tuple[str, ...]:
    """The inline scripts of all pages in a folder, read once; empty when there are none."""
    found: set[str] = set()
    for file in sorted(folder.glob("*.html")):
        found |= script_hashes(file.read_text(encoding="utf-8"))
    return tuple(sorted(found))


def _allowed(scripts: Iterable[str]) -> str:
    return " ".join(scripts) or "'unsafe-inline'"


@lru_cache(maxsize=200)
def of_answer(host: str, *, is_api: bool, is_built: bool = False, is_badge: bool = False, https: bool = False) -> Pairs:
    """The headers of an answer to this Host header."""
    policy = BUILT_POLICY if is_built else answer_policy() if is_api else page_policy(host)
    headers = HEADERS | {"Content-Security-Policy": policy}
    if is_badge:  # it is there to be shown on other sites
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if https:
        headers["Strict-Transport-Security"] = HTTPS_ONLY
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


def caching(path: str, status: int, *, is_api: bool) -> bytes:
    """Built files have a hash in their name; answers of the API are nobody's to keep; all else is asked again."""
    if path.startswith(BUILT) and status in (200, 206, 304):
        return FOREVER
    return b"no-store" if is_api else b"no-cache"


def without_our_address(said: list[tuple[bytes, bytes]], host: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, a redirect to ourselves by its path alone: a proxy may have been asked by https.

    A path never begins with two slashes, which browsers take for another host.
    """
    here = f"http://{host}/".encode("latin-1")
    return [
        (name, b"/" + value.removeprefix(here).lstrip(b"/\\"))
        if name.lower() == b"location" and value.startswith(here)
        else (name, value)
        for name, value in said
    ]
