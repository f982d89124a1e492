"""Exceptions, and at the very end the mere words."""

from __future__ import annotations

from cicd_health.logs.clues.clue import Clue, clue

# An exception's own name: at least one capital, ending as exceptions do.
NAME = r"(?:[A-Za-z_][\w$]*[.:/]{1,2}){0,12}[A-Z][\w$]*(?:Error|Exception|Failure|Interrupt|Fault|Timeout|Exit)"

# An exception that a wrapper raises because what it called failed.
PASSED_ON = clue(
    "exception passed on",
    66,
    "fail|exit|error|non-zero|returned",
    rf"^\s*(?:{NAME}|[\w.]+Error): .*(?:\bfailed!?$|non-zero exit|exit (?:code|status)|returned [1-9]"
    rf"|^\S*CalledProcessError)",
    before=2,
    after=1,
    last=True,
)
EXCEPTIONS: tuple[Clue, ...] = (
    PASSED_ON,
    clue("panic", 86, "panic: ", r"^panic: ", after=6),
    clue("cause of an exception", 80, "caused", r"^\s*Caused(?: by)?: ", before=1, after=2, last=True),
    clue("fatal", 80, "fatal", r"^(?:\[?FATAL\]?|Fatal|fatal)(?: error|[:\s])", before=3),
    clue(
        "exception",
        76,
        "error|exception|failure|interrupt|fault|timeout|exit",
        rf"^\s*(?:Exception in thread \".{{0,80}}\" |Uncaught |Unhandled (?:exception|rejection)[.:]? |error: )?{NAME}"
        r"(?: \[\w+\])?(?::|$|\s*-|\n)",
        before=4,
        after=3,
        last=True,
    ),
    clue("exception, unnamed", 74, "error: ", r"^\s*(?:Uncaught )?Error(?: \[\w+\])?: ", before=3, after=3),
    clue("exception in one line", 60, "exception|error", rf"(?:^|[\s:>]){NAME}: ", last=True),
    clue(
        "unhandled",
        74,
        "unhandled|uncaught",
        r"(?i)\b(?:unhandled|uncaught) (?:exception|rejection|error|promise)",
        after=6,
    ),
)

SAID: tuple[Clue, ...] = (
    clue("ERROR at the start", 74, "error", r"^\s*(?:\[ERROR\]|ERROR:?|Error:|error:|❌|\[error\])\s*(?::\s*)?\S.{3,}"),
    clue("tool says error", 70, "error", r"^[\w./\\-]{1,60}: (?:fatal )?(?:[Ee]rror|ERROR)\b[: ]"),
    clue(
        "log says error",
        52,
        "error|fatal|critical|severe",
        r"^.{0,90}?(?:\[|\s|\||<)(?:ERROR|FATAL|CRITICAL|SEVERE|error|fatal)(?:\]|:|\s-|\s\||>|\s{1,4}\S)",
        last=True,
    ),
    clue("cross mark", 56, "❌|⛔|🔴|💥", r"❌|⛔|🔴|💥"),
    clue(
        "says it failed",
        40,
        "fail|cannot|can't|could not|couldn't|unable to|not found|does not|refused|denied|invalid|missing|mismatch"
        "|unexpected|illegal|unknown|wrong|aborted|expired|corrupt|rejected|regression|not allowed|have no|exceed",
        r"(?i)\b(?:fail(?:ed|ure|s)?|cannot|can't|could not|couldn't|unable to|not found|does not (?:exist"
        r"|match)|refused|denied|invalid"
        r"|missing|mismatch|unexpected|illegal|unknown|is wrong|aborted|expired|corrupt\w*|rejected|regression"
        r"|not allowed"
        r"|have no|exceed(?:s|ed))\b",
        mark=None,
        last=True,
    ),
    clue("says error", 36, "error", r"(?i)\berrors?\b", mark=None, last=True),
)
