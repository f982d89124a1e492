"""What an alert says, and that text from outside stays text."""

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from cicd_health.alerts import message
from cicd_health.alerts.message import Part
from cicd_health.alerts.mrkdwn import mrkdwn
from cicd_health.alerts.rule import Verdict
from cicd_health.model.alerts import NotificationKind
from tests.alerts.facts import NOON, facts

PUBLIC = "https://ci.example.com"
NASTY = '<!channel> <script>alert(1)</script> "x" & <b>y</b> \x1b[31m `z` \u202egnp.exe\u061c @everyone'
OURS = [f"{PUBLIC}/runs/101", "https://github.example/acme/api/actions/runs/1", f"{PUBLIC}/alerts"]


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name == "href"]


def failing(*outcomes: str, **given):
    """Facts, and what the failure rule says of them."""
    told = facts(*(outcomes or ("failure",)), **given)
    failed = [run for run in told.attempts if run.outcome.failed]
    headline = "failed" if len(failed) == 1 else f"failed {len(failed)} times in a row"
    return told, Verdict(
        True, headline=headline, reason="it failed", failures=len(failed), first=failed[-1], last=failed[0]
    )


def over(*outcomes: str, **given):
    told = facts(*(outcomes or ("success", "failure")), **given)
    return told, Verdict(cleared=True, reason="the last run passed", last=told.attempts[0])


def part(kind="opened", title="acme/api: CI failed on main", incident_id=1, minute=0):
    return Part(NotificationKind(kind), title, "<p>body</p>", incident_id, NOON + timedelta(minutes=minute))


# One message


def test_a_failure_says_what_where_since_when_and_by_whom():
    told = message.opened(*failing(failed_job="test", failed_step="Run pytest", title="Fix the till"), PUBLIC)
    assert told.title == "acme/api: CI failed on main"
    assert told.failed
    for said in ("It failed.", "CI", "acme/api", "main", "0000001", "jane", "test", "Run pytest", "Run #1", "Fix the"):
        assert said in told.body
    assert "<b>Since</b> 2 Mar 2026, 12:15 UTC" in told.body
    assert Tags(told.body).links == OURS


def test_the_title_ends_with_what_the_rule_says():
    assert message.opened(*failing("failure", "failure"), PUBLIC).title == (
        "acme/api: CI failed 2 times in a row on main"
    )


def test_trouble_that_returned_is_there_again():
    assert message.opened(*failing(), PUBLIC, turn=2).title == "acme/api: CI again failed on main"


def test_a_jenkins_job_is_called_as_jenkins_shows_it():
    told, verdict = failing(branch=None)
    jenkins = replace(told, provider="jenkins", repo="team/app", pipeline="nightly")
    assert message.opened(jenkins, verdict, PUBLIC).title == "team/app » nightly failed"


def test_where_no_run_is_to_blame_the_pipelines_page_is_linked():
    silent = Verdict(True, headline="did not run", reason="it was due", failures=1, since=NOON)
    told = message.opened(facts("success", branch=None), silent, PUBLIC)
    assert told.title == "acme/api: CI did not run"
    assert Tags(told.body).links == [f"{PUBLIC}/pipelines/3", f"{PUBLIC}/alerts"]


def test_a_message_leads_to_its_own_alert():
    told, verdict = failing()
    by_hand = message.ended_by_hand("x", "ann", NOON, NOON, PUBLIC, incident_id=7)
    others = (
        message.opened(told, verdict, PUBLIC, incident_id=7),
        message.still(told, verdict, NOON, PUBLIC, incident_id=7),
        message.resolved(told, verdict, NOON, PUBLIC, incident_id=7),
    )
    assert all(f"{PUBLIC}/alerts?incident=7" in Tags(said.body).links for said in (by_hand, *others))


