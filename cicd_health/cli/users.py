"""The commands about people."""

from __future__ import annotations

from typing import Annotated

import typer

from cicd_health import access, settings
from cicd_health.cli import banner
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, fail, now, one_sentence, print_json, tell
from cicd_health.cli.serving import new_link
from cicd_health.cli.table import moment, print_table

ROLES = "viewer, operator or admin"
Who = Annotated[str, typer.Argument(help="E-mail address of the user.")]
app = typer.Typer(help="People: who may sign in, and what they may do.", no_args_is_help=True)


def link(as_json: AsJson = False) -> None:
    """Print a new link that signs the administrator in, once, within 24 hours."""
    with one_sentence():
        migrate()
        _print_link(new_link(), as_json)


@app.command(name="list")
def list_users(as_json: AsJson = False) -> None:
    """List the people: role, state, when they were last seen, open sessions."""
    with one_sentence():
        migrate()
        found = access.users()
    if as_json:
        print_json({"users": [_facts(user) for user in found]})
        return
    rows = [(user.email, user.role, user.state, moment(user.last_seen_at), user.sessions) for user in found]
    print_table(("E-MAIL", "ROLE", "STATE", "LAST SEEN", "SESSIONS"), rows)


@app.command()
def invite(
    email: Who,
    role: Annotated[str, typer.Option(help=f"{ROLES}.")] = "viewer",
    name: Annotated[str, typer.Option(help="What the person is called.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a user, and print the link by which the person chooses a password; it is good for 7 days."""
    with one_sentence():
        migrate()
        try:
            invitation = access.invite(email, role, now(), name)
        except ValueError as error:
            fail(_sentence(error))
        _print_link(invitation.token, as_json)


@app.command(name="link")
def new_link_for(email: Who, as_json: AsJson = False) -> None:
    """Print a new one-time link for somebody: to choose a password after an invitation, else to sign in."""
    with one_sentence():
        user = _user(email)
        try:
            _print_link(access.new_link_for(user.id, now()), as_json)
        except ValueError as error:
            fail(_sentence(error))


@app.command()
def role(email: Who, new: Annotated[str, typer.Argument(help=f"{ROLES}.")], as_json: AsJson = False) -> None:
    """Give somebody another role; it holds at once."""
    _change(email, as_json, role=new)


@app.command()
def disable(email: Who, as_json: AsJson = False) -> None:
    """Keep somebody out: all sessions end at once, nothing that they did is lost."""
    _change(email, as_json, disabled=True)


@app.command()
def enable(email: Who, as_json: AsJson = False) -> None:
    """Let somebody in again."""
    _change(email, as_json, disabled=False)


@app.command()
def password(email: Who, as_json: AsJson = False) -> None:
    """Give somebody another password, which is asked for; all their sessions end."""
    with one_sentence():
        user = _user(email)
        new = typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
        try:
            access.reset_password(user.id, new, now())
        except ValueError as error:
            fail(_sentence(error))
    _say_user(email, as_json, "The password is changed.")


def _change(email: str, as_json: bool, *, role: str | None = None, disabled: bool | None = None) -> None:
    with one_sentence():
        user = _user(email)
        try:
            access.change_user(user.id, now(), role=role, disabled=disabled)
        except ValueError as error:
            fail(_sentence(error))
    _say_user(email, as_json, "Done.")


def _user(email: str) -> access.User:
    migrate()
    wanted = email.strip().lower()
    found = next((user for user in access.users() if user.email.lower() == wanted), None)
    return found or fail(f"There is no user {email!r}.")


def _say_user(email: str, as_json: bool, sentence: str) -> None:
    tell(_facts(_user(email)), sentence, as_json)


def _print_link(token: str, as_json: bool) -> None:
    address = banner.sign_in_link(settings.get(), token)
    tell({"link": address}, address, as_json)


def _facts(user: access.User) -> dict[str, object]:
    names = ("id", "email", "name", "role", "state", "sso", "created_at", "last_seen_at", "sessions")
    return {name: getattr(user, name) for name in names}


def _sentence(error: ValueError) -> str:
    return f"{str(error).rstrip('.')}."
