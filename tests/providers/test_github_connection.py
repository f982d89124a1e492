"""Signing in to GitHub with a token, as an App, or not at all; trying that out; asking for failed deliveries again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cicd_health.providers.github import PROVIDER
from cicd_health.providers.remote import Asked, Connection, RemoteError, Tested, Trouble
from tests.github_stub import GitHubStub
from tests.github_world import Hook
from tests.providers.remembering import Memory
from tests.stub_server import as_json

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "kestrel/api"
OURS = "https://health.kestrel.example/webhooks/github"


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(NAME) as stub:
        yield stub


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def app(github: GitHubStub, key: rsa.RSAPrivateKey) -> Connection:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    github.use_app(4711, public.decode())
    return Connection("github", "github.com", github.url, app_id=4711, app_private_key=private.decode())


def poll(connection: Connection) -> Memory:
    memory = Memory(PROVIDER)
    assert PROVIDER.remote is not None
    memory.take(PROVIDER.remote.poll(connection, Asked(NAME, NOW, NOW), memory, NOW))
    return memory


def try_out(connection: Connection, name: str | None = NAME) -> Tested:
    assert PROVIDER.remote is not None
    return PROVIDER.remote.try_out(connection, name)


def token(github: GitHubStub, token: str | None = "ghp_stub") -> Connection:
    return Connection("github", "github.com", github.url, token=token)


def test_every_question_says_who_asks_and_which_version(github: GitHubStub):
    github.repo(NAME).play(NOW)
    poll(token(github))
    for request in github.requests:
        assert request.headers["user-agent"].startswith("cicd-health/")
        assert request.headers["accept"] == "application/vnd.github+json"
        assert request.headers["x-github-api-version"] == "2022-11-28"


def test_a_public_repository_can_be_polled_without_a_token(github: GitHubStub):
    github.repo(NAME).play(NOW)
    assert len(poll(token(github, None)).jobs) == 1
    assert not any("authorization" in request.headers for request in github.requests)


@pytest.mark.parametrize("wrong", ["ghp_ü", "ghp_a\r\nX-Evil: 1", "two words", "x" * 5000])
def test_a_token_that_is_none_is_sent_to_nobody(github: GitHubStub, wrong: str):
    tested = try_out(token(github, wrong))
    assert not tested.ok
    assert wrong not in tested.sentences[-1]
    assert github.requests == []


def test_an_app_asks_with_its_installations_token(github: GitHubStub, app: Connection):
    github.repo(NAME).play(NOW)
    assert len(poll(app).jobs) == 1
    kinds = {request.headers["authorization"].split("_")[0] for request in github.asked("/actions/")}
    assert kinds == {"Bearer ghs"}


def test_an_app_looks_up_its_installation_and_token_once(github: GitHubStub, app: Connection):
    poll(app)
    poll(app)
    assert len(github.asked("/installation$")) == 1
    assert len(github.asked("/access_tokens$")) == 1


def test_an_app_that_is_not_installed_says_so(github: GitHubStub, app: Connection):
    github.repo(NAME).hidden = True
    with pytest.raises(RemoteError) as error:
        poll(app)
    assert error.value.trouble is Trouble.NOT_FOUND
    assert "not installed for kestrel/api" in error.value.sentence


def test_an_app_whose_token_is_refused_gets_a_new_one_the_next_time(github: GitHubStub, app: Connection):
    poll(app)
    github.tokens.clear()
    with pytest.raises(RemoteError) as error:
        poll(app)
    assert error.value.trouble is Trouble.UNAUTHORIZED
    poll(app)


def test_a_waiting_time_given_as_a_date_is_understood_for_an_app_too(github: GitHubStub, app: Connection):
    headers = {"Retry_After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    github.fail_next(1, 429, path="/access_tokens$", **headers)
    with pytest.raises(RemoteError) as error:
        poll(app)
    assert error.value.trouble is Trouble.SLOWED


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_app_that_gets_no_token_says_why_and_gets_one_the_next_time(
    github: GitHubStub, app: Connection, status: int
):
    github.fail_next(1, status, path="/access_tokens$")
    with pytest.raises(RemoteError) as error:
        poll(app)
    expected = {401: Trouble.UNAUTHORIZED, 403: Trouble.FORBIDDEN, 404: Trouble.NOT_FOUND, 500: Trouble.SERVER}
    assert error.value.trouble is expected[status]
    poll(app)


@pytest.mark.parametrize("said", [[], {}, {"token": 7}, "x"])
def test_an_app_that_is_given_nonsense_for_a_token_says_so(github: GitHubStub, app: Connection, said: object):
    github.instead(lambda _: as_json(said, 201), 1, "/access_tokens$")
    with pytest.raises(RemoteError):
        poll(app)


@pytest.mark.parametrize(
    "private_key", ["", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_cannot_be_used_asks_nobody(github: GitHubStub, private_key: str):
    with pytest.raises(RemoteError) as error:
        poll(Connection("github", "github.com", github.url, app_id=1, app_private_key=private_key or " "))
    assert error.value.trouble is Trouble.UNAUTHORIZED
    assert "AAAA" not in error.value.sentence
    assert github.requests == []


def test_a_key_with_written_line_ends_is_understood(github: GitHubStub, app: Connection):
    assert app.app_private_key is not None
    flat = app.app_private_key.replace("\n", "\\n")
    poll(Connection("github", "github.com", github.url, app_id=4711, app_private_key=flat))


def test_two_servers_with_an_app_of_the_same_number_are_not_mixed_up(github: GitHubStub, app: Connection):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    poll(app)
    with GitHubStub(NAME) as second:
        public = other.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        second.use_app(4711, public.decode())
        poll(Connection("github", "other", second.url, app_id=4711, app_private_key=pem.decode()))


def test_trying_out_says_who_we_are_and_what_can_be_read(github: GitHubStub):
    github.repo(NAME).play(NOW)
    github.repo(NAME).hooks.append(Hook(1, OURS))
    tested = try_out(token(github))
    assert tested.ok
    assert tested.sentences[0] == "GitHub knows the token as wren."
    assert "of 5,000 requests are left" in tested.sentences[1]
    assert tested.sentences[2:] == (
        "kestrel/api can be seen: it is public.",
        "Its workflow runs can be read: there are 1.",
        "Its webhooks can be read: failed deliveries are asked for again.",
    )
    assert tested.rate_limit is not None


def test_trying_out_without_a_repository_is_about_the_credentials(github: GitHubStub):
    assert len(try_out(token(github), None).sentences) == 2
    assert not github.asked("/repos/")


def test_trying_out_as_an_app_names_it(github: GitHubStub, app: Connection):
    tested = try_out(app)
    assert tested.ok
    assert tested.sentences[0] == "GitHub knows the App as Health."


def test_a_token_that_may_not_read_webhooks_still_works(github: GitHubStub):
    github.fail_next(1, 404, path="/hooks$")
    tested = try_out(token(github))
    assert tested.ok
    assert "may not read webhooks" in tested.sentences[-1]


def test_trying_out_a_server_without_limits_says_so(github: GitHubStub):
    github.limit = None
    assert "This server sets no hourly limit." in try_out(token(github)).sentences


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda stub: stub.tokens.clear(), "does not accept the token"),
        (lambda stub: setattr(stub.repo(NAME), "hidden", True), "is not there, or this token may not see it"),
        (lambda stub: setattr(stub.repo(NAME), "forbidden", True), "Actions: read"),
        (lambda stub: stub.html(1, "/runs$"), "something else than JSON"),
        (lambda stub: stub.use_up(), "is used up"),
    ],
    ids=["token", "hidden", "forbidden", "html", "limit"],
)
def test_what_does_not_work_is_the_last_sentence(github: GitHubStub, spoil, sentence: str):
    spoil(github)
    tested = try_out(token(github))
    assert not tested.ok
    assert sentence in tested.sentences[-1]


def redeliver(github: GitHubStub, received: set[str], connection: Connection | None = None) -> int:
    assert PROVIDER.remote is not None
    assert PROVIDER.remote.redeliver is not None
    return PROVIDER.remote.redeliver(connection or token(github), NAME, OURS, received.intersection, NOW)


def test_failed_deliveries_of_our_own_hook_are_asked_for_again_once_each(github: GitHubStub):
    repo = github.repo(NAME)
    ours, theirs = Hook(1, OURS + "?token=x"), Hook(2, "https://elsewhere.example/webhooks/github")
    repo.hooks += [theirs, ours]
    repo.play(NOW - timedelta(hours=1))
    lost = [repo.lose(ours, webhook) for webhook in repo.webhooks[:3]]
    repo.lose(ours, repo.webhooks[0])
    repo.lose(theirs, repo.webhooks[1])
    assert redeliver(github, {lost[1]["guid"]}) == 2
    assert len(ours.redelivered) == 2
    assert theirs.redelivered == []


def test_a_delivery_that_came_through_the_second_time_is_not_asked_for(github: GitHubStub):
    repo = github.repo(NAME)
    repo.hooks.append(Hook(1, OURS))
    repo.play(NOW)
    lost, came = repo.lose(repo.hooks[0], repo.webhooks[0]), repo.delivered(repo.hooks[0], repo.webhooks[0])
    github.instead(lambda _: as_json([came, lost]), 1, "/deliveries$")  # a server that does not know the filter
    assert redeliver(github, set()) == 0


def test_deliveries_older_than_github_keeps_them_are_left(github: GitHubStub):
    repo = github.repo(NAME)
    repo.hooks.append(Hook(1, OURS))
    repo.play(NOW - timedelta(days=4))
    repo.lose(repo.hooks[0], repo.webhooks[0])
    assert redeliver(github, set()) == 0


def test_hundreds_of_failed_deliveries_are_paged_and_asked_for_in_part(github: GitHubStub):
    repo = github.repo(NAME)
    repo.hooks.append(Hook(1, OURS))
    for n in range(60):
        repo.play(NOW - timedelta(minutes=n), jobs=())
    for webhook in repo.webhooks:
        repo.lose(repo.hooks[0], webhook)
    assert redeliver(github, set()) == 100


@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_read_webhooks_asks_for_none(github: GitHubStub, status: int):
    github.fail_next(1, status, path="/hooks$")
    assert redeliver(github, set()) == 0