def test_the_excerpt_is_fifteen_lines_and_says_so():
    lines = [f"line {n}" for n in range(1, 31)]
    body = message.opened(*failing(excerpt="\n".join(lines)), PUBLIC).body
    assert "line 15\n" not in body
    assert "<pre>line 16\n" in body
    assert "line 30</pre>" in body
    assert "15 of 30 lines; the rest is on the page" in body
    assert "of 2 lines" not in message.opened(*failing(excerpt="one\ntwo"), PUBLIC).body


def test_the_lines_that_name_an_error_are_in_the_excerpt():
    lines = [f"line {n}" for n in range(1, 31)]
    lines[12:14] = ["E   AssertionError: 1 != 2", "tests/test_a.py:3: AssertionError"]
    body = message.opened(*failing(excerpt="\n".join(lines)), PUBLIC).body
    assert "line 12\nE   AssertionError: 1 != 2\ntests/test_a.py:3: AssertionError\nline 15\n" in body


def test_colours_of_a_terminal_are_gone_and_indentation_stays():
    body = message.opened(*failing(excerpt="\x1b[31mred\x1b[0m\r\n    at x\x07"), PUBLIC).body
    assert "<pre>red\n    at x</pre>" in body


def test_suspects_are_the_commits_since_the_last_green_run():
    told, verdict = failing("failure", "failure", "cancelled", "success", "failure", sha="5" * 40)
    body = message.opened(told, verdict, PUBLIC).body
    assert "Suspects since the last green run</b> (<code>0000002</code>)" in body
    suspects = body.split("<ul>")[1].split("</ul>")[0]
    assert [commit in suspects for commit in ("0000001", "0000003", "0000004", "5555555")] == [False, False, True, True]
    assert "https://github.example/acme/api/compare/0000002fffff...555555555555" in body


def test_nobody_is_suspected_when_no_green_run_is_known():
    assert "Suspects" not in message.opened(*failing("failure", "failure"), PUBLIC).body


def test_a_recovery_says_how_long_it_took_and_what_ended_it():
    told, verdict = over("success", "failure", "failure")
    said = message.resolved(told, verdict, told.attempts[0].completed_at - timedelta(minutes=42), PUBLIC)
    assert said.title == "acme/api: CI recovered after 42 min on main"
    assert "Recovered after 42 min and 2 failed runs. The last run passed." in said.body
    assert not said.failed


def test_a_recovery_before_the_failure_took_no_time():
    assert "after 0 s" in message.resolved(*over("success"), NOON + timedelta(days=1), PUBLIC).title


def test_the_end_of_a_mute_says_how_long_it_lasts():
    told, verdict = failing()
    said = message.still(replace(told, now=NOON + timedelta(days=2)), verdict, NOON, PUBLIC)
    assert said.title == "acme/api: CI failed on main, open for 2 d 0 h: the mute ended"
    assert said.failed


def test_who_ended_it_by_hand_is_said():
    said = message.ended_by_hand("CI failed", "<b>jane", NOON, NOON + timedelta(hours=1), PUBLIC, "known & fixed")
    assert said.title == "Resolved by <b>jane: CI failed"
    assert "&lt;b&gt;jane</code> resolved it by hand after 1 h 00 min. known &amp; fixed" in said.body


def test_a_channel_that_was_switched_off_is_named_with_the_reason():
    said = message.switched_off("Team <x>", "error=404", PUBLIC)
    assert said.title == "Channel Team <x> was switched off"
    assert "<code>error=404</code>" in said.body


def test_the_test_message_says_where_it_comes_from():
    assert PUBLIC in message.test(PUBLIC).body


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (2520, "42 min"), (3960, "1 h 06 min"), (100 * 3600, "4 d 4 h")],
)
def test_durations_are_in_words(seconds, words):
    assert message.duration(seconds) == words


# Text from outside


