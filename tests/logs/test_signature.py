from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.logs import excerpt
from cicd_health.logs.signature import pattern, signature
from cicd_health.model.logs import Excerpt, Line
from tests.logs.cases import cases


def failure(*texts: str, cause: int = 1) -> Excerpt:
    return Excerpt(tuple(Line(number, text) for number, text in enumerate(texts, 1)), cause)


SAME = [
    ("connect to 10.0.0.4:53211 refused", "connect to 10.0.7.19:40122 refused"),
    ("/home/runner/work/a/a/src/x.c:10:4: error: no y", "/var/jenkins/workspace/b/src/x.c:99:1: error: no y"),
    (r"D:\a\zip\src\x.cpp(12,1): error C2065: y", r"C:\jenkins\ws\zip\src\x.cpp(7,33): error C2065: y"),
    ("no file '/tmp/pytest-of-a/pytest-3/x.txt'", "no file '/tmp/pytest-of-ci/pytest-0/x.txt'"),
    ("no file '/tmp/a8f3/x'", r"no file 'C:\Users\ci\AppData\Local\Temp\q1\x'"),
    ("container 3f2c9a7b1d0e exited (137) after 3m20s", "container 99aa00ffee11 exited (1) after 12s"),
    ("job 6b1f0f2c-5d0e-4a51-9c7b-0d8f4f6f2a10 is lost", "job 00000000-5d0e-4a51-9c7b-aaaaaaaaaaaa is lost"),
    ("at 2026-03-01T10:00:00.123Z: pid 4211 died", "at 2026-04-11T23:59:59Z: pid 7 died"),
    ("Timed out 5000ms waiting for x", "Timed out 30000ms waiting for x"),
    ("==4121==ERROR: heap-use-after-free on 0x602000001", "==9==ERROR: heap-use-after-free on 0x60200000eff0"),
    ("/tmp/jenkins8123371.sh: line 4: mk: not found", "/tmp/jenkins55.sh: line 9: mk: not found"),
    ("worker 'gw1' crashed", "worker 'gw3' crashed"),
    ("used 1.5 GiB of 2 GiB", "used 900 MiB of 2 GiB"),
    ("https://files.example.org:8443/a/12/b?t=1 is gone", "https://files.example.org/a/99/b?t=2 is gone"),
    ("E   assert 5 == 6", "E   assert 7 == 6"),
]
DIFFERENT = [
    ("E   assert basket.total == 6", "E   assert basket.size == 6"),
    ("src/x.c:1:1: error: no y", "src/z.c:1:1: error: no y"),
    ("error[E0382]: use of moved value", "error[E0499]: use of moved value"),
    ("error TS2322: x", "error TS2741: x"),
    ("server answered with status 503", "server answered with status 404"),
    ("KeyError: 'HOST'", "KeyError: 'PORT'"),
    ("Could not resolve host: a.example.org", "Could not resolve host: b.example.org"),
    ("make-release: command not found", "make-docs: command not found"),
    ("/opt/app/src/a.py is missing", "/opt/app/src/b.py is missing"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_failure_has_one_fingerprint(one: str, other: str):
    assert pattern(one) == pattern(other)
    assert signature(failure(one)) == signature(failure(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_failures_have_different_fingerprints(one: str, other: str):
    assert signature(failure(one)) != signature(failure(other))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("connect to 10.0.0.4:53211 refused", "connect to <address> refused"),
        ("/home/ci/a/b.c:10:4: error: no y", "<path>/b.c:#:#: error: no y"),
        ("took 1.5s,  then 3 more", "took <time>, then # more"),
        ("HTTP 503 after 12 tries", "HTTP 503 after # tries"),
    ],
)
def test_a_pattern_reads_as_words(text: str, expected: str):
    assert pattern(text) == expected


def test_two_tests_that_fail_alike_are_two_failures():
    one = failure("____ test_total ____", "E   assert 1 == 2", cause=2)
    other = failure("____ test_size ____", "E   assert 1 == 2", cause=2)
    assert signature(one) != signature(other)


def test_a_test_is_the_same_whether_named_above_or_in_the_summary():
    above = failure("____ TestBasket.test_total ____", "E   assert 1 == 2", cause=2)
    below = failure("E   assert 3 == 2", "FAILED tests/test_basket.py::TestBasket::test_total - assert 3 == 2")
    assert signature(above) == signature(below)


def test_a_second_failing_test_does_not_change_the_fingerprint_of_the_first():
    first = ("E   assert 1 == 2", "FAILED tests/test_a.py::test_b - assert 1 == 2")
    assert signature(failure(*first)) == signature(failure(*first, "FAILED tests/test_a.py::test_c - assert 0"))


def test_a_fingerprint_is_sixteen_hexadecimal_digits_whatever_the_text():
    assert re.fullmatch("[0-9a-f]{16}", signature(failure("\ud800 broken")))
    assert re.fullmatch("[0-9a-f]{16}", signature(failure("")))


def test_no_two_of_our_cases_are_taken_for_one():
    found = {case.name: excerpt.find(case.lines) for case in cases()}
    fingerprints = {name: signature(one) for name, one in found.items() if one is not None}
    assert len(set(fingerprints.values())) == len(fingerprints)


numbers = st.integers(0, 10**9)
hexadecimal = st.text("0123456789abcdef", min_size=12, max_size=64).filter(
    lambda text: any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
)
folders = st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True), min_size=1, max_size=4)


@given(numbers, numbers, st.datetimes(), hexadecimal, folders, st.uuids(), st.ip_addresses(v=4))
def test_numbers_times_hashes_folders_and_addresses_do_not_matter(line, pid, moment, commit, where, job, host):
    def written(line, pid, moment, commit, where, job, host) -> str:
        place = "/".join(("", "home", *where, "basket.py"))
        return f"{moment:%Y-%m-%dT%H:%M:%S}Z [{pid}] {place}:{line}: job {job} at {commit} lost {host}:{line}"

    first = written(
        1, 2, moment.replace(year=2026), "0a" * 10, ["ci", "shop"], "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "10.0.0.1"
    )
    moment = moment.replace(year=max(moment.year, 1000))
    assert pattern(written(line, pid, moment, commit, where, job, host)) == pattern(first)


@given(st.text(max_size=500))
def test_any_text_has_a_pattern_that_stays_as_it_is(text: str):
    assert pattern(text) == pattern(text)
    assert "\n" not in pattern(text)
