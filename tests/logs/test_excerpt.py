from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_health.logs import excerpt
from cicd_health.logs.clues import CLUES
from cicd_health.logs.clues.generic import HARMLESS
from cicd_health.logs.sightings import BY_STEM, STEMS, look, readable
from cicd_health.model.logs import Fold, Line, MarkKind
from tests.conftest import SHARED_DATA
from tests.logs.cases import NOISE, Case, cases

CASES = cases()
LABELS = SHARED_DATA / "github" / "logs" / "pytorch-labels.json"
FULL = SHARED_DATA / "github" / "logs" / "pytorch-full" / "error_log1.txt"


def lines(*texts: str) -> list[Line]:
    return [Line(number, text) for number, text in enumerate(texts, 1)]


def read(path) -> list[Line]:
    return lines(*path.read_bytes().decode("utf-8", "replace").split("\n"))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_excerpt_holds_the_cause_and_names_it(case: Case):
    found = excerpt.find(case.lines)
    assert found is not None
    assert case.cause <= {line.number for line in found.lines}
    assert found.cause in case.cause


@pytest.mark.parametrize("case", CASES[::9], ids=repr)
def test_a_log_that_was_cut_or_is_not_finished_still_has_its_excerpt(case: Case):
    last = max(case.cause)
    cut = [line for line in case.lines if not 5 <= line.number <= min(case.cause) - 15 and line.number <= last + 3]
    found = excerpt.find(cut)
    assert found is not None
    assert found.cause in case.cause


def test_an_empty_or_blank_log_has_no_excerpt():
    assert excerpt.find([]) is None
    assert excerpt.find(lines("", "  ", "\t")) is None


def test_a_log_without_any_known_word_shows_its_last_words():
    found = excerpt.find(lines("one", "two", "three", ""))
    assert found is not None
    assert (found.cause, found.text) == (3, "one\ntwo\nthree")


def test_lines_are_plain_and_long_ones_are_cut():
    found = excerpt.find(lines("2026-03-01T10:11:12.1234567Z \x1b[31mError: " + "x" * 70_000 + "\x1b[0m"))
    assert found is not None
    (line,) = found.lines
    assert line.text.startswith("Error: xxx")
    assert line.text.endswith("…")
    assert len(line.text) == excerpt.LONGEST


def test_of_thousands_of_long_errors_at_most_thirty_lines_and_twenty_thousand_characters_are_shown():
    found = excerpt.find(lines(*(f"src/a{n}.c:{n}:1: error: {'y' * 3000}" for n in range(1, 5000))))
    assert found is not None
    assert found.cause == 1
    assert found.text.count("\n") < 30
    assert len(found.text) <= 20_000


