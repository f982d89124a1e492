"""Log tails of many tools, each with the lines that hold the cause, put among the noise of a whole log.

In the files of tails/ a case begins with `@@@ name kind`; its lines that hold the cause begin with "▶". Kind `raw` is
the end of a log as it is; `github`, `jenkins` and `bare` are the output of one command, wrapped as those would.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cicd_health.model.logs import Line

TAILS = Path(__file__).parent / "tails"
MARK = "▶"

# What successful work prints, with many a word that looks like a failure.
NOISE = """\
Compiling ErrorHandler.java
cc -O2 -Wall -Werror -Wno-error=unused -c src/error_log.c -o build/error_log.o
[{n}/4000] Building CXX object lib/CMakeFiles/fail.dir/error_category.cpp.o
tests/test_error_page.py::test_{n}_raises_value_error PASSED
test tests::fails_on_bad_input_{n} ... ok
ok {n} - throws an Error when the socket is closed
    ✓ shows an error message when saving failed ({n} ms)
--- PASS: TestErrorIsWrapped{n} (0.00s)
[INFO] Tests run: {n}, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.0{n} s - in app.ErrorMapperTest
{n} files checked, 0 errors, 0 warnings
Found 0 vulnerabilities, 0 failed of {n}
error_log = /var/log/nginx/error-{n}.log
{{"level": "info", "error": null, "attempt": {n}}}
Collecting error-prone-{n}
Downloading exceptiongroup-1.{n}.0-py3-none-any.whl (16 kB)
copying build/lib/urllib3/exceptions.py -> build/bdist/urllib3/exceptions.py
npm warn deprecated glob@7.{n}.0: Glob versions prior to v9 are no longer supported
src/menu.c:{n}:12: warning: comparison of integers of different signs [-Wsign-compare]
checking for strerror_r number {n}... yes
-- Looking for pthread_create {n} - not found
INFO: no errors were found in shard {n}
Get:{n} http://archive.example.org/ubuntu noble/main amd64 libgpg-error0 amd64 1.47-3 [69.2 kB]
Setting up libjson-perl ({n}.05-1) ...
Progress: {n}%
step {n}: loss 0.{n}, learning rate 1e-4
continue-on-error: true, fail-fast: false, retries: {n}
Retrying download of part {n}, attempt 1 of 5
fetched part {n}
  [expected failure] case {n}
""".splitlines()

# In a step that succeeded: loud, and not the cause.
DECOYS = """\
curl: (56) Recv failure: Connection reset by peer
retrying in 3 s
downloaded
WARNING: the cache could not be restored
Traceback (most recent call last):
  File "/opt/tool/cache.py", line 3, in load
    return open(path)
FileNotFoundError: [Errno 2] No such file or directory: '/tmp/cache'
falling back to a fresh cache
""".splitlines()

GITHUB_HEAD = """\
##[group]Runner Image
Image: ubuntu-24.04
Version: 20260210.1
##[endgroup]
Prepare workflow directory
Getting action download info
Complete job name: build (3.12)
##[group]Run actions/checkout@v4
with:
  persist-credentials: true
