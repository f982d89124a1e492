"""Signing in with a password or the printed link, and out."""

from datetime import UTC, datetime

import pytest

from cicd_health import access, settings
from cicd_health.api.session_cookie import local
from cicd_health.api.sign_in import in_words
from tests.api.conftest import NOW

RIGHT = {"email": "wren@kestrel.example", "password": "correct horse"}


@pytest.fixture(autouse=True)
def fresh_throttle():
    access.forget_attempts()


def cookie_of(answer) -> str:
    return answer.headers.get("set-cookie", "")


def test_the_password_signs_in_and_leads_on(client):
    answer = client.post("/login", data=RIGHT | {"next": "/runs?q=x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?q=x")
    assert "a page" in client.get("/").text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, monkeypatch):
    cookie = cookie_of(client.post("/login", data=RIGHT))
    assert all(part in cookie for part in ("cicd_session=", "HttpOnly", "SameSite=lax", "Path=/"))
    assert "Secure" not in cookie
    monkeypatch.setenv("PUBLIC_URL", "https://ci.kestrel.example")
    settings.get.cache_clear()
    assert "Secure" in cookie_of(client.post("/login", data=RIGHT))


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"email": "nobody@kestrel.example"}, {"password": ""}, {"email": "\x00"}]
)
def test_a_wrong_password_or_user_is_told_the_same(client, wrong):
    answer = client.post("/login", data=RIGHT | wrong)
    assert answer.status_code == 401
    assert "E-mail or password is wrong." in answer.text
    assert cookie_of(answer) == ""


def test_the_address_is_the_same_in_capitals(client):
    assert client.post("/login", data=RIGHT | {"email": "Wren@Kestrel.example "}).status_code == 303


def test_after_five_wrong_attempts_this_user_has_to_wait_and_others_do_not(client):
    for _ in range(5):
        client.post("/login", data=RIGHT | {"password": "wrong"})
    answer = client.post("/login", data=RIGHT)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "Too many attempts. Wait" in answer.text
    assert client.post("/login", data=RIGHT | {"email": "other@kestrel.example"}).status_code == 401
    assert access.sign_in(**RIGHT, address="10.0.0.9", user_agent="", now=NOW)


def test_signing_in_well_does_not_use_up_attempts(client):
    for _ in range(7):
        assert client.post("/login", data=RIGHT).status_code == 303


def test_another_sites_form_is_refused(client):
    answer = client.post("/login", data=RIGHT, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, cookie_of(answer)) == (403, "")
    for nonsense in ("null", "http://[", "x"):
        assert client.post("/logout", headers={"Origin": nonsense}).status_code == 403


def test_what_was_typed_is_text(client):
    answer = client.post("/login", data=RIGHT | {"email": '"><script>alert(1)</script>', "next": '/"><b>'})
    assert "<script>alert(1)" not in answer.text
    assert '"><b>' not in answer.text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\nb",
        "/login",
        "//[",
        "http://[",
    ],
)
def test_a_link_to_us_never_leads_on_to_somebody_else(elsewhere):
    assert local(elsewhere) == "/"


def test_the_printed_link_signs_in_once(client):
    token = access.new_link(datetime.now(UTC))
    first = client.get(f"/login/link?token={token}")
    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert "a page" in client.get("/").text
    again = client.get(f"/login/link?token={token}")
    assert (again.status_code, cookie_of(again)) == (410, "")
    assert "has been used" in again.text


def test_looking_at_the_link_without_opening_it_does_not_use_it_up(client):
    token = access.new_link(datetime.now(UTC))
    assert client.head(f"/login/link?token={token}").status_code == 405
    assert client.get(f"/login/link?token={token}").status_code == 303


def test_who_is_signed_in_needs_no_form(session):
    answer = session.get("/login?next=/runs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")


def test_the_form_loads_nothing_from_elsewhere(client):
    text = client.get("/login").text
    assert "http://" not in text
    assert "https://" not in text
    assert "Visitors may not look without signing in" in text


def test_a_form_of_any_size_or_kind_is_answered(client):
    assert client.post("/login", content=b"x" * 30_000).status_code == 413
    assert client.post("/login", content=b"\xff\xfe").status_code == 400
    assert client.post("/login", content=b"").status_code == 401


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (40, "40 seconds"), (59, "a minute"), (61, "2 minutes"), (3600, "an hour")]
)
def test_a_wait_is_told_in_words(seconds, words):
    assert in_words(seconds) == words


def test_who_is_invited_chooses_a_password_without_any_script(client):
    token = access.invite("ash@kestrel.example", "viewer", NOW).token
    for _ in range(2):  # programs that look into mails open it first
        page = client.get(f"/login/link?token={token}")
        assert (page.status_code, "Choose a password" in page.text) == (200, True)
        assert "ash@kestrel.example" in page.text
        assert "without changing it" not in page.text
    weak = client.post("/login/link", data={"token": token, "password": "short"})
    assert (weak.status_code, "at least 10 characters" in weak.text, token in weak.text) == (422, True, True)
    none = client.post("/login/link", data={"token": token, "keep": "1"})
    assert none.status_code == 422
    answer = client.post("/login/link", data={"token": token, "password": "a long password"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "a page" in client.get("/").text
    again = client.post("/login/link", data={"token": token, "password": "a long password"})
    assert (again.status_code, "has been used" in again.text) == (410, True)


def test_who_has_a_password_may_keep_it(client):
    invitation = access.invite("ash@kestrel.example", "viewer", NOW)
    access.set_first_password(invitation.token, "a long password", "", "", NOW)
    token = access.new_link_for(invitation.user_id, NOW)
    assert "without changing it" in client.get(f"/login/link?token={token}").text
    assert client.post("/login/link", data={"token": token, "keep": "1"}).status_code == 303
    assert access.sign_in("ash@kestrel.example", "a long password", "", "", NOW)


def test_another_sites_form_chooses_no_password(client):
    token = access.invite("ash@kestrel.example", "viewer", NOW).token
    form = {"token": token, "password": "a long password"}
    assert client.post("/login/link", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert access.look_at_link(token, NOW)


def test_behind_a_trusted_proxy_each_visitor_has_an_address_of_their_own(client, monkeypatch):
    def attempts(**headers: str) -> list[int]:
        return [client.post("/login", data=RIGHT | {"password": "no"}, headers=headers).status_code for _ in range(6)]

    client._transport.client = ("10.0.0.1", 4711)
    assert attempts(**{"X-Forwarded-For": "203.0.113.1"})[-1] == 429
    assert attempts(**{"X-Forwarded-For": "203.0.113.2"})[0] == 429  # not believed
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8")
    settings.get.cache_clear()
    assert attempts(**{"X-Forwarded-For": "203.0.113.2"})[0] == 401
    assert client.post("/login", data=RIGHT, headers={"X-Forwarded-For": "203.0.113.3"}).status_code == 303
    (first, *_) = access.users()
    assert [line.address for line in access.sessions_of(first.id, NOW)] == ["203.0.113.3"]
