"""What an alert says, and that text from outside stays text."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from cicd_health.alerts import message
from tests.alerts.facts import NOON, facts

PUBLIC = "https://ci.example.com"
NASTY = '<!channel> <script>alert(1)</script> "x" & <b>y</b> \x1b[31m'


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name == "href"]


def test_a_failure_says_what_where_and_by_whom():
    told = message.opened(facts("failure", failed_job="test", failed_step="Run pytest"), 1, PUBLIC)
    assert told.title == "acme/api: CI failed on main"
    assert told.failed
    for part in ("CI", "acme/api", "main", "0000001", "jane", "test", "Run pytest", "Run #1"):
        assert part in told.body
    assert Tags(told.body).links == [f"{PUBLIC}/runs/101", "https://github.example/acme/api/actions/runs/1"]


def test_several_failures_are_counted_in_the_title():
    assert (
        message.opened(facts("failure", "failure"), 2, PUBLIC).title == "acme/api: CI failed 2 times in a row on main"
    )


def test_a_jenkins_job_is_called_as_jenkins_shows_it():
    from dataclasses import replace

    jenkins = replace(facts("failure", branch=None), provider="jenkins", repo="team/app", pipeline="nightly")
    assert message.opened(jenkins, 1, PUBLIC).title == "team/app » nightly failed"


def test_the_excerpt_is_the_last_thirty_lines():
    lines = [f"line {n}" for n in range(1, 51)]
    body = message.opened(facts("failure", excerpt="\n".join(lines)), 1, PUBLIC).body
    assert "line 20\n" not in body
    assert "<pre>line 21\n" in body
    assert "line 50</pre>" in body


def test_colours_of_a_terminal_are_gone_and_indentation_stays():
    body = message.opened(facts("failure", excerpt="\x1b[31mred\x1b[0m\r\n    at x\x07"), 1, PUBLIC).body
    assert "<pre>red\n    at x</pre>" in body


def test_suspects_are_the_commits_since_the_last_green_run():
    body = message.opened(facts("failure", "failure", "cancelled", "success", "failure"), 2, PUBLIC).body
    assert "Suspects since the last green run</b> (<code>0000002</code>)" in body
    suspects = body.split("<ul>")[1]
    assert [commit in suspects for commit in ("0000001", "0000003", "0000004", "0000005")] == [False, False, True, True]


def test_nobody_is_suspected_when_no_green_run_is_known():
    assert "Suspects" not in message.opened(facts("failure", "failure"), 2, PUBLIC).body


@pytest.mark.parametrize("field", ["branch", "actor", "title", "failed_job", "failed_step", "excerpt"])
def test_text_from_outside_brings_no_markup(field):
    told = message.opened(facts("failure", **{field: NASTY}), 1, PUBLIC)
    assert Tags(told.body).seen <= {"b", "code", "pre", "a", "p", "br", "ul", "li"}
    assert "<!channel>" not in told.body
    assert "\x1b" not in told.title + told.body


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", 'https://x/" onclick="y', None, ""])
def test_only_web_addresses_become_links(url):
    assert Tags(message.opened(facts("failure", url=url), 1, PUBLIC).body).links == [f"{PUBLIC}/runs/101"]


def test_a_title_is_one_line():
    assert message.opened(facts("failure", branch="a\nBcc: x@y.z\r"), 1, PUBLIC).title.endswith("on a Bcc: x@y.z")


def test_a_recovery_says_how_long_it_took():
    recovered = facts("success", "failure")
    opened_at = recovered.attempts[0].completed_at - timedelta(minutes=42)
    told = message.resolved(recovered, opened_at, PUBLIC)
    assert told.title == "acme/api: CI recovered after 42 min on main"
    assert "Recovered after 42 min" in told.body
    assert not told.failed


def test_a_recovery_before_the_failure_took_no_time():
    assert "after 0 s" in message.resolved(facts("success"), NOON + timedelta(days=1), PUBLIC).title


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (2520, "42 min"), (3960, "1 h 06 min"), (100 * 3600, "4 d 4 h")],
)
def test_durations_are_in_words(seconds, words):
    assert message.duration(seconds) == words


def test_the_test_message_says_where_it_comes_from():
    assert PUBLIC in message.test(PUBLIC).body
