"""Lines that hold a word such as error and are no failure, and lines that only repeat that something failed."""

from __future__ import annotations

from cicd_health.logs.clues.clue import Clue, clue
from cicd_health.model.logs import MarkKind

# Weight 0: passing tests, counts of nothing, echoed commands, advice.
HARMLESS: tuple[Clue, ...] = tuple(
    clue(name, 0, words, pattern, mark=None)
    for name, words, pattern in (
        ("echoed command", "+ ", r"^\+{1,3} "),
        ("command of Jenkins", " > |$ ", r"^ > \w+ |^\[[^\]]+\] \$ "),
        ("command of GitHub", "[command]", r"^\[command\]"),
        (
            "option",
            "-error|-fail",
            r"^(?:\S*/)?[\w+-]*(?:cc|\+\+|clang|rustc|nvcc|cl\.exe)(?:-\d+)? .*-W?(?:no-)?error",
        ),
        ("passed test", "passed", r"\bPASSED\b"),
        ("passed test of TAP", "ok ", r"^\s*ok \d+"),
        ("known failure of TAP", "not ok", r"^\s*not ok .*# ?(?i:todo|skip|flaky)"),
        ("passed test of a list", " ok|... skipped|xfail|ignored", r"\.\.\. (?:ok|skipped|expected failure|ignored)\b"),
        ("passed test with a tick", "✓|✔|√|--- pass|[       ok", r"^\s*(?:[✓✔√]|--- PASS|\[\s+OK \])"),
        ("expected", "expected fail|xfail|(expected)", r"(?i)\bexpected failure|\bxfail(?:ed)?\b|\(expected\)"),
        (
            "none of them",
            "error|fail",
            r"(?i)^(?!.*\b[1-9]\d* (?:errors?|failures?|failed)\b)"
            r"(?!.*\b(?:errors?|failures?|failed):? ?[=:]? ?[1-9])"
            r"(?=.*(?:\b(?:0|no|zero|without) (?:\w+ )?(?:errors?|failures?|failed)\b"
            r"|\b(?:errors?|failures?|failed)\b\"?[:=] ?(?:0\b|null|none|false|\[\])))",
        ),
        (
            "look for it",
            "looking for|checking|performing test|building [|targets for",
            r"^(?:-- (?:Looking for|Performing Test|Check)|checking |building \[\w+\]: )",
        ),
        (
            "key of a setting",
            "error|fail",
            r"^\s*[\w.-]*(?i:error|fail)[\w.-]*(?: = |=|: (?:true|false|error|warn|\d+)(?:,|$))",
        ),
        (
            "source file",
            "error|fail|exception|panic",
            r"^\s*(?:Compiling|Copying|copying|creating|adding|Get:\d+|Setting up|"
            r"Downloading|Collecting|Unpacking|Installing|\[\d+/\d+\]|\[ *\d+%\])\s",
        ),
    )
)

