"""What a browser may do with an answer."""

from __future__ import annotations

import re

import pytest

from cicd_health import settings
from cicd_health.api import security_headers
from cicd_health.api.security_headers import page_policy, script_hashes

ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is the same on both


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A page as it is built, with scripts of its own."""
    (tmp_path / "index.html").write_text(
        "<script src='/assets/a.js'></script><script id='x'>hello()</script><script type=\"module\">a</script>"
    )
    monkeypatch.setattr(security_headers, "BUILT_PAGES", tmp_path)
    security_headers.of_answer.cache_clear()
    yield tmp_path
    security_headers.of_answer.cache_clear()


def directive(policy: str, name: str) -> str:
    found = re.search(rf"(?:^|; ){name} ([^;]*)", policy)
    assert found
    return found[1]


@ONE
def test_only_the_scripts_that_were_built_into_the_page_run(configured, built):
    allowed = directive(page_policy("ci.example"), "script-src")
    assert "'unsafe-inline'" not in allowed
    assert allowed.count("'sha256-") == 2
    assert script_hashes("<script>hello()</script>") <= set(allowed.split())
    assert not script_hashes("<script>evil()</script>") & set(allowed.split())


@ONE
def test_while_pages_are_built_anew_any_inline_script_runs(configured, built, monkeypatch):
    monkeypatch.setenv("BACKEND_ENV", "dev")
    settings.get.cache_clear()
    assert "'unsafe-inline'" in directive(page_policy("ci.example"), "script-src")


def test_pages_may_talk_to_their_own_host_only():
    assert (
        directive(page_policy("ci.example:3000"), "connect-src") == "'self' ws://ci.example:3000 wss://ci.example:3000"
    )
    assert "evil" not in page_policy("x; script-src evil")


@ONE
def test_an_answer_of_the_api_may_load_nothing(client):
    policy = client.get("/api/v1/runs").headers["content-security-policy"]
    assert directive(policy, "default-src") == "'none'"
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in directive(policy, "script-src")


@ONE
def test_the_scripts_of_the_sign_in_page_are_the_only_ones_that_run_there(client):
    answer = client.get("/login")
    allowed = set(directive(answer.headers["content-security-policy"], "script-src").split())
    assert script_hashes(answer.text) <= allowed


@ONE
def test_under_https_browsers_are_told_to_come_back_by_it(client, monkeypatch):
    assert "strict-transport-security" not in client.get("/health").headers
    monkeypatch.setenv("PUBLIC_URL", "https://ci.kestrel.example")
    settings.get.cache_clear()
    assert client.get("/health").headers["strict-transport-security"] == "max-age=31536000"


@ONE
def test_other_sites_may_show_badges_and_nothing_else(client):
    assert client.get("/health").headers["cross-origin-resource-policy"] == "same-origin"
    assert client.get("/badge/a/b/c.svg").headers["cross-origin-resource-policy"] == "cross-origin"


def test_built_files_carry_no_policy_of_pages_which_is_long_and_not_for_them():
    built, page = (
        dict(security_headers.of_answer("ci.example", is_api=False, is_built=one))[b"content-security-policy"]
        for one in (True, False)
    )
    assert (b"'none'" in built, b"sha256" in built) == (True, False)
    assert len(built) < len(page)


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        (b"http://ci.example:8443/runs/?q=1", b"/runs/?q=1"),
        (b"http://ci.example:8443//evil.example/", b"/evil.example/"),
        (b"http://ci.example:8443/\\evil.example/", b"/evil.example/"),
        (b"/login", b"/login"),
        (b"https://id.example/authorize", b"https://id.example/authorize"),
        (b"http://ci.example:84433/", b"http://ci.example:84433/"),
    ],
)
def test_a_redirect_to_ourselves_holds_behind_a_proxy_that_speaks_https(location: bytes, sent: bytes):
    said = [(b"location", location), (b"vary", b"Origin")]
    kept = security_headers.without_our_address(said, "ci.example:8443")
    assert kept == [(b"location", sent), (b"vary", b"Origin")]
