"""People, keys, sessions, the audit log and the settings as the page says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cicd_health import settings
from cicd_health.access import KeyLine, Person, SessionLine, User
from cicd_health.ui.routes import AskedSettings
from cicd_health.ui.settings_view import account, audit, head, keys, people, server

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def user(number: int = 1, role: str = "viewer", state: str = "active", **more) -> User:
    usual = {"email": f"p{number}@kestrel.example", "name": "", "sso": False, "created_at": NOW, "last_seen_at": None}
    return User(id=number, role=role, state=state, **{**usual, "sessions": 0, **more})


def test_the_first_line_counts_who_may_sign_in():
    assert people.sentence([user(1, "admin")]) == "1 person may sign in"
    three = [user(1, "admin"), user(2), user(3, "admin"), user(4, state="invited"), user(5, "admin", "disabled")]
    assert people.sentence(three) == "3 people may sign in, 2 of them administrators"
    assert people.sub(three) == "1 invited, 1 disabled"


def test_a_person_says_when_they_were_seen():
    seen, never = people.listed([user(last_seen_at=NOW - timedelta(minutes=9), sessions=2), user(2)], NOW, ZONE)
    assert (seen.seen, seen.sessions, seen.role_word) == ("9 min ago", "2", "Viewer")
    assert (never.seen, never.sessions) == ("never", "–")


def key(number: int = 1, **more) -> KeyLine:
    usual: dict[str, Any] = {
        "name": f"key {number}",
        "prefix": "cicd_abc",
        "scopes": ("read",),
        "made_by": "wren@kestrel.example",
    }
    ends: dict[str, Any] = {
        "created_at": NOW,
        "last_used_at": None,
        "last_used_from": None,
        "expires_at": None,
        "revoked_at": None,
    }
    values: dict[str, Any] = {"id": number} | usual | ends | more
    return KeyLine(**values)


def test_keys_that_work_stand_first_and_those_that_end_soon_say_so():
    lines = [
        key(1, revoked_at=NOW),
        key(2, expires_at=NOW),
        key(3, expires_at=NOW + timedelta(days=3)),
        key(4, last_used_at=NOW - timedelta(hours=3), last_used_from="10.0.0.7"),
        key(5),
    ]
    rows = keys.listed(lines, NOW, ZONE)
    words = ["Ends soon", "Works", "Not used yet", "Revoked", "Expired"]
    assert [row.mark.word for row in rows] == words
    assert [row.on for row in rows] == [True, True, True, False, False]
    assert (rows[1].used, rows[1].used_from, rows[0].ends) == ("3 h ago", "10.0.0.7", "5 Mar 2026")
    assert keys.sentence(rows) == "3 keys work"
    assert keys.sentence([]) == "No key works"


def test_a_key_says_whether_who_made_it_is_still_here():
    here, gone = keys.listed([key(1), key(2, maker_disabled=True)], NOW, ZONE)
    assert here.made.endswith("by wren@kestrel.example")
    assert gone.made.endswith("by wren@kestrel.example (disabled)")


def test_a_key_works_for_one_of_the_lengths_that_are_offered():
    assert keys.ends_at("30", NOW) == NOW + timedelta(days=30)
    assert keys.ends_at("", NOW) is None
    with pytest.raises(ValueError, match="how long"):
        keys.ends_at("36500", NOW)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/17 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0 Safari/537.36", "Chrome on Linux"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_told_by_its_name_and_system(agent: str, name: str):
    assert account.browser(agent) == name


def test_the_session_that_looks_stands_first():
    lines = [SessionLine(n, NOW - timedelta(days=n), NOW - timedelta(hours=n), "10.0.0.7", "", "sso") for n in (1, 2)]
    rows = account.listed(lines, 2, NOW, ZONE)
    assert [(row.key, row.here, row.seen) for row in rows] == [("2", True, "now"), ("1", False, "1 h ago")]
    assert rows[0].method == "single sign-on"
    assert account.sub(Person(1, "wren@kestrel.example", "operator")).startswith("Operator. Looks, and acknowledges")


def entry(number: int, **more):
    usual = {"who": "wren@kestrel.example", "via": "page", "address": "10.0.0.7", "action": "user.password_changed"}
    return {"id": number, "at": NOW - timedelta(hours=number), "subject": "x", "detail": {}, **usual, **more}


def test_the_audit_log_is_told_in_words_and_pages_on():
    page = audit.view([entry(n) for n in range(1, audit.PAGE + 2)], AskedSettings(tab="audit", q="x"), NOW, ZONE)
    assert len(page.rows) == audit.PAGE
    assert page.rows[0].action == "User: password changed"
    assert page.rows[0].where == "10.0.0.7"
    assert (page.rows[0].when, page.rows[20].when) == ("11:00:00", "1 Mar 15:00")
    assert page.older.startswith("/settings?tab=audit&q=x&before=")
    assert page.newest == ""
    assert audit.view([], AskedSettings(tab="audit"), NOW, ZONE).nothing == "Nothing has been changed yet"


def test_what_changed_is_said_shortly():
    assert (
        audit.detail({"role": ["viewer", "admin"], "disabled": True, "name": None})
        == "role viewer, admin, disabled yes"
    )
    assert audit.detail({"expires_at": "2027-02-20 02:23:20.024+00:00"}) == "expires at 2027-02-20 02:23"
    assert len(audit.detail({"words": "x" * 5000})) < 400
    assert audit._row(entry(1, via="command", address=None), NOW, ZONE).where == "command line"


def test_settings_are_shown_without_their_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path):
    chosen = settings.read(
        {
            "DATA_DIR": str(tmp_path),
            "GITHUB_TOKEN": "ghp_secret",
            "DATABASE_URL": "postgresql://wren:pw_secret@db/ci",
            "REDIS_URL": "redis://:pw_secret@redis:6379/0",
            "PUBLIC_READ": "true",
            "APPRISE_URLS": "json://pw_secret@host/path",
        }
    )
    shown = server.view(chosen, "postgresql", 3_100_000_000)
    by_name = {row.name: row for row in shown.rows}
    assert "ghp_secret" not in str(shown)
    assert "pw_secret" not in str(shown)
    assert (by_name["GITHUB_TOKEN"].value, by_name["GITHUB_TOKEN"].given) == ("set, never shown", True)
    assert by_name["SECRET_KEY"].value == "generated"
    assert by_name["DATABASE_URL"].value == "postgresql://****@db/ci"
    assert (by_name["PUBLIC_READ"].value, by_name["POLL_INTERVAL_MINUTES"].given) == ("true", False)
    facts = {fact.label: fact.value for fact in shown.facts}
    assert (facts["Database"], facts["Runs kept"]) == ("PostgreSQL, 3.1 GB", "730 days")
    assert not list(tmp_path.iterdir())  # looking makes no secret


@pytest.mark.parametrize(("size", "words"), [(0, "0.0 MB"), (400_000, "0.4 MB"), (12_300_000, "12 MB")])
def test_a_size_is_told_in_few_digits(size: int, words: str):
    assert server.megabytes(size) == words


@pytest.mark.parametrize(
    ("role", "asked", "shown"),
    [
        ("admin", "", "people"),
        ("admin", "audit", "audit"),
        ("operator", "audit", "you"),
        ("viewer", "", "you"),
        ("visitor", "keys", "visitor"),
    ],
)
def test_only_administrators_choose_a_tab(role: str, asked: str, shown: str):
    assert head.tab_of(AskedSettings(tab=asked), role) == shown
