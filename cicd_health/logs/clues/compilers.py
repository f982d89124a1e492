"""Compilers, linkers, linters and build systems: the first exact complaint is the cause of those that follow."""

from __future__ import annotations

from cicd_health.logs.clues.clue import Clue, clue

COMPILERS: tuple[Clue, ...] = (
    clue("Maven's compiler", 84, "[error]", r"^\[ERROR\] .{1,400}?:\[\d+(?:,\d+)?\]"),
    clue("sbt's compiler", 84, "[error]", r"^\[error\] .{1,400}?:\d+(?::\d+)?: "),
    clue(
        "file and line",
        84,
        "error",
        r"^(?:##\[error\])?.{1,400}?:\d+(?::\d+)?(?::| -|:? ) ?(?:fatal |internal compiler )?[Ee]rror\b(?!\.\w)",
        after=5,
    ),
    clue("file and line in brackets", 84, "error", r"\(\d+(?:,\d+){0,3}\)\s*:? (?:fatal )?error\b"),
    clue("numbered error", 82, "error ", r"\b(?:fatal )?error (?:[A-Z]{1,6}\d{2,5})\s*:"),
    clue("fatal error of a compiler", 84, "fatal error", r"^\S.{0,200}?: fatal error: "),
    clue("rustc", 82, "error", r"^error(?:\[E\d{4}\])?: ", after=8),
    clue(
        "linker",
        84,
        "undefined|unresolved|cannot find -l|multiple definition|symbol|relocation|undeclared",
        r"undefined reference to|undefined symbol|unresolved external|cannot find -l|multiple definition of"
        r"|symbol\(s\) not found"
        r"|Undefined symbols for|duplicate symbol|relocation .{1,100}(?:truncated|against)|symbol lookup error",
        before=3,
    ),
    clue("ptxas or nvcc", 82, "ptxas|nvcc", r"^(?:ptxas|nvcc) (?:fatal|error)"),
    clue("Go", 80, ".go:", r"^(?:vet: )?[\w./\\@-]+\.go:\d+:\d+: "),
    clue(
        "Go modules",
        78,
        "go: ",
        r"^go: .*(?:not found|unknown revision|invalid|updates to go\.|missing|mismatch|no matching|cannot)",
    ),
    clue("Kotlin", 84, "e: ", r"^e: "),
    clue("CMake", 86, "cmake error", r"^CMake Error", after=6),
    clue("configure", 86, "configure: error", r"configure: error: "),
    clue("Meson", 84, "error", r"^\S*meson\.build:\d+:\d+: ERROR"),
    clue("Bazel", 80, "error: /|error: ", r"^ERROR: \S*(?:BUILD|WORKSPACE|MODULE|\.bzl)\S*:\d+"),
    clue("make has no rule", 86, "no rule to make|missing separator", r"No rule to make target|missing separator"),
    clue("ninja", 60, "failed: ", r"^FAILED: \S", after=6),
    clue("ESLint", 84, "error", r"^\s+\d+:\d+\s+error\s", before=3, after=2),
    clue(
        "linter of Python",
        82,
        ".py:|.pyi:|.ipynb:",
        r"^[^\s:]{1,300}\.(?:py|pyi|ipynb):\d+:\d+:? [A-Z]{1,4}\d{2,4}\b",
        after=2,
    ),
    clue(
        "rule of a linter",
        78,
        "[*]|-->|unused|never used|imported but|undefined name|line too long",
        r"^[A-Z]{1,5}\d{3,4} (?:\[\*\] )?[A-Z`].{8,}",
        after=6,
    ),
    clue("syntax", 82, "syntax error", r"(?i)\bsyntax error\b"),
    clue("ShellCheck", 76, "^ sc|- sc", r"\^-*\^? SC\d{4}", before=3, after=1),
    clue("lintrunner", 80, ">>> lint for", r"^>>> Lint for ", before=0, after=12),
    clue("lintrunner's error", 84, "error (", r"^\s+Error \([\w-]+\)", before=3, after=6),
    clue("lintrunner's warning", 64, "warning (", r"^\s+Warning \([\w-]+\)", before=3, after=6),
    clue("pre-commit", 74, "...failed|files were modified", r"\.{3,}Failed$|files were modified by this hook", after=8),
    clue(
        "format",
        78,
        "would reformat|would be reformatted|formatting|code style|not formatted|run prettier",
        r"^would reformat|not formatted|[Cc]ode style issues|[Rr]un [Pp]rettier|^Diff in \S+:\d+|incorrectly formatted",
    ),
    clue("TypeScript, pretty", 84, " - error ts", r":\d+:\d+ - error TS\d+"),
    clue(
        "bundler",
        82,
        "error in |module not found|failed to resolve|could not resolve|rollup failed|build failed",
        r"^(?:\s*)ERROR in |Module not found: |[Ff]ailed to resolve (?:import|entry)|Could not resolve \"",
        after=5,
    ),
    clue(
        "LaTeX",
        76,
        "! latex|! package|! undefined|! missing|! emergency",
        r"^! (?:LaTeX|Package|Undefined|Missing|Emergency)",
        after=5,
    ),
    clue(
        "JSON or YAML",
        74,
        "pars|yaml: |json: |toml: ",
        r"(?i)(?:error|invalid|fail\w*|could not|unable to) .{0,40}pars\w+ .{0,80}(?:yaml|json|toml)"
        r"|(?:yaml|json|toml)\w*: .{0,20}(?:line \d+|error)",
    ),
)
