"""Keys over the API: made, shown once, listed, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import KEY, NOW


@pytest.fixture
def make(client):
    def post(**body):
        return client.post("/api/v1/keys", json={"name": "wall", "scopes": ["read"]} | body, headers=KEY)

    return post


def bearer(made) -> dict[str, str]:
    return {"Authorization": f"Bearer {made.json()['key']}"}


def test_a_key_is_shown_once_works_and_is_listed_without_itself(client, get, make):
    made = make()
    assert made.status_code == 201
    assert client.get("/api/v1/runs", headers=bearer(made)).status_code == 200
    [listed] = get("/api/v1/keys")["items"]
    assert "key" not in listed
    assert made.json()["key"].startswith(listed["prefix"])
    assert (listed["made_by"], listed["scopes"], listed["active"]) == ("API_KEY", ["read"], True)
    assert listed["last_used_at"] is not None
    assert get(f"/api/v1/keys/{listed['id']}") == listed


def test_a_revoked_key_is_refused_with_the_next_request(client, make):
    made = make()
    assert client.get("/api/v1/runs", headers=bearer(made)).status_code == 200
    assert client.delete(f"/api/v1/keys/{made.json()['id']}", headers=KEY).status_code == 204
    assert client.get("/api/v1/runs", headers=bearer(made)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "a\u0000b"},
        {"scopes": []},
        {"scopes": ["operate"]},
        {"expires_at": (NOW - timedelta(hours=1)).isoformat()},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(make, body):
    assert make(**body).status_code == 422


def test_a_key_of_another_scope_sees_and_makes_none(client, make):
    reader = bearer(make(scopes=["read", "ingest"]))
    assert client.get("/api/v1/keys", headers=reader).status_code == 403
    assert client.post("/api/v1/keys", json={}, headers=reader).status_code == 403
    assert client.delete("/api/v1/keys/1", headers=reader).status_code == 403


def test_pages_of_keys_follow_each_other(client, get, make):
    ids = [make(name=f"key {n}").json()["id"] for n in range(3)]
    first = get("/api/v1/keys", limit=2)
    second = get("/api/v1/keys", limit=2, cursor=first["next"])
    assert [line["id"] for line in (*first["items"], *second["items"])] == ids[::-1]
    assert second["next"] is None
    assert client.get("/api/v1/keys/999", headers=KEY).status_code == 404
