"""Users: invited, changed, disabled; their links, passwords and sessions, on a real database."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import access
from cicd_health.access import User
from cicd_health.access.tokens import Recent
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADMIN, PASSWORD, WREN = "root@kestrel.example", "correct horse", "wren@kestrel.example"
HERE = ("10.0.0.1", "a browser")


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    access.forget_attempts()


@pytest.fixture
def admin(database: sa.Engine) -> int:
    """The id of the first administrator."""
    access.forget_people()
    access.ensure_admin(ADMIN, PASSWORD, NOW)
    return of(ADMIN).id


def of(email: str) -> User:
    return next(user for user in access.users(NOW) if user.email == email)


def come_in(email: str, role: str = "viewer", password: str = "a long password") -> tuple[int, str]:
    """Invite somebody who chooses a password: their id, and the token of their session."""
    invitation = access.invite(email, role, NOW)
    token = access.set_first_password(invitation.token, password, *HERE, NOW)
    assert token
    return invitation.user_id, token


def notes() -> list[tuple[str, str, str]]:
    """Action, subject and who, the oldest first."""
    with engine.reading() as session:
        found = audit.entries(session, audit.AuditFilter(), limit=100)
    return [(note["action"], note["subject"], note["who"]) for note in reversed(found)]


def test_who_is_invited_chooses_a_password_and_is_in(admin):
    invitation = access.invite(" Wren@Kestrel.example", "operator", NOW, "Wren  Alder")
    assert (of(WREN).state, of(WREN).name, of(WREN).role) == ("invited", "Wren Alder", "operator")
    for weak in ("short", WREN, "x" * 1001):
        with pytest.raises(ValueError, match="The password must"):
            access.set_first_password(invitation.token, weak, *HERE, NOW)
    token = access.set_first_password(invitation.token, "a long password", *HERE, NOW)
    person = access.who(token or "", NOW)
    assert person is not None
    assert (person.email, person.role) == (WREN, "operator")
    assert (of(WREN).state, of(WREN).sessions, of(WREN).last_seen_at) == ("active", 1, NOW)
    assert access.look_at_link(invitation.token, NOW) is None
    assert access.set_first_password(invitation.token, "another password", *HERE, NOW) is None
    assert access.sign_in(WREN, "a long password", *HERE, NOW)


def test_an_invitation_holds_for_seven_days_and_a_new_link_ends_the_one_before(admin):
    first = access.invite(WREN, "viewer", NOW)
    assert access.look_at_link(first.token, NOW + timedelta(days=6))
    assert access.look_at_link(first.token, NOW + timedelta(days=7)) is None
    second = access.new_link_for(first.user_id, NOW)
    assert access.look_at_link(first.token, NOW) is None
    found = access.look_at_link(second, NOW)
    assert found is not None
    assert (found.email, found.purpose) == (WREN, access.INVITE)


def test_the_link_printed_at_the_start_sets_no_password(admin):
    assert access.set_first_password(access.new_link(NOW), "a long password", *HERE, NOW) is None


def test_nobody_is_invited_twice_or_as_nonsense(admin):
    access.invite(WREN, "viewer", NOW)
    for email, role in ((WREN.upper(), "viewer"), ("wren", "viewer"), ("a b@c", "viewer"), ("x@y", "owner")):
        with pytest.raises(ValueError, match=r"already|not an e-mail address|A role is one of"):
            access.invite(email, role, NOW)
    with pytest.raises(LookupError):
        access.change_user(4711, NOW, role="viewer")
    assert len(access.users()) == 2


def test_the_last_administrator_stays_one(admin):
    access.invite(WREN, "admin", NOW)  # who has not come yet, and could not put things right
    for change in ({"disabled": True}, {"role": "viewer"}):
        with pytest.raises(ValueError, match="the last administrator"):
            access.change_user(admin, NOW, **change)
    come_in("ash@kestrel.example", "admin")
    access.change_user(admin, NOW, role="viewer")
    assert of(ADMIN).role == "viewer"


def test_two_administrators_who_demote_each_other_at_once_leave_one(admin):
    other, _ = come_in(WREN, "admin")
    start, refused = threading.Barrier(2), []

    def demote(user_id: int) -> None:
        start.wait()
        try:
            access.change_user(user_id, NOW, role="viewer")
        except ValueError:
            refused.append(user_id)

    threads = [threading.Thread(target=demote, args=(user_id,)) for user_id in (admin, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [user.role for user in access.users()].count("admin") == 1


def test_who_is_disabled_is_out_at_once_and_comes_back_by_signing_in_only(admin):
    user_id, token = come_in(WREN)
    link = access.new_link_for(user_id, NOW)
    assert access.who(token, NOW)
    access.change_user(user_id, NOW, disabled=True)
    assert access.who(token, NOW) is None
    assert of(WREN).state == "disabled"
    assert access.sign_in(WREN, "a long password", *HERE, NOW) is None
    access.change_user(user_id, NOW, disabled=False)
    assert access.who(token, NOW) is None
    assert access.look_at_link(link, NOW) is None
    assert access.sign_in(WREN, "a long password", *HERE, NOW)


def test_another_role_holds_at_once_and_is_announced(admin):
    user_id, token = come_in(WREN)
    assert access.who(token, NOW)
    told: list[tuple[frozenset[str], str]] = []

    def listen(topics: frozenset[str]) -> None:
        person = access.who(token, NOW)
        told.append((topics, person.role if person else ""))

    stop = engine.subscribe(listen)
    access.change_user(user_id, NOW, role="operator")
    stop()
    assert told == [(frozenset({access.TOPIC, "audit"}), "operator")]


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(admin):
    user_id, token = come_in(WREN)
    elsewhere = access.sign_in(WREN, "a long password", *HERE, NOW) or ""
    for old, new, why in (("wrong", "a new password", "old password is wrong"), ("a long password", "x", "at least")):
        with pytest.raises(ValueError, match=why):
            access.change_password(user_id, old, new, NOW, keep_token=token)
    access.change_password(user_id, "a long password", "a new password", NOW, keep_token=token)
    assert access.who(token, NOW)
    assert access.who(elsewhere, NOW) is None
    assert access.sign_in(WREN, "a long password", *HERE, NOW) is None
    assert access.sign_in(WREN, "a new password", *HERE, NOW)


def test_who_signs_in_while_the_password_is_changed_is_not_in_by_the_old_one(admin, database):
    wren, _ = come_in(WREN)
    changing = [wren]

    def change(*seen):  # after the old password was read, before it is found right
        if changing and "FROM sessions" in seen[2]:
            access.reset_password(changing.pop(), "another password", NOW)

    sa.event.listen(database, "after_cursor_execute", change)
    assert access.sign_in(WREN, "a long password", *HERE, NOW) is None
    assert not changing
    assert access.sessions_of(wren, NOW) == []
    assert access.sign_in(WREN, "another password", *HERE, NOW)


def test_the_old_password_cannot_be_guessed(admin):
    user_id, _ = come_in(WREN)
    for _ in range(5):
        with pytest.raises(ValueError, match="wrong"):
            access.change_password(user_id, "guess", "a new password", NOW)
    with pytest.raises(access.TooManyAttempts):
        access.change_password(user_id, "a long password", "a new password", NOW)


def test_sessions_are_listed_and_ended_by_their_owner_only(admin):
    user_id, token = come_in(WREN)
    other = access.sign_in(WREN, "a long password", "10.0.0.2", "a phone", NOW + timedelta(minutes=1)) or ""
    latest, first = access.sessions_of(user_id, NOW + timedelta(minutes=1))
    assert (latest.address, latest.user_agent, latest.method) == ("10.0.0.2", "a phone", "password")
    assert first.method == "link"
    with pytest.raises(LookupError):
        access.revoke_session(latest.id, NOW, user_id=admin)
    access.revoke_session(latest.id, NOW + timedelta(minutes=1), user_id=user_id)
    assert access.who(other, NOW + timedelta(minutes=1)) is None
    assert access.revoke_sessions(user_id, NOW + timedelta(minutes=1), but_token=token) == 0
    assert access.who(token, NOW + timedelta(minutes=1))
    assert access.revoke_sessions(user_id, NOW + timedelta(minutes=1)) == 1
    assert access.who(token, NOW + timedelta(minutes=1)) is None


def test_an_ending_is_not_undone_by_who_looked_a_moment_before():
    recent = Recent[str]()
    began = recent.forgotten
    recent.clear()
    recent.put("a token", "somebody", NOW, began)
    assert recent.get("a token", NOW) is None


def test_a_generated_password_never_replaces_the_one_somebody_has(admin):
    access.ensure_admin(ADMIN, "generated elsewhere", NOW, replace=False)
    assert access.sign_in(ADMIN, PASSWORD, *HERE, NOW)
    access.ensure_admin(ADMIN, "set on purpose", NOW)
    assert access.sign_in(ADMIN, "set on purpose", *HERE, NOW)


def test_the_first_administrator_stays_disabled_while_others_administer_and_is_needed_without_them(admin):
    other, _ = come_in(WREN, "admin")
    access.change_user(admin, NOW, disabled=True)
    access.ensure_admin(ADMIN, PASSWORD, NOW)
    assert of(ADMIN).state == "disabled"
    with engine.writing() as session:
        session.connection().execute(sa.text("UPDATE users SET role = 'viewer' WHERE id = :id"), {"id": other})
    access.ensure_admin(ADMIN, PASSWORD, NOW)
    assert (of(ADMIN).state, of(ADMIN).role) == ("active", "admin")


def test_what_is_done_to_people_is_written_down_with_who_did_it(admin):
    with acting(Actor(ADMIN, Via.PAGE, "10.0.0.9", admin)):
        user_id, _ = come_in(WREN)
        access.change_user(user_id, NOW, role="operator", name="Wren")
        access.change_user(user_id, NOW, role="operator")  # it is that already
        access.change_user(user_id, NOW, disabled=True)
        access.change_user(user_id, NOW, disabled=False)
        access.reset_password(user_id, "yet another one", NOW)
    assert notes()[1:] == [
        ("user.invited", WREN, ADMIN),
        ("user.password_changed", WREN, WREN),
        ("session.started", WREN, WREN),
        ("user.changed", WREN, ADMIN),
        ("user.disabled", WREN, ADMIN),
        ("user.enabled", WREN, ADMIN),
        ("user.password_changed", WREN, ADMIN),
    ]


def test_an_address_that_tries_too_often_is_written_down_once(admin):
    for _ in range(8):
        with suppress(access.TooManyAttempts):
            access.sign_in(ADMIN, "guess", *HERE, NOW)
    assert [note for note in notes() if note[0] == "sign_in.refused"] == [("sign_in.refused", ADMIN, "nobody")]