def test_gaps_count_among_the_thirty_lines():
    said = [
        "fatal: cannot",
        "curl: (7) no",
        "panic: no",
        "Segmentation fault",
        "No space left on device",
        "E   no",
        "● no",
    ]
    found = excerpt.find(lines(*(said[n // 90] if n % 90 == 0 else f"collected {n}" for n in range(90 * len(said)))))
    assert found is not None
    assert "…" in found.text
    assert 25 < len(found.text.split("\n")) <= 30


def test_of_a_log_full_of_errors_the_first_and_the_last_are_looked_at():
    many = ["error: no"] * 30_000
    many[5], many[29_990] = "undefined reference to `f'", "Segmentation fault"
    found = excerpt.find(lines(*many))
    assert found is not None
    assert {6, 29_991} <= {line.number for line in found.lines}


def test_a_long_line_made_to_be_slow_is_read_at_once():
    slow = [f"error {':'.join(letters)}" for letters in ("A" * 350, " A" * 300, "a." * 300, "_" * 690)]
    began = time.process_time()
    assert excerpt.find(lines(*slow * 100)) is not None
    assert time.process_time() - began < 4


def test_of_very_many_groups_the_first_are_folds():
    found = excerpt.folds(lines(*["##[group]one", "two", "##[endgroup]"] * 6_000))
    assert (len(found), found[-1].first) == (5_000, 14_998)


def test_colours_within_words_hide_nothing():
    found = excerpt.find(lines("ok", "\x1b[1mundefined\x1b[0m reference \x1b[1mto\x1b[0m `f'", "x", "y", "z"))
    assert found is not None
    assert found.cause == 2


def test_errors_after_a_carriage_return_are_seen():
    found = excerpt.find(lines("10%\r20%\rfatal: the remote end hung up unexpectedly\r", *["x"] * 9))
    assert found is not None
    assert (found.cause, found.lines[0].text) == (1, "fatal: the remote end hung up unexpectedly")


words = st.sampled_from(
    [word for clue in CLUES for word in clue.words] + ["##[group]Run x", "##[endgroup]", "##[error]"]
)
texts = st.lists(st.one_of(words, st.text(st.characters(exclude_characters="\n"), max_size=12)), max_size=5).map(
    " ".join
)


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, min_size=1, max_size=60))
def test_whatever_is_in_the_log_the_excerpt_keeps_its_promises(log: list[str]):
    given_lines = [Line(7 * number, text) for number, text in enumerate(log, 1)]
    found = excerpt.find(given_lines)
    if found is None:
        assert not "".join(log).strip()
        return
    numbers = [line.number for line in found.lines]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= {line.number for line in given_lines}
    assert found.cause in numbers
    assert found.text.count("\n") < 30
    assert len(found.text) <= 20_000


def test_every_word_of_every_clue_is_found_by_the_first_quick_pass():
    known = {word for found in BY_STEM.values() for word, _ in found}
    assert {word for clue in CLUES for word in clue.words} <= known
    assert not any(one != other and one in other for one in STEMS for other in STEMS)


@pytest.mark.parametrize("case", CASES[::7], ids=repr)
def test_the_words_of_a_clue_leave_out_no_line_that_its_pattern_fits(case: Case):
    for line in case.lines:
        text = readable(line.text)
        for clue in CLUES:
            if clue.pattern.search(text):
                assert any(word in text.lower() for word in clue.words), (clue.name, text)


def test_names_of_clues_are_unique():
    names = [clue.name for clue in (*CLUES, *HARMLESS)]
    assert len(names) == len(set(names))


def test_lines_that_only_hold_the_word_error_are_not_marked():
    log = lines(*(text.format(n=42) for text in NOISE))
    marked = {log[mark.line - 1].text: mark.kind for mark in excerpt.marks(log)}
    assert set(marked.values()) == {MarkKind.WARNING}
    assert all("warn" in text for text in marked)


def test_errors_and_warnings_are_marked_in_order():
    log = lines(
        "##[warning]Node 16 is deprecated",
        "src/a.c:3:1: error: expected ';'",
        "E   assert 1 == 2",
        "FAILED tests/test_a.py::test_b - assert 1 == 2",
        "done, 0 errors",
        "process exited with code 0",
        "##[error]Process completed with exit code 1.",
    )
    kinds = {mark.line: mark.kind for mark in excerpt.marks(log)}
    error, warning = MarkKind.ERROR, MarkKind.WARNING
    assert list(kinds.items()) == [(1, warning), (2, error), (3, error), (4, error), (7, error)]


def test_of_too_many_marks_the_errors_are_kept():
    log = lines(*["warning: x"] * 6000, *["error: x"] * 100)
    found = excerpt.marks(log)
    assert len(found) == excerpt.MOST_MARKS
    assert sum(mark.kind is MarkKind.ERROR for mark in found) == 100


def test_what_was_seen_once_serves_excerpt_and_marks():
    case = CASES[0]
    seen = look(case.lines)
    assert excerpt.find(case.lines, seen) == excerpt.find(case.lines)
    assert excerpt.marks(case.lines, seen) == excerpt.marks(case.lines)


def test_a_step_of_github_is_one_fold_with_its_output():
    log = lines(
        "2026-03-01T10:00:00.0000000Z ##[group]Runner Image",
        "2026-03-01T10:00:01.0000000Z Image: ubuntu",
        "2026-03-01T10:00:02.0000000Z ##[endgroup]",
        "2026-03-01T10:00:02.0000000Z Complete job name: build",
        "2026-03-01T10:00:03.0000000Z ##[group]Run make",
        "2026-03-01T10:00:03.0000000Z make",
        "2026-03-01T10:00:03.0000000Z ##[endgroup]",
        "2026-03-01T10:00:09.5000000Z cc main.c",
        "2026-03-01T10:00:10.0000000Z Post job cleanup.",
        "2026-03-01T10:00:12.0000000Z git version",
    )
    assert excerpt.folds(log) == (
        Fold(1, 3, "Runner Image", 2.0),
        Fold(5, 8, "Run make", 6.5),
        Fold(9, 10, "Post job cleanup.", 2.0),
    )


def test_a_stage_of_jenkins_is_a_fold_and_a_stage_within_ends_the_outer_one():
    log = lines(
        "[Pipeline] stage",
        "\x1b[8mha:////4Abc=\x1b[0m[Pipeline] { (Build)",
        "+ make",
        "[Pipeline] { (Unit tests)",
        "+ make check",
        "[Pipeline] }",
        "[Pipeline] // stage",
        "[Pipeline] // stage",
        "Finished: SUCCESS",
    )
    assert excerpt.folds(log) == (Fold(2, 3, "Build"), Fold(4, 7, "Unit tests"))


def test_a_group_that_nobody_ends_goes_on_to_the_last_line():
    assert excerpt.folds(lines("##[group]Tests", "a", "b")) == (Fold(1, 3, "Tests"),)
    assert excerpt.folds(lines("##[group]Tests")) == ()


@pytest.mark.skipif(not LABELS.exists(), reason=f"the labelled logs are not at {LABELS}")
def test_of_the_labelled_logs_nine_in_ten_have_their_line_in_the_excerpt():
    missed = []
    labels = json.loads(LABELS.read_bytes())
    for label in labels:
        found = excerpt.find(read(LABELS.parent / "pytorch" / label["file"]))
        if found is None or label["failing_line_number"] not in {line.number for line in found.lines}:
            missed.append(label["file"])
    assert len(missed) <= len(labels) // 10, missed


@pytest.mark.skipif(not FULL.exists(), reason=f"the whole log is not at {FULL}")
def test_of_a_whole_log_with_two_marked_errors_the_real_cause_is_named():
    found = excerpt.find(read(FULL))
    assert found is not None
    assert found.cause == 4037