@pytest.mark.parametrize("field", ["branch", "actor", "title", "failed_job", "failed_step", "excerpt", "sha"])
def test_text_from_outside_brings_no_markup(field):
    told = message.opened(*failing("failure", "success", **{field: NASTY}), PUBLIC)
    assert Tags(told.body).seen <= {"b", "code", "pre", "a", "p", "br", "ul", "li"}
    assert "<!channel>" not in told.body + mrkdwn(told.body)
    assert "@everyone" not in told.title + told.body
    assert not {"\x1b", "\u202e", "\u061c"} & set(told.title + told.body)
    assert "<script" not in message.mail_html(told)


def test_what_a_rule_says_brings_no_markup():
    told, verdict = failing()
    assert "<!here>" not in message.opened(told, replace(verdict, reason="job <!here> waits"), PUBLIC).body


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", 'https://x/" onclick="y', "https://x/\u202ey", None, ""]
)
def test_only_web_addresses_become_links(url):
    assert Tags(message.opened(*failing(url=url), PUBLIC).body).links == [OURS[0], OURS[2]]


def test_a_title_is_one_line():
    assert message.opened(*failing(branch="a\nBcc: x@y.z\r"), PUBLIC).title.endswith("on a Bcc: x@y.z")


def test_what_is_very_long_is_cut_and_the_cut_is_seen():
    long = "x" * 100_000
    told = message.opened(
        *failing("failure", "success", branch=long, title=long, actor=long, failed_job=long, excerpt=f"{long}\n" * 99),
        PUBLIC,
    )
    assert len(told.title) < 200
    assert "..." in told.title
    assert len(told.body) < 10_000


# Several as one


def test_one_message_alone_is_told_as_it_is():
    assert message.grouped([part()], PUBLIC) == message.Message(part().title, "<p>body</p>", failed=True)


def test_a_few_messages_are_told_in_full():
    said = message.grouped([part(), part(title="b: CI <failed>", incident_id=2)], PUBLIC)
    assert said.title == "2 alerts at once: 2 opened"
    assert said.body.count("<p>body</p>") == 2
    assert "<b>b: CI &lt;failed&gt;</b>" in said.body


def test_three_hundred_messages_are_one_of_bounded_length():
    parts = [part(title=f"repo {n}: CI failed", incident_id=n) for n in range(1, 301)]
    said = message.grouped(parts, PUBLIC)
    assert said.title == "300 alerts at once: 300 opened"
    assert "repo 20: CI failed" in said.body
    assert "and 280 more" in said.body
    assert len(said.body) < 3_000
    assert Tags(said.body).links == [f"{PUBLIC}/alerts"]


def test_what_broke_and_recovered_before_it_was_sent_is_said_as_such():
    parts = [part(incident_id=n, minute=n) for n in range(1, 4)]
    recovered = [
        part("resolved", "acme/api: CI recovered after 2 min", 2, 9),
        part("resolved", "acme/web: CI recovered", 7, 8),
    ]
    said = message.grouped([*recovered, *parts], PUBLIC)
    assert said.title == "4 alerts at once: 2 opened, 1 recovered, 1 opened and recovered"
    assert "Opened, and recovered before this was sent (1)" in said.body
    assert said.failed
    assert not message.grouped(recovered, PUBLIC).failed


def test_a_digest_names_the_day_and_the_times():
    said = message.digest([part(minute=5), part("resolved", "CI recovered", 2, 65)], PUBLIC, NOON.date())
    assert said.title == "Digest of 2 March 2026: 1 opened, 1 recovered"
    assert "<li>12:05 acme/api: CI failed on main</li>" in said.body
    assert "<li>13:05 CI recovered</li>" in said.body


# As mail


def test_a_mail_asks_nothing_of_other_hosts():
    html = message.mail_html(message.opened(*failing(excerpt="a <b>"), PUBLIC))
    assert Tags(html).seen <= {"b", "span", "pre", "a", "p", "br", "ul", "li", "div"}
    assert "url(" not in html
    assert "a &lt;b&gt;" in html
