"""The fingerprint of a failure: the same for the same failure, whatever numbers, places and times are in its words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from cicd_health.model.logs import Excerpt

LONGEST = 400  # characters of a line that count

HTTP = r"Client Error|Server Error|Forbidden|Unauthorized|Service|Bad|Gateway|Too Many|Not Found|Internal"
NAMED = r"(?i:status(?: code)?|http error|returned error|HTTP(?:/\d(?:\.\d)?)?)"
UNIT = r"(?:ms|us|µs|ns|secs?|seconds?|minutes?|mins?|hours?|days?|[smhd])"
HEX = "[0-9a-fA-F]"
DIRECTORY = r"[\\/]+[\w.@+~%#=-]+(?: \(x86\))?"

# What changes from run to run, by kind. The first that fits at a place counts.
VARIABLES = {
    # A status of HTTP and the number of a compiler's message tell failures apart, other numbers do not.
    "kept": rf"{NAMED}[: ]+[1-5]\d\d\b|\b[1-5]\d\d (?={HTTP})|\b[A-Z]{{1,6}}\d{{2,5}}\b(?!-)",
    "url": r"\b[a-z][a-z0-9+.-]{1,10}://[^\s'\"<>)\]]+",
    "uuid": rf"\b{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}\b",
    "time": r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b"
    r"|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b",
    "address": r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
    "place": rf"(?:(?<![\w.~])~?|\b[A-Za-z]:)(?:{DIRECTORY}){{2,}}[\\/]*",
    "pointer": r"\b0[xX][0-9a-fA-F]+\b",
    "temporary": r"\btmp[\w-]{4,}|\b[\w-]*\.tmp\b",
    "hash": rf"\b(?={HEX}*\d)(?=\d*[a-fA-F]){HEX}{{7,}}\b|\b(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{{12,}}\b",
    "duration": rf"\b(?:\d+(?:\.\d+)?(?:ms|[hms]) ?){{2,}}\b|\b\d+(?:\.\d+)?\s?{UNIT}\b",
    "size": r"\b\d+(?:\.\d+)?\s?(?:[kKMGT]i?B|bytes|B)\b",
    "member": r"\b(?:gw|[Ww]orker|[Tt]hread|[Rr]unner|[Aa]gent|[Ss]hard|[Ss]lot)[-_ ]?\d+\b",
    "number": r"(?<!\w)[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?(?!\w)|(?<=[A-Za-z_-])\d{4,}",
}
VARIABLE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in VARIABLES.items()))
WORD = re.compile(r"[A-Za-z]{2,}")
SPACES = re.compile(r"\s+")
SEPARATORS = re.compile(r"[\\/]+")
TEMPORARY = re.compile(r"(?i)[\\/](?:tmp|temp|_temp|var[\\/]folders)(?:[\\/]|$)")

# Lines that name the test that failed.
NAMES = (
    re.compile(r"^_{3,} (?P<name>\S.*?) _{3,}$"),
    re.compile(r"^(?:FAILED|ERROR) (?:\[[\d.]+s\] )?(?P<name>\S+::.+?)(?: - .*)?$"),
    re.compile(r"^(?:FAIL|ERROR)(?: \[[\d.]+s\])?: (?P<name>\S+ \(\S+\))"),
    re.compile(r"^\s*not ok \d+ (?:- )?(?P<name>.+)$"),
    re.compile(r"^\s*--- FAIL: (?P<name>\S+)"),
    re.compile(r"^\[  FAILED  \] (?P<name>[^\s,]+)"),
    re.compile(r"^test (?P<name>\S.*) \.\.\. FAILED$|^---- (?P<other>\S+) stdout ----$"),
    re.compile(r"^\s*● (?P<name>.+ › .+)$"),
    re.compile(r"^\s*FAIL\s+(?P<name>\S+ > .+)$"),
    re.compile(r"^(?P<name>\S.* > .+) FAILED$"),
    re.compile(r"^\[ERROR\]\s+(?P<name>[\w$]+\.[\w$]+)[:\[]"),
    re.compile(r"^rspec (?P<name>\S+)"),
    re.compile(r"^\d+\) (?P<name>\S+::\S+)"),
    re.compile(r"^\s+\d+\) (?P<name>.+ › .+?)\s*─*$"),
    re.compile(r"^\s*Failed (?P<name>\S+) \["),
)


def signature(found: Excerpt) -> str:
    """16 hexadecimal digits of what failed (the test nearest to the cause, if one is named) and the cause's words."""
    words = "\n".join((_test(found), *map(pattern, _cause(found))))
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()[:16]


def pattern(text: str) -> str:
    """The words of a line without what changes from run to run, for people: `connect to <address> failed`."""
    return SPACES.sub(" ", VARIABLE.sub(_placeholder, text[:LONGEST])).strip()


def _placeholder(found: re.Match[str]) -> str:
    kind, text = found.lastgroup or "", found[0]
    if kind == "kept":
        return text
    if kind == "place":
        return _place(text)
    if kind == "url":
        return _url(text)
    if kind == "member":
        return _numberless(text)
    return {"number": "#", "duration": "<time>", "pointer": "<address>"}.get(kind, f"<{kind}>")


def _place(path: str) -> str:
    """Only the file's name: where a workspace lies differs from machine to machine."""
    if TEMPORARY.search(path):
        return "<temporary>"
    name = SEPARATORS.split(path.rstrip("\\/"))[-1]
    return f"<path>/{_numberless(name)}"


def _url(text: str) -> str:
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    host = re.sub(r":\d+$", "", host.rpartition("@")[2])
    if re.fullmatch(r"[\d.]+|\[.*\]|localhost", host):
        host = "<address>"
    return f"{scheme}://{_numberless(host)}{slash}{_numberless(path.partition('?')[0])}"


def _numberless(text: str) -> str:
    return re.sub(r"[0-9a-fA-F]*\d[0-9a-fA-F]{6,}|\d+", "#", text)


def _cause(found: Excerpt) -> Iterator[str]:
    """The line, and of one that only introduces the message the next one too: `Error (RUFF) F841`."""
    texts = {line.number: line.text for line in found.lines}
    cause, after = texts.get(found.cause, ""), texts.get(found.cause + 1, "")
    yield cause
    if len(WORD.findall(cause)) < 4 and (_margin(after) > _margin(cause) or cause.rstrip().endswith(":")):
        yield after


def _margin(text: str) -> int:
    return len(text) - len(text.lstrip())


def _test(found: Excerpt) -> str:
    """The name of the failed test: the last one named up to the cause, else the first after it, else nothing."""
    named = list(_named(found))
    until = [name for number, name in named if number <= found.cause]
    after = [name for number, name in named if number > found.cause]
    return pattern((until[-1:] or after[:1] or [""])[0])


def _named(found: Excerpt) -> Iterator[tuple[int, str]]:
    for line in found.lines:
        for one in NAMES:
            if match := one.match(line.text):
                yield line.number, _short(next(name for name in match.groups() if name))
                break


def _short(name: str) -> str:
    """`TestBasket.test_total`, of `tests/test_basket.py::TestBasket::test_total` too: pytest names it both ways."""
    file, found, test = name.partition(".py::")
    return test.replace("::", ".") if found else file
