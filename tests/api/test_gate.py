"""Who may see a page, open the page's socket, and what every answer carries."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from cicd_health import access, settings
from tests.api.conftest import KEY, NOW


@pytest.fixture
def public(configured, monkeypatch) -> None:
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/12", "/index.html", "/_upload", "/_health"])
def test_a_page_without_a_session_leads_to_the_sign_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


def test_after_signing_in_the_visitor_comes_back_to_the_page_that_was_asked(client):
    answer = client.get("/runs?branch=fix%2Frefunds&q=a%26b")
    assert answer.headers["location"] == "/login?next=/runs%3Fbranch%3Dfix%252Frefunds%26q%3Da%2526b"


def test_a_signed_in_browser_sees_the_page(session):
    assert "a page" in session.get("/runs/12").text


def test_signing_out_closes_the_page_at_once(session):
    assert session.get("/").status_code == 200
    session.post("/logout")
    assert session.get("/").status_code == 303


def test_everybody_sees_the_page_under_public_read(public, client):
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/runs").status_code == 200


def test_under_public_read_a_wrong_key_is_still_wrong_and_nobody_may_write(public, client):
    assert client.get("/api/v1/runs", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.post("/api/v1/deliveries/1/replay").status_code == 403
    assert client.post("/api/v1/ingest", json=[]).status_code == 403


@pytest.mark.parametrize(
    "path", ["/assets/index-1a2b.js", "/tokens.css", "/favicon.svg", "/docs/swagger-ui.css", "/ping"]
)
def test_files_of_the_page_are_open(client, path):
    assert client.get(path).status_code == 200


def connect(client, **headers: str) -> str:
    with client.websocket_connect("/_event/?token=x", headers=headers) as socket:
        return socket.receive_text()


def test_the_pages_socket_is_refused_before_it_opens(client):
    with pytest.raises(WebSocketDisconnect) as refused:
        connect(client)
    assert refused.value.code == 4401


def test_the_pages_socket_opens_for_a_session_from_our_own_page_only(session):
    assert connect(session) == "hydrated"
    assert connect(session, Origin="http://testserver") == "hydrated"
    for origin in ("https://evil.example", "http://testserver.evil.example", "null", ""):
        with pytest.raises(WebSocketDisconnect):
            connect(session, Origin=origin)


def test_the_pages_socket_opens_from_the_public_address_and_not_from_pages_that_may_use_keys(session, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://ci.kestrel.example")
    monkeypatch.setenv("ALLOW_ORIGINS", "https://wiki.kestrel.example")
    settings.get.cache_clear()
    assert connect(session, Origin="https://ci.kestrel.example") == "hydrated"
    with pytest.raises(WebSocketDisconnect):
        connect(session, Origin="https://wiki.kestrel.example")


@pytest.mark.parametrize(
    ("origin", "forwarded"),
    [
        ("https://ci.kestrel.example", {"X-Forwarded-Host": "ci.kestrel.example"}),
        ("https://ci.kestrel.example:8443", {"X-Forwarded-Host": "CI.kestrel.example:8443, inner:3000"}),
        ("https://ci.kestrel.example:8443", {"X-Forwarded-Host": "ci.kestrel.example", "X-Forwarded-Port": "8443"}),
        ("http://192.168.1.7:8080", {"Host": "192.168.1.7:8080"}),
    ],
)
def test_the_pages_socket_opens_under_whatever_address_the_page_was_loaded_from(session, origin, forwarded):
    headers = forwarded | {"Cookie": f"{access.COOKIE}={session.cookies[access.COOKIE]}"}
    assert connect(session, Origin=origin, **headers) == "hydrated"
    for other in ("https://evil.example", "http://[", "https://"):
        with pytest.raises(WebSocketDisconnect):
            connect(session, Origin=other, **headers)


def test_a_foreign_page_is_refused_under_public_read_too(public, client):
    assert connect(client) == "hydrated"
    with pytest.raises(WebSocketDisconnect):
        connect(client, Origin="https://evil.example")


def test_the_sockets_transport_over_http_is_guarded_as_well(client):
    assert client.get("/_event/?EIO=4&transport=polling").status_code == 401
    assert client.post("/_event/?EIO=4&transport=polling").status_code == 401


@pytest.mark.parametrize("path", ["/login", "/api/v1/runs", "/nobody/knows", "/health"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_built_files_are_kept_for_ever_pages_asked_for_again_and_answers_never_kept(session):
    assert session.get("/assets/index-1a2b.js").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert session.get("/").headers["cache-control"] == "no-cache"
    assert session.get("/api/v1/runs").headers["cache-control"] == "private, no-cache"
    assert session.get("/login").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/runs", "/api/v1/nothing", "/webhooks", "/metrics/x"])
def test_an_unknown_path_of_the_api_is_a_problem_and_never_a_page(session, path):
    answer = session.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_bug_is_answered_without_its_stack(everything, monkeypatch):
    def broken(*_args):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("cicd_health.api.runs.run_page", broken)
    with TestClient(everything, raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/runs", headers=KEY)
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert "secret detail" not in answer.text


def test_a_session_ends_after_thirty_days_without_use(client):
    token = access.use_link(access.new_link(NOW), "127.0.0.1", "a browser", NOW - timedelta(days=31))
    client.cookies.set(access.COOKIE, str(token))
    assert client.get("/").status_code == 303
