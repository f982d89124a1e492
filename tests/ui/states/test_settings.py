"""What the settings page reads and what its buttons do, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cicd_health import access
from cicd_health.ui.routes import AskedSettings
from cicd_health.ui.states import account, api_keys, people
from cicd_health.ui.states import settings as page

ZONE = ZoneInfo("UTC")
ADMIN = "admin@kestrel.example"
PASSWORD = "correct horse battery"


def signed_in() -> tuple[access.Person, str]:
    """The administrator, and the Cookie header of their browser."""
    now = datetime.now(UTC)
    access.ensure_admin(ADMIN, PASSWORD, now)
    token = access.use_link(access.new_link(now), "10.0.0.7", "Firefox/140.0", now)
    person = access.may_use(f"{access.COOKIE}={token}", now)
    assert person is not None
    return person, f"{access.COOKIE}={token}"


def test_everything_about_people_and_keys_is_read(database):
    person, _ = signed_in()

    def load(tab: str) -> page.View:
        return page.load(AskedSettings(tab=tab), tab, person, ZONE)

    token, said = people.made(lambda now: access.invite("wren@kestrel.example", "viewer", now).token)
    assert said == ""
    assert people.address_of(token).endswith(f"/login/link?token={token}")
    assert [(row.email, row.state) for row in load("people").people] == [
        (ADMIN, "active"),
        ("wren@kestrel.example", "invited"),
    ]

    key, said = api_keys.created({"name": "nightly", "scope.read": "on", "scope.ingest": "on", "lasts": "30"})
    assert said == ""
    assert key.startswith("cicd_")
    [row] = load("keys").keys
    assert (row.name, row.scopes, row.on) == ("nightly", "ingest, read", True)
    assert key not in str(row)
    assert api_keys.revoked(int(row.key)) == ""
    assert load("keys").keys[0].mark.word == "Revoked"
    assert api_keys.revoked(99) == api_keys.GONE

    [session] = load("you").sessions
    assert (session.here, session.browser, session.method) == (True, "Firefox", "one-time link")
    actions = {row.action for row in load("audit").audit.rows}
    assert {"User: invited", "Key: created", "Key: revoked", "Session: started"} <= actions
    assert load("server").server.facts[0].label == "Database"


def test_what_cannot_be_done_is_said_in_a_sentence(database):
    person, _ = signed_in()
    assert person.user_id is not None
    assert people.made(lambda now: access.invite(ADMIN, "viewer", now))[1] != ""
    assert people.made(lambda now: access.change_user(person.user_id or 0, now, role="viewer"))[1] != ""
    assert people.made(lambda now: access.change_user(99, now, role="viewer"))[1] == people.GONE
    assert api_keys.created({"name": "x", "lasts": "30"})[1] == "Choose at least one thing that it may do."
    assert api_keys.created({"name": "x", "scope.read": "on", "lasts": "9"})[1] == "Choose for how long it is to work."
    assert api_keys.created({"name": "", "scope.read": "on", "lasts": "30"})[1] != ""


def test_a_new_password_ends_the_other_sessions_and_not_this_one(database):
    person, cookie = signed_in()
    _, other = signed_in()
    token = access.session_token(cookie) or ""
    wrong = {"old": "wrong", "new": "another long one", "again": "another long one"}
    assert account.changed(wrong, person, token).tone == "fail"
    assert account.changed({**wrong, "again": "different"}, person, token).text.startswith("The new password was typed")
    note = account.changed({**wrong, "old": PASSWORD}, person, token)
    assert (note.tone, note.done) == ("ok", True)
    now = datetime.now(UTC)
    assert access.may_use(cookie, now) is not None
    assert access.may_use(other, now) is None
