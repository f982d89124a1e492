"""Single sign-on against a real provider on this machine, honest and lying."""

from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from cicd_health import access, settings
from cicd_health.api import sso
from cicd_health.api.sso import handshake
from cicd_health.api.sso import provider as provider_module
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine
from tests.api.conftest import NOW
from tests.oidc_stub import CLIENT_ID, CLIENT_SECRET, OidcProvider, Person

ASH = {"email": "ash@kestrel.example", "email_verified": True, "name": "Ash Tern"}
WREN = "wren@kestrel.example"  # the first administrator, who has a password
GROUPS = {"OIDC_ROLE_CLAIM": "groups", "OIDC_ROLES": "ci-admins=admin, ci-ops=operator"}


@pytest.fixture
def provider(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[OidcProvider]:
    with OidcProvider() as provider:
        provider.person = Person("ash-1", dict(ASH))
        configure(
            monkeypatch,
            OIDC_ISSUER=provider.url,
            OIDC_CLIENT_ID=CLIENT_ID,
            OIDC_CLIENT_SECRET=CLIENT_SECRET,
            OIDC_NAME="Sign in with <Kestrel>",
        )
        sso.provider_at.cache_clear()
        access.forget_people()
        access.forget_attempts()
        yield provider


def configure(monkeypatch: pytest.MonkeyPatch, **chosen: str) -> None:
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    settings.get.cache_clear()


@cache
def elsewhere() -> httpx.Client:
    """The browser at the provider."""
    return httpx.Client()


def leave(client: TestClient, following: str = "/") -> str:
    """Where the provider sends the browser back to, after the person signed in there."""
    away = client.get("/login/sso", params={"next": following})
    assert away.status_code == 303, away.text
    back = elsewhere().get(away.headers["location"]).headers["location"]
    return back.removeprefix(settings.get().public_url)


def come_by_sso(client: TestClient, following: str = "/") -> Any:
    client.cookies.delete(access.COOKIE)
    return client.get(leave(client, following))


def who(client: TestClient) -> tuple[str, str]:
    me = client.get("/api/v1/me").json()
    return me["who"], me["role"]


def emails() -> list[str]:
    return [user.email for user in access.users()]


def test_somebody_new_comes_in_as_a_viewer_and_stays_the_same_one(client, provider):
    answer = come_by_sso(client, "/runs?q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?q=x")
    assert who(client) == ("ash@kestrel.example", "viewer")
    provider.person.claims["email"] = "ash.tern@kestrel.example"  # they married
    come_by_sso(client)
    assert who(client) == ("ash@kestrel.example", "viewer")
    (user,) = [user for user in access.users() if user.sso]
    assert (user.name, user.state, user.sessions) == ("Ash Tern", "active", 2)
    with engine.reading() as session:
        started = audit.entries(session, audit.AuditFilter(action="session.started"), 10)
    assert {(note["who"], note["via"], note["detail"]["method"]) for note in started} == {
        ("ash@kestrel.example", "sign_in", "sso")
    }


def test_the_cookie_of_the_way_there_is_ours_alone_short_and_gone_afterwards(client, provider):
    cookie = client.get("/login/sso").headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/login/sso", "Max-Age=600"))
    answer = client.get(leave(client))
    assert 'cicd_sso=""' in answer.headers["set-cookie"]
    assert client.cookies.get(handshake.COOKIE) is None


def test_an_answer_belongs_to_the_browser_that_asked_and_counts_once(client, provider):
    back = leave(client)
    kept = client.cookies.get(handshake.COOKIE)
    for state in ("", "another", "%C3%A9"):
        answer = client.get(f"/login/sso/callback?code=x&state={state}")
        assert (answer.status_code, "Start again here" in answer.text) == (400, True)
    assert client.get(back).status_code == 303
    client.cookies.clear()
    assert client.get(back).status_code == 400
    client.cookies.set(handshake.COOKIE, str(kept), path="/login/sso")
    assert client.get(back).status_code == 502  # the provider does not take a code twice
    client.cookies.set(handshake.COOKIE, f"{kept}x", path="/login/sso")
    assert client.get(back).status_code == 400


LIES: dict[str, dict[str, Any]] = {
    "wrong nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "wrong issuer": {"iss": "https://id.example.com"},
    "wrong audience": {"aud": "another client"},
    "several audiences without ours authorised": {"aud": [CLIENT_ID, "another"]},
    "another authorised party": {"azp": "another"},
    "expired": {"exp": 1_700_000_000},
    "never expires": {"exp": None},
    "from the future": {"iat": 4_000_000_000},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": 7},
    "times that are none": {"exp": "soon"},
    "of another access token": {"at_hash": "bm90IHRoaXMgb25l"},
}


def test_every_lie_is_seen_through(client, provider):
    for name, lies in LIES.items():
        provider.lies = lies
        answer = come_by_sso(client)
        assert (answer.status_code, access.COOKIE in answer.headers["set-cookie"]) == (502, False), name
        assert "could not be verified" in answer.text, name
    provider.lies = {}
    for signs in ("none", "other key", "HS256"):
        provider.signs = signs
        assert come_by_sso(client).status_code == 502, signs
    assert emails() == [WREN]
    provider.signs = "RS256"
    assert come_by_sso(client).status_code == 303


def test_a_key_that_is_new_is_asked_for(client, provider, monkeypatch):
    assert come_by_sso(client).status_code == 303
    monkeypatch.setattr(provider_module, "ASK_AGAIN_S", 0.0)
    provider.turn_key()
    assert come_by_sso(client).status_code == 303
    assert len(provider.asked("/keys")) == 2
    assert len(provider.asked("/.well-known")) == 1


def test_an_account_with_a_password_is_not_taken_over_but_connected_by_its_owner(client, provider):
    provider.person = Person("wren-1", ASH | {"email": WREN.upper()})
    answer = come_by_sso(client)
    assert (answer.status_code, "has a password" in answer.text) == (403, True)
    client.post("/login", data={"email": WREN, "password": "correct horse"})
    assert client.get(leave(client)).status_code == 303
    assert come_by_sso(client).status_code == 303
    assert who(client) == (WREN, "admin")
    provider.person = Person("somebody-else", ASH | {"email": WREN})
    assert "belongs to another account" in come_by_sso(client).text


def test_an_invitation_may_be_taken_by_single_sign_on(client, provider):
    invitation = access.invite("ash@kestrel.example", "operator", NOW)
    page = client.get(f"/login/link?token={invitation.token}").text
    assert 'href="/login/sso"' in page
    assert "Sign in with &lt;Kestrel&gt;" in page
    come_by_sso(client)
    assert who(client) == ("ash@kestrel.example", "operator")
    assert client.get(f"/login/link?token={invitation.token}").status_code == 410


def test_who_is_disabled_or_not_verified_stays_out(client, provider):
    provider.person.claims["email_verified"] = False
    assert "not verified" in come_by_sso(client).text
    provider.person.claims, provider.userinfo = {"name": "Ash"}, {"sub": "ash-1"}
    assert "did not say your e-mail address" in come_by_sso(client).text
    provider.person.claims = {"email": "ash@kestrel.example"}  # it does not say whether that is verified
    assert come_by_sso(client).status_code == 303
    (user,) = [user for user in access.users() if user.sso]
    access.change_user(user.id, NOW, disabled=True)
    answer = come_by_sso(client)
    assert (answer.status_code, "disabled" in answer.text) == (403, True)
    assert client.get("/").status_code == 303


def test_groups_give_the_role_at_each_sign_in(client, provider, monkeypatch):
    configure(monkeypatch, **GROUPS, OIDC_DEFAULT_ROLE="none")
    provider.person.claims["groups"] = ["staff"]
    assert "Ask an administrator" in come_by_sso(client).text
    for groups, role in ((["ci-ops", "ci-admins"], "admin"), (["staff", "ci-ops"], "operator"), ("ci-admins", "admin")):
        provider.person.claims["groups"] = groups
        come_by_sso(client)
        assert who(client) == ("ash@kestrel.example", role)
    assert "groups" in provider.asked("/authorize")[-1].query["scope"].split()
    kept = client.cookies.get(access.COOKIE)
    provider.person.claims["groups"] = []
    assert "none of the groups" in come_by_sso(client).text
    client.cookies.set(access.COOKIE, str(kept))
    assert client.get("/api/v1/me").status_code == 401


def test_groups_do_not_leave_us_without_an_administrator(client, provider, monkeypatch):
    configure(monkeypatch, **GROUPS)
    provider.person.claims["groups"] = "ci-admins"
    come_by_sso(client)
    (wren,) = [user for user in access.users() if user.email == WREN]
    with acting(Actor("a test", Via.SERVER)):
        access.change_user(wren.id, NOW, disabled=True)
    provider.person.claims["groups"] = []
    come_by_sso(client)
    assert who(client) == ("ash@kestrel.example", "admin")


def test_what_the_id_token_leaves_out_is_asked_for(client, provider):
    provider.person.claims = {}
    provider.userinfo = {"sub": "ash-1", **ASH}
    come_by_sso(client)
    assert who(client) == ("ash@kestrel.example", "viewer")
    provider.person.sub = "birch-1"  # the answer is about somebody else
    assert "did not say your e-mail address" in come_by_sso(client).text


def test_a_provider_in_trouble_gives_a_plain_page_and_the_password_still_works(client, provider, monkeypatch):
    monkeypatch.setattr(provider_module, "PATIENCE_S", 0.3)
    troubles = {
        "html": lambda: provider.html(9, "well-known"),
        "garbage": lambda: provider.garbage(9, "well-known"),
        "an error": lambda: provider.fail_next(9, 500, "well-known"),
        "slow": lambda: provider.slow(5, 9, "well-known"),
        "somewhere else": lambda: provider.redirect("http://127.0.0.1:1/", 9, "well-known"),
        "another issuer": lambda: provider.says.update(issuer="https://id.example.com"),
        "no door": lambda: provider.says.update(issuer=provider.url, token_endpoint="file:///etc/passwd"),
    }
    for name, trouble in troubles.items():
        sso.provider_at.cache_clear()
        provider.all_well()
        trouble()
        answer = client.get("/login/sso")
        assert (answer.status_code, "does not answer as it should" in answer.text) == (502, True), name
    assert client.get("/login/sso").status_code == 502
    answer = client.post("/login", data={"email": WREN, "password": "correct horse"})
    assert answer.status_code == 303


def test_trouble_on_the_way_back_gives_a_plain_page_too(client, provider):
    for path in ("token", "keys"):
        for trouble in (provider.hang_up, provider.html, provider.garbage, provider.fail_next):
            sso.provider_at.cache_clear()
            back = leave(client)
            trouble(path=path)
            answer = client.get(back)
            assert (answer.status_code, "does not answer as it should" in answer.text) == (502, True), (path, trouble)
    back = urlsplit(leave(client))
    answer = client.get(f"{back.path}?error=access_denied&error_description=%3Cb%3E&{back.query.split('&')[-1]}")
    assert (answer.status_code, "did not sign you in" in answer.text, "<b>" in answer.text) == (403, True, False)


def test_without_single_sign_on_there_is_no_button_and_nothing_behind_it(client):
    assert "/login/sso" not in client.get("/login").text
    assert client.get("/login/sso").status_code == 404
    assert client.get("/login/sso/callback?code=x&state=y").status_code == 404
