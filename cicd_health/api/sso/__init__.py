"""Single sign-on by OpenID Connect: away to the provider, and back with a code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from cicd_health import access, settings
from cicd_health.access import Identity, NotAdmitted
from cicd_health.api import sign_in_page
from cicd_health.api.client_address import client_address
from cicd_health.api.clock import Now
from cicd_health.api.session_cookie import local, signed_in
from cicd_health.api.sso import handshake
from cicd_health.api.sso.claims import BadToken, UnknownKey, identity, needs_more, verified
from cicd_health.api.sso.handshake import Handshake
from cicd_health.api.sso.provider import Client, Provider, Tokens, provider_at
from cicd_health.providers.json_reader import mapping
from cicd_health.providers.remote import RemoteError
from cicd_health.settings import Settings

log = structlog.get_logger(__name__)
AT_ONCE = 8  # threads that wait for the provider: a slow one must not hold all there are
AWAY = "{name} does not answer as it should at the moment. Try again in a minute."
STALE = "This sign-in took longer than ten minutes, or was begun at another address. Start again here."
REFUSED = "{name} did not sign you in."
LIE = "What {name} answered could not be verified, so it was not believed. Try again."
T = TypeVar("T")
Word = Annotated[str | None, Query(max_length=10_000)]


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(_configured)])
    waiting: list[CapacityLimiter] = []  # made in the loop that uses it

    async def ask(work: Callable[..., T], *args: Any) -> T:
        if not waiting:
            waiting.append(CapacityLimiter(AT_ONCE))
        return await to_thread.run_sync(work, *args, limiter=waiting[0])

    @routes.get("/login/sso")
    async def leave(next: str = "/") -> Response:
        """To the provider."""
        begun = handshake.begin(local(next))
        try:
            address = await ask(_ask_for_code, begun, settings.get())
        except RemoteError as error:
            return _trouble(502, AWAY, error)
        response = RedirectResponse(address, 303)
        response.set_cookie(handshake.COOKIE, handshake.sealed(begun), max_age=handshake.LASTS_S, **_flags())
        return response

    @routes.get("/login/sso/callback")
    async def come_back(
        request: Request, now: Now, state: Word = None, code: Word = None, error: Word = None
    ) -> Response:
        """From the provider, with a code or with what went wrong."""
        begun = handshake.opened(request.cookies.get(handshake.COOKIE), state)
        if begun is None:
            return _page(400, STALE)
        response = await _finish(request, now, begun, code, error)
        response.delete_cookie(handshake.COOKIE, **_flags())
        return response

    async def _finish(
        request: Request, now: datetime, begun: Handshake, code: str | None, error: str | None
    ) -> Response:
        if error or not code:
            return _trouble(403, REFUSED, error or "no code")
        chosen = settings.get()
        try:
            who = await ask(_identify, code, begun, chosen)
            token = await ask(_admit, who, request, now)
        except RemoteError as trouble:
            return _trouble(502, AWAY, trouble)
        except BadToken as lie:
            return _trouble(502, LIE, lie)
        except NotAdmitted as refusal:
            log.warning("single sign-on refused", issuer=chosen.oidc_issuer, reason=str(refusal))
            return _page(403, str(refusal))
        return signed_in(token, begun.following)

    return routes


async def _configured() -> None:
    if settings.get().oidc_issuer is None:
        raise HTTPException(404, "Single sign-on is not set up.")


def _provider(chosen: Settings) -> tuple[Provider, Client]:
    assert chosen.oidc_issuer is not None
    assert chosen.oidc_client_id is not None
    back_to = f"{chosen.public_url}{handshake.PATH}/callback"
    return provider_at(chosen.oidc_issuer), Client(chosen.oidc_client_id, chosen.oidc_client_secret, back_to)


def _ask_for_code(begun: Handshake, chosen: Settings) -> str:
    provider, client = _provider(chosen)
    return provider.ask_for_code(begun, client, chosen.oidc_role_claim)


def _identify(code: str, begun: Handshake, chosen: Settings) -> Identity:
    """Whom the provider says a code stands for. Raises RemoteError, BadToken."""
    provider, client = _provider(chosen)
    tokens = provider.exchange(code, begun, client)
    try:
        claims = _claims(provider, tokens, begun, client, anew=False)
    except UnknownKey:
        claims = _claims(provider, tokens, begun, client, anew=True)
    if needs_more(claims, chosen) and tokens.access:
        more = mapping(provider.about(tokens.access))
        claims = more | claims if more.get("sub") == claims["sub"] else claims
    return identity(claims, provider.doors().issuer, chosen)


def _claims(provider: Provider, tokens: Tokens, begun: Handshake, client: Client, *, anew: bool) -> dict[str, Any]:
    return verified(
        tokens.identity,
        provider.keys(anew=anew),
        issuer=provider.doors().issuer,
        client_id=client.id,
        nonce=begun.nonce,
        access_token=tokens.access,
        now=datetime.now(UTC),
    )


def _admit(who: Identity, request: Request, now: datetime) -> str:
    """The token of a new session. Raises NotAdmitted."""
    person = access.may_use(request.headers.get("cookie"), now)
    here = person.user_id if person is not None else None
    return access.sign_in_as(who, here, client_address(request.scope), request.headers.get("user-agent", ""), now)


def _flags() -> dict[str, Any]:
    secure = settings.get().public_url.startswith("https:")
    return {"path": handshake.PATH, "secure": secure, "httponly": True, "samesite": "lax"}


def _trouble(status: int, sentence: str, reason: object) -> Response:
    chosen = settings.get()
    log.warning("single sign-on failed", issuer=chosen.oidc_issuer, reason=str(reason)[:300])
    return _page(status, sentence.format(name=chosen.oidc_issuer and _host(chosen.oidc_issuer)))


def _host(issuer: str) -> str:
    return issuer.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _page(status: int, error: str) -> Response:
    return HTMLResponse(sign_in_page.page("/", error=error), status)