##[endgroup]
Syncing repository: example/app
[command]/usr/bin/git version
##[group]Run ./prepare.sh || echo "failed: error"
[36;1m./prepare.sh || echo "failed: error"[0m
shell: /usr/bin/bash -e {0}
##[endgroup]""".splitlines()
GITHUB_STEP = """\
##[group]Run ./ci/run.sh
[36;1mif ! ./ci/run.sh; then echo "::error::tests failed"; exit 1; fi[0m
shell: /usr/bin/bash -e {0}
env:
  ON_ERROR: stop
##[endgroup]""".splitlines()
GITHUB_FOOT = """\
##[error]Process completed with exit code 1.
##[group]Run actions/upload-artifact@v4
with:
  if-no-files-found: error
##[endgroup]
With the provided path, there will be 1 file uploaded
##[group]Run docker ps --all
docker ps --all
shell: /usr/bin/bash -e {0}
##[endgroup]
@noise
Post job cleanup.
[command]/usr/bin/git version
[command]/usr/bin/git config --local --name-only --get-regexp core\\.sshCommand
fatal: not in a git directory
Cleaning up orphan processes""".splitlines()
JENKINS_HEAD = """\
Started by an SCM change
Running as SYSTEM
Building remotely on linux-3 (linux) in workspace /home/jenkins/workspace/app
 > git rev-parse --resolve-git-dir /home/jenkins/workspace/app/.git # timeout=10
 > git fetch --tags --progress https://git.example.org/app.git +refs/heads/*:refs/remotes/origin/* # timeout=10
Checking out Revision 1f3c9aa0b7 (refs/remotes/origin/main)
[app] $ /bin/sh -xe /tmp/jenkins5558.sh
+ ./prepare.sh""".splitlines()
JENKINS_FOOT = """\
Build step 'Execute shell' marked build as failure
Archiving artifacts
WARN: No artifacts found that match the file pattern "out/*.log". Configuration error?
Recording test results
@noise
Finished: FAILURE""".splitlines()


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    lines: list[Line]
    cause: set[int]  # line numbers; the excerpt has all of them, and names one

    def __repr__(self) -> str:
        return self.name


def cases() -> list[Case]:
    return [_wrapped(*found) for file in sorted(TAILS.glob("*.txt")) for found in _written(file)]


def _written(file: Path) -> Iterator[tuple[str, str, list[str]]]:
    for block in file.read_text(encoding="utf-8").split("\n@@@ "):
        head, *lines = block.removeprefix("@@@ ").rstrip("\n").split("\n")
        name, kind = head.split()
        yield name, kind, lines


def _wrapped(name: str, kind: str, tail: list[str]) -> Case:
    chance = random.Random(name)
    texts = {"github": _github, "jenkins": _jenkins, "bare": _bare, "raw": _raw}[kind](chance, tail)
    cause = {number for number, text in enumerate(texts, 1) if MARK in text and _marked(text)}
    lines = [Line(n, text.replace(MARK, "", 1) if n in cause else text) for n, text in enumerate(texts, 1)]
    return Case(name, kind, lines, cause)


def _marked(text: str) -> bool:
    """True when the mark is the first thing of the line, a time stamp apart."""
    return text.partition(MARK)[0].strip(" 0123456789-:.TZ[]") == ""


def noise(chance: random.Random, least: int, most: int) -> list[str]:
    return [chance.choice(NOISE).format(n=chance.randrange(10, 99)) for _ in range(chance.randint(least, most))]


def _with_noise(chance: random.Random, foot: list[str]) -> list[str]:
    return [line for text in foot for line in (noise(chance, 10, 60) if text == "@noise" else [text])]


def _github(chance: random.Random, tail: list[str]) -> list[str]:
    texts = [*GITHUB_HEAD, *noise(chance, 20, 120), *DECOYS, *GITHUB_STEP, *noise(chance, 20, 200), *tail]
    ended = texts[-1].startswith("##[error]Process")
    texts += [] if ended else chance.choice(([], ["done"], noise(chance, 1, 5), noise(chance, 20, 80)))
    foot = _with_noise(chance, GITHUB_FOOT[ended:])
    return [f"2026-03-01T10:11:12.{number:07d}Z {text}" for number, text in enumerate([*texts, *foot])]


def _jenkins(chance: random.Random, tail: list[str]) -> list[str]:
    return [
        *JENKINS_HEAD,
        *noise(chance, 20, 80),
        *DECOYS,
        *noise(chance, 30, 200),
        *tail,
        *_with_noise(chance, JENKINS_FOOT),
    ]


def _bare(chance: random.Random, tail: list[str]) -> list[str]:
    return [*noise(chance, 50, 300), *tail]


def _raw(chance: random.Random, tail: list[str]) -> list[str]:
    if tail[0].startswith("2026-"):
        return [f"2026-03-01T01:00:00.0000000Z {text}" for text in noise(chance, 50, 200)] + tail
    return noise(chance, 50, 200) + tail
