"""The sources page as text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cicd_health import settings
from cicd_health.model.health import Refusal
from cicd_health.model.watches import Backfill, BackfillState, SourceLine, WatchLine
from cicd_health.ui import sources_view
from cicd_health.ui.routes import AskedSources
from cicd_health.ui.watch_rows import WatchRow, watch_row
from tests.factories import NOW

ZONE = ZoneInfo("UTC")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CHOSEN = settings.Settings(public_url_given="https://ci.example.com")


def source(**changes: Any) -> SourceLine:
    """A fresh GitHub, read with a token that was entered."""
    values: dict[str, Any] = {name: None for name in SourceLine.__dataclass_fields__}
    usual = {
        "id": 1,
        "provider": "github",
        "host": "github.com",
        "name": "GitHub",
        "origin": "user",
        "api_url": "https://api.github.com",
        "connected": True,
        "has_token": True,
        "state": "ok",
        "last_event_at": NOW - MINUTE,
        "last_poll_at": NOW - 2 * MINUTE,
        "complete_until": NOW - 3 * MINUTE,
        "watches": 1,
    }
    return SourceLine(**(values | usual | changes))


def backfill(**changes: Any) -> Backfill:
    values: dict[str, Any] = {name: None for name in Backfill.__dataclass_fields__}
    usual = {"state": BackfillState.NONE, "listed": 0, "done": 0, "requests": 0}
    return Backfill(**(values | usual | changes))


def watch(walk: Backfill | None = None, **changes: Any) -> WatchLine:
    values: dict[str, Any] = {name: None for name in WatchLine.__dataclass_fields__}
    usual = {
        "id": 4,
        "source_id": 1,
        "provider": "github",
        "name": "kestrel/checkout-api",
        "origin": "user",
        "enabled": True,
        "state": "ok",
        "has_token": False,
        "has_secret": False,
        "backfill": walk or backfill(),
    }
    return WatchLine(**(values | usual | changes))


def view(*sources: SourceLine, watches: tuple[WatchLine, ...] = (), **asked: str) -> sources_view.SourcesView:
    return sources_view.view(sources, watches, (), AskedSources(**asked), CHOSEN, NOW, ZONE)


def row(line: WatchLine) -> WatchRow:
    return watch_row(line, NOW, ZONE)


JENKINS = {"id": 2, "provider": "jenkins", "host": "jenkins.example", "name": "Jenkins"}
DOWN = {"trouble": "unreachable", "error": "connection refused", "error_at": NOW - 11 * MINUTE}


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ((), "Connect your first source"),
        ((source(),), "The one source is fresh"),
        ((source(), source(**JENKINS)), "2 sources, all fresh"),
        ((source(), source(**JENKINS, **DOWN)), "Jenkins cannot be reached since 10:31, GitHub is fresh"),
        (
            (source(state="degraded", last_event_at=NOW - 26 * HOUR, last_poll_at=None, complete_until=None),),
            "GitHub has not been heard for 26 h",
        ),
        (
            (source(trouble="limited", error="used up", next_poll_at=NOW + 18 * MINUTE),),
            "GitHub asked us to wait until 11:00",
        ),
        ((source(trouble="unauthorized", error="401"),), "GitHub refuses the token"),
        ((source(state="never", last_event_at=None),), "Nothing from 1 source yet"),
    ],
)
def test_the_heading_says_how_fresh_the_sources_are(sources: tuple[SourceLine, ...], said: str):
    assert view(*sources).sentence == said


def test_the_heading_counts_what_cannot_be_read_though_its_source_answers():
    hidden = [watch(id=n, name=f"acme/{n}", state="error", error="not there", trouble="not_found") for n in (1, 2)]
    assert view(source(), watches=(watch(), *hidden)).sentence == "2 repositories cannot be read, GitHub is fresh"
    of_source = watch(state="error", error=DOWN["error"], trouble=DOWN["trouble"])
    assert view(source(**DOWN), watches=(of_source,)).sentence == "GitHub cannot be reached since 10:31"


def test_what_is_only_sent_is_said_to_be_compared_with_nothing():
    quiet = source(origin="event", api_url=None, connected=False, has_token=False, watches=0)
    assert view(quiet).sub == ""
    assert list(facts(quiet)) == ["Last event", "Read with"]
    assert view(source(), watches=(watch(),)).sub == "compared with the provider every 5 min"


def facts(line: SourceLine) -> dict[str, str]:
    return {fact.label: fact.value for fact in sources_view.facts(line, CHOSEN, NOW, ZONE)}


def test_a_panel_says_when_it_was_last_heard_and_until_when_it_is_complete():
    said = facts(source(rate_remaining=4312, rate_limit=5000, rate_reset_at=NOW + 18 * MINUTE))
    assert said["Last event"] == "1 min ago"
    assert said["Last poll"] == "2 min ago"
    assert said["Complete until"] == "10:39"
    assert said["Rate limit"] == "4,312 of 5,000 until 11:00"


def test_a_limit_of_an_hour_that_is_over_is_whole_again():
    assert (
        facts(source(rate_remaining=3, rate_limit=5000, rate_reset_at=NOW - MINUTE))["Rate limit"] == "5,000 of 5,000"
    )


def test_what_is_not_known_is_a_dash():
    said = facts(source(complete_until=None, last_event_at=None))
    assert (said["Complete until"], said["Rate limit"], said["Last event"]) == ("–", "–", "none yet")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (source(), "a token entered here"),
        (source(app_id=77, has_token=False), "App 77, entered here"),
        (source(**JENKINS, username="ci"), "ci, entered here"),
        (source(origin="event", has_token=False, api_url=None, connected=False), "not read, it only sends"),
        (source(origin="env", has_token=False), "no token: what is public"),
    ],
)
def test_it_says_what_a_source_is_read_with(line: SourceLine, said: str):
    assert facts(line)["Read with"] == said


def test_what_the_settings_read_with_is_named():
    chosen = settings.Settings(github_token="x")
    assert sources_view.reading(source(origin="env"), chosen) == "the token of GITHUB_TOKEN"


def test_trouble_says_since_when_and_what_still_holds():
    [panel] = view(source(**DOWN, next_poll_at=NOW - 6 * MINUTE + 10 * MINUTE)).panels
    assert panel.trouble == "connection refused"
    assert panel.holds == "Since 10:31. Webhooks still count; nothing received is lost. Next try 10:46."
    assert panel.mark.word == "Cannot be reached"


def test_a_source_that_only_sends_is_told_what_it_misses():
    [panel] = view(source(origin="event", api_url=None, connected=False, has_token=False, watches=0)).panels
    assert "a lost delivery stays lost until GitHub is connected" in panel.hint
    assert panel.set_up == "/sources?connect=github"
    assert (panel.can_poll, panel.can_test, panel.can_forget) == (False, False, False)


def test_the_steps_are_open_while_there_is_no_source_and_where_asked_for():
    assert [steps.provider for steps in view().connects] == ["github", "jenkins"]
    assert view(source()).connects == []
    assert [offer.label for offer in view(source()).offers] == ["Connect Jenkins"]
    assert [steps.provider for steps in view(source(), connect="jenkins").connects] == ["jenkins"]
    assert view(source(), connect="gitlab").connects == []


def test_of_many_watches_those_with_a_problem_come_first_and_the_cut_is_said():
    watches = tuple(watch(id=n, name=f"acme/r{n:03}") for n in range(60))
    failing = watch(id=99, name="acme/z", state="error", trouble="sso", error="not authorised", error_at=NOW)
    [panel] = view(source(), watches=(*watches, failing)).panels
    assert panel.rows[0].name == "acme/z"
    assert panel.rows[0].mark.word == "Needs single sign-on"
    assert panel.cut == "50 of 61 shown, those with a problem first."
    [found] = view(source(), watches=(*watches, failing), q="R059").panels
    assert [one.name for one in found.rows] == ["acme/r059"]
    [none] = view(source(), watches=watches, q="nobody").panels
    assert "nobody" in none.cut


def test_a_backfill_says_how_far_it_is_and_how_long_it_takes():
    walk = backfill(
        state=BackfillState.RUNNING,
        listed=3400,
        done=3200,
        total=10_000,
        ends_at=NOW + timedelta(minutes=12, seconds=30),
    )
    said = row(watch(walk, state="backfilling"))
    assert said.history == "3,200 of 10,000 runs · about 12 min left"
    assert (said.done, said.walking, said.can_stop, said.can_resume) == (32, True, True, False)


@pytest.mark.parametrize(
    ("walk", "said"),
    [
        (backfill(), ""),
        (backfill(state=BackfillState.RUNNING, done=40), "40 runs so far"),
        (backfill(state=BackfillState.RUNNING, done=1, reach=NOW), "1 run so far · back to 12 Mar 2026"),
        (
            backfill(state=BackfillState.RUNNING, done=5, total=9, waits_until=NOW + 18 * MINUTE),
            "5 of 9 runs · waits until 11:00",
        ),
        (backfill(state=BackfillState.STOPPED, done=5, total=9), "Stopped at 5 of 9 runs"),
        (backfill(state=BackfillState.STOPPED), "Stopped, nothing read yet"),
        (backfill(state=BackfillState.DONE, done=9000, start=NOW - 730 * 24 * HOUR), "9,000 runs, back to 12 Mar 2024"),
    ],
)
def test_a_history_in_words(walk: Backfill, said: str):
    assert row(watch(walk)).history == said


def test_what_cannot_be_read_at_all_says_when_it_is_tried_again_and_shows_no_progress():
    walk = backfill(state=BackfillState.RUNNING, waits_until=NOW + 18 * MINUTE)
    said = row(watch(walk, state="error", error="not there", trouble="not_found"))
    assert (said.history, said.walking, said.can_stop) == ("Nothing read yet · next try 11:00", False, True)


def test_a_stopped_backfill_can_be_taken_up_again():
    said = row(watch(backfill(state=BackfillState.STOPPED)))
    assert (said.can_stop, said.can_resume) == (False, True)


def test_what_the_settings_name_is_said_and_cannot_be_removed_here():
    said = row(watch(origin="env", has_token=True))
    assert said.note == "from GITHUB_REPOS · own token"
    assert not said.can_remove


def test_all_jobs_of_a_jenkins_are_called_so():
    everything = watch(provider="jenkins", name="", source_id=2, origin="env")
    assert row(everything).name == "All jobs the user can see"
    assert row(everything).note == "from JENKINS_URL"
    [panel] = view(source(**JENKINS), watches=(everything,)).panels
    assert panel.watched == "All jobs watched"


def test_what_is_wrong_with_the_whole_source_is_not_repeated():
    failing = watch(state="error", trouble="unreachable", error="connection refused")
    [panel] = view(source(**DOWN), watches=(failing,)).panels
    assert panel.rows[0].error == ""
    assert row(failing).error == "connection refused."


def steps(chosen: settings.Settings = CHOSEN, *refusals: Refusal, sources: tuple[SourceLine, ...] = ()):
    shown = sources_view.view(sources, (), refusals, AskedSources(connect="github"), chosen, NOW, ZONE)
    return shown.connects[0]


def test_the_steps_tell_live_what_was_heard_and_what_was_refused():
    assert [line.text.partition(".")[0] for line in steps().heard] == ["No delivery yet"]
    refused = Refusal("github", "wrong signature", 3, NOW - timedelta(seconds=40))
    other = Refusal("jenkins", "wrong token", 1, NOW)
    heard = [line.text for line in steps(CHOSEN, refused, other, sources=(source(),)).heard]
    assert heard == ["Connected, last event 10:41", "3 refused, last 40 s ago: wrong signature"]


def test_an_address_that_nobody_else_can_reach_is_said():
    assert steps().unreachable == ""
    assert "GitHub cannot deliver to localhost" in steps(settings.Settings()).unreachable


def test_what_the_environment_sets_cannot_be_entered():
    chosen = settings.Settings(public_url_given="https://ci.example.com", github_token="ghp_x")
    assert steps(chosen).set == "the token of GITHUB_TOKEN"
    assert "ghp_x" not in repr(steps(chosen))
    assert steps(chosen, sources=(source(origin="user"),)).set == ""
