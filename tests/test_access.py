"""Users, sessions, links and keys, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from cicd_health import access, settings
from cicd_health.store import engine
from cicd_health.store.tables import ApiKeyRow, SessionRow, SignInLinkRow, UserRow

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
EMAIL, PASSWORD = "wren@kestrel.example", "correct horse"


@pytest.fixture(autouse=True)
def fresh_throttle():
    access.forget_attempts()


@pytest.fixture
def admin(database: sa.Engine) -> None:
    access.ensure_admin(EMAIL, PASSWORD, NOW)


def sign_in(password: str = PASSWORD, now: datetime = NOW, email: str = EMAIL) -> str | None:
    return access.sign_in(email, password, "10.0.0.1", "a browser", now)


def everything_kept() -> str:
    """Every value of the tables of access, to look for secrets in."""
    with engine.reading() as session:
        tables = (UserRow, SessionRow, SignInLinkRow, ApiKeyRow)
        return repr([row.model_dump() for table in tables for row in session.exec(select(table))])


def test_the_first_user_signs_in(admin):
    person = access.who(sign_in() or "", NOW)
    assert person is not None
    assert (person.email, person.role) == (EMAIL, "admin")
    assert person.scopes == {"read", "ingest", "operate", "admin"}


def test_a_second_start_makes_no_second_user_and_ends_no_session(admin):
    token = sign_in() or ""
    access.ensure_admin(EMAIL.upper(), PASSWORD, NOW)
    assert access.who(token, NOW + timedelta(minutes=1))


def test_another_password_in_the_settings_replaces_the_old_one_and_ends_its_sessions(admin):
    token = sign_in() or ""
    access.ensure_admin(EMAIL, "battery staple", NOW)
    assert access.who(token, NOW) is None
    assert sign_in() is None
    assert sign_in("battery staple")


def test_passwords_tokens_and_keys_are_not_in_the_database(admin):
    secrets = [PASSWORD, sign_in(), access.new_link(NOW), access.create_key("ci", ["read"], NOW).key]
    kept = everything_kept()
    assert not any(str(secret) in kept for secret in secrets)


def test_a_session_lasts_thirty_days_after_its_last_use(admin):
    token = sign_in() or ""
    assert access.who(token, NOW + timedelta(days=29))
    assert access.who(token, NOW + timedelta(days=58))
    assert access.who(token, NOW + timedelta(days=89)) is None


def test_a_person_is_remembered_for_seconds_only(admin):
    token = sign_in() or ""
    access.who(token, NOW)
    with engine.writing() as session:
        session.connection().execute(sa.update(UserRow).values(disabled_at=NOW))
    assert access.who(token, NOW + timedelta(seconds=5))
    assert access.who(token, NOW + timedelta(seconds=6)) is None


def test_signing_out_is_at_once(admin):
    token = sign_in() or ""
    access.who(token, NOW)
    access.sign_out(token, NOW)
    assert access.who(token, NOW) is None


def test_nobody_has_an_unknown_token(admin):
    assert access.who("no such token", NOW) is None


def test_a_link_holds_for_a_day_and_once(admin):
    first, second = access.new_link(NOW), access.new_link(NOW)
    assert access.use_link(first, "", "", NOW + timedelta(hours=23))
    assert access.use_link(first, "", "", NOW + timedelta(hours=23)) is None
    assert access.use_link(second, "", "", NOW + timedelta(hours=25)) is None


def test_without_an_administrator_there_is_no_link(database):
    with pytest.raises(LookupError):
        access.new_link(NOW)


@pytest.mark.parametrize(
    "header", [None, "", "theme=dark", "cicd_session=", "cicd_session=wrong", "xcicd_session=a; broken;;=,", "=\x00"]
)
def test_any_cookie_header_is_read_and_only_ours_counts(admin, header):
    assert access.may_use(header, NOW) is None


def test_our_cookie_counts_among_others(admin):
    person = access.may_use(f"theme=dark; cicd_session={sign_in()}; x=1", NOW)
    assert person is not None
    assert person.email == EMAIL


def test_under_public_read_everybody_is_at_least_a_visitor(admin, monkeypatch):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    visitor = access.may_use("cicd_session=wrong", NOW)
    assert visitor is not None
    assert (visitor.role, visitor.scopes) == ("visitor", {"read"})
    person = access.may_use(f"cicd_session={sign_in()}", NOW)
    assert person is not None
    assert person.role == "admin"


async def test_the_event_loop_gets_the_same_answer(admin):
    header = f"cicd_session={sign_in()}"
    assert await access.admit(header, NOW) == access.may_use(header, NOW)
    assert await access.admit("cicd_session=wrong", NOW) is None
    assert await access.admit(None, NOW) is None