GENERIC: tuple[Clue, ...] = (
    clue(
        "exit code",
        10,
        "exit code|exited with|exit status|return code|status code|custom container implementation|failed with exit",
        r"(?i)^(?!.{0,200}\berror [a-z]{2,6}\d{2,5}).{0,120}"
        r"\b(?:completed|exited|returned|failed|finished|terminated)\b.{0,20}"
        r"\b(?:(?:exit|return|non-zero)[ -])?(?:code|status):? (?!0\b|4\d\d|5\d\d)\d{1,3}\b"
        r"|the custom container implementation failed|^\s*error: command .{1,300} failed with exit",
        before=0,
        after=0,
    ),
    clue(
        "end of make",
        12,
        "***",
        r"\*\*\* \[.*\] (?:Error|Segmentation|Killed|Terminated|Aborted|Interrupt)",
        before=3,
        after=0,
    ),
    clue("end of ninja", 12, "build stopped", r"^ninja: build stopped", before=3, after=0),
    clue(
        "end of a compiler",
        14,
        "compilation terminated|warnings being treated|error generated|errors generated|ld returned"
        "|aborting due to|could not compile|test failed, to rerun|errors found|error found|could not build wheel",
        r"compilation terminated|warnings being treated as errors|(?<!\d)\d{1,7} errors? (?:generated|found)"
        r"|ld returned \d+|error: aborting due to|could not compile|test failed, to rerun|^\[error\] \w+ errors? found"
        r"|ERROR: Could not build wheels",
        before=0,
        after=0,
    ),
    clue(
        "end of a linker",
        14,
        "linker command failed|link failed|clang frontend",
        r"linker command failed|ld: fatal: .*(?:see errors|no output)|frontend command failed",
        before=2,
        after=0,
    ),
    clue(
        "end of npm",
        10,
        "npm err|npm error|elifecycle",
        r"^npm (?:ERR!|error)(?:$|\s*$|\s+(?:code|errno|path|command|syscall|signal|cwd|Exit status"
        r"|Failed at the|A complete log|"
        r"This is probably|\s*/|Lifecycle script|Error: command failed|workspace|location|in workspace"
        r"|at location|Test failed"
        r"|\S+@\S+ \w+:))|ELIFECYCLE",
        before=2,
        after=0,
        mark=None,
    ),
    clue(
        "end of yarn", 10, "command failed", r"(?i)^(?:error |\S+ )?command failed (?:with|\(exit)", before=2, after=0
    ),
    clue(
        "end of Maven",
        12,
        "[error]",
        r"^\[ERROR\](?:\s*$| -> \[Help| To see the full| Re-run Maven| For more info| \[Help"
        r"| After correcting|   mvn | COMPILATION ERROR| Failures:\s*$| Errors:\s*$| Please refer to"
        r"| There are test failures)",
        before=0,
        after=0,
        mark=None,
    ),
    clue(
        "end of Gradle",
        12,
        "build failed",
        r"^(?:FAILURE: )?Build failed with an exception|^BUILD FAILED|^\*\* BUILD FAILED"
        r"|^Build FAILED",
        before=0,
        after=0,
    ),
    clue("end of Bazel", 12, "did not complete", r"Build did NOT complete", before=0, after=0),
    clue(
        "end of pip",
        14,
        "subprocess-exited|failed building wheel|failed to build|originates from",
        r"subprocess-exited-with-error|^ *ERROR: Failed building wheel|^Failed to build |originates from a subprocess",
        before=0,
        after=0,
    ),
    clue(
        "end of a test run",
        18,
        "fail|error|dubious|result:",
        r"^FAILED \(|^FAIL$|^ ?\d+ FAILED TESTS?|^FAILURES!$|^Tests:.*\bfailed|^Test Suites:.*failed"
        r"|^=+ .*\b(?:failed|error).* in "
        r"|^test result: FAILED|tests? failed out of|^Errors while running CTest|^Result: FAIL|^Dubious, test returned"
        r"|^\d+ (?:tests|examples).*\bfail|^\s+\d+ fail(?:ed|ing)\b|^Failed!  - |^\*\* TEST FAILED"
        r"|^#? ?fail [1-9]|^Ran \d+ tests"
        r"|Interrupted: \d+ error|Some tests failed",
        before=1,
        after=0,
    ),
    clue(
        "end of Jenkins",
        8,
        "finished: |marked build as|script returned|changed build result|setting build result|setting overall",
        r"Finished: [A-Z_]+|marked build as (?:failure|unstable)|script returned exit code|changed build result to"
        r"|[Ss]etting (?:overall )?build (?:result|status) to",
        before=3,
        after=0,
        mark=None,
    ),
    clue(
        "skipped stage", 6, "skipped due to earlier", r"skipped due to (?:earlier|when)", before=0, after=0, mark=None
    ),
    clue("GitHub says issues", 12, "issues found|problems found", r"^(?:issues|problems) found$", before=3, after=0),
)

# Whatever it tells of, the work went on.
MARKED_WARNING = clue("warning of GitHub", 20, "##[warning]", r"^##\[warning\]", after=1, mark=MarkKind.WARNING)

WARNINGS: tuple[Clue, ...] = (
    clue("treated as error", 86, "treated as error", r"(?i)warning, treated as error", after=3),
    clue(
        "warning of a compiler",
        15,
        "warning",
        r"^.{1,300}?(?::\d+|\(\d+(?:,\d+)?\))[:\s]+(?:- )?warning\b",
        after=1,
        mark=MarkKind.WARNING,
    ),
    clue(
        "warning",
        15,
        "warn",
        r"^\s*(?:\[?(?:WARNING|WARN|Warning|warning|warn)\]?[: \]]|npm (?:WARN|warn) |w: |\S*Warning: )",
        after=1,
        mark=MarkKind.WARNING,
    ),
    clue("warning in Python", 15, "warning: ", r":\d+: \w*Warning: ", after=1, mark=MarkKind.WARNING),
)
