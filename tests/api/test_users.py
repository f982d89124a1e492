"""People, one's own account and the audit log over the API."""

from typing import Any

import pytest

from cicd_health import access, settings
from tests.api.conftest import KEY, NOW

ASH = "ash@kestrel.example"


@pytest.fixture(autouse=True)
def fresh():
    access.forget_attempts()
    access.forget_people()


def invite(client: Any, email: str = ASH, role: str = "operator") -> tuple[int, str]:
    """Somebody who has chosen a password: their id, and the token of their session."""
    answer = client.post("/api/v1/users", json={"email": email, "role": role}, headers=KEY)
    assert answer.status_code == 201, answer.text
    token = answer.json()["link"].removeprefix(f"{settings.get().public_url}/login/link?token=")
    return answer.json()["user_id"], access.set_first_password(token, "a long password", "10.0.0.7", "phone", NOW) or ""


def test_people_are_invited_changed_and_disabled(client, get):
    user_id, token = invite(client)
    assert client.post("/api/v1/users", json={"email": ASH.upper()}, headers=KEY).status_code == 409
    assert client.post("/api/v1/users", json={"email": "ash"}, headers=KEY).status_code == 422
    assert client.post("/api/v1/users", json={"email": "x@y", "role": "owner"}, headers=KEY).status_code == 422
    changed = client.patch(f"/api/v1/users/{user_id}", json={"role": "viewer", "name": "Ash"}, headers=KEY).json()
    assert (changed["role"], changed["name"], changed["state"], changed["sessions"]) == ("viewer", "Ash", "active", 1)
    link = client.post(f"/api/v1/users/{user_id}/link", headers=KEY)
    assert (link.status_code, "/login/link?token=" in link.json()["link"]) == (201, True)
    assert client.patch(f"/api/v1/users/{user_id}", json={"disabled": True}, headers=KEY).json()["state"] == "disabled"
    assert access.who(token, NOW) is None
    assert client.post(f"/api/v1/users/{user_id}/link", headers=KEY).status_code == 409
    first = next(user for user in get("/api/v1/users")["items"] if user["role"] == "admin")
    last = client.patch(f"/api/v1/users/{first['id']}", json={"disabled": True}, headers=KEY)
    assert (last.status_code, "last administrator" in last.json()["detail"]) == (409, True)
    assert client.get("/api/v1/users/4711", headers=KEY).status_code == 404
    page = get("/api/v1/users", limit=1)
    assert page["items"][0]["email"] == ASH
    assert [user["id"] for user in get("/api/v1/users", limit=1, cursor=page["next"])["items"]] == [first["id"]]


def test_sessions_are_listed_and_ended(client, get):
    user_id, token = invite(client)
    (line,) = get(f"/api/v1/users/{user_id}/sessions")["items"]
    assert (line["address"], line["user_agent"], line["method"]) == ("10.0.0.7", "phone", "link")
    assert client.delete(f"/api/v1/sessions/{line['id']}", headers=KEY).status_code == 204
    assert client.delete(f"/api/v1/sessions/{line['id']}", headers=KEY).status_code == 404
    assert access.who(token, NOW) is None
    assert client.delete(f"/api/v1/users/{user_id}/sessions", headers=KEY).status_code == 204
    assert client.delete("/api/v1/users/4711/sessions", headers=KEY).status_code == 404


def test_a_person_has_a_password_and_sessions_of_their_own(client):
    _, token = invite(client)
    other = access.sign_in(ASH, "a long password", "10.0.0.8", "laptop", NOW) or ""
    client.cookies.set(access.COOKIE, token)
    me = client.get("/api/v1/me").json()
    assert (me["who"], me["role"], me["scopes"]) == (ASH, "operator", ["operate", "read"])
    lines = client.get("/api/v1/me/sessions").json()["items"]
    assert {line["user_agent"]: line["current"] for line in lines} == {"phone": True, "laptop": False}
    change = {"old": "wrong", "new": "another password"}
    assert client.post("/api/v1/me/password", json=change).status_code == 422
    assert client.post("/api/v1/me/password", json=change | {"old": "a long password"}).status_code == 204
    assert access.who(other, NOW) is None
    (mine,) = client.get("/api/v1/me/sessions").json()["items"]
    assert client.get("/api/v1/users").status_code == 403
    assert client.delete(f"/api/v1/me/sessions/{mine['id']}").status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_a_key_is_told_who_it_is_and_has_no_password(client, session):
    key = {"Authorization": f"Bearer {access.create_key('a script', ['read'], NOW).key}"}
    me = client.get("/api/v1/me", headers=key).json()
    assert me == {"who": "key a script", "role": None, "scopes": ["read"], "user_id": None}
    assert client.get("/api/v1/me/sessions", headers=key).status_code == 403
    change = {"old": "correct horse", "new": "another password"}
    assert client.post("/api/v1/me/password", json=change, headers=key).status_code == 403
    assert "ADMIN_PASSWORD" in client.post("/api/v1/me/password", json=change).json()["detail"]


def test_the_audit_log_says_who_did_what_from_where(client, get):
    user_id, _ = invite(client)
    client.patch(f"/api/v1/users/{user_id}", json={"role": "viewer"}, headers=KEY)
    entry = get("/api/v1/audit", action="user.changed")["items"][0]
    assert (entry["who"], entry["via"], entry["address"]) == ("API_KEY", "api", "testclient")
    assert (entry["subject"], entry["detail"]) == (ASH, {"role": ["operator", "viewer"]})
    every, cursor = [], None
    while True:
        page = get("/api/v1/audit", limit=2, **({"cursor": cursor} if cursor else {}))
        every += [entry["action"] for entry in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert every == [entry["action"] for entry in get("/api/v1/audit")["items"]]
    assert {"user.changed", "session.started", "user.password_changed", "user.invited"} <= set(every)
    assert {one["who"] for one in get("/api/v1/audit", q="ASH", who=ASH)["items"]} == {ASH}
