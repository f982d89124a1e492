"""Package managers, containers, deployments, git and the shell."""

from __future__ import annotations

from cicd_health.logs.clues.clue import Clue, clue

PACKAGES: tuple[Clue, ...] = (
    clue(
        "pip finds no version",
        86,
        "could not find a version|resolutionimpossible|conflicting dependencies",
        r"Could not find a version that satisfies|ResolutionImpossible|because these package versions have conflicting",
    ),
    clue("pip finds nothing", 72, "no matching distribution", r"No matching distribution found", before=2, after=1),
    clue("uv", 84, "╰─▶", r"╰─▶ (?!\[)", before=1, after=5),
    clue("uv's heading", 78, "no solution found", r"No solution found", before=1),
    clue("uv's error", 70, "× ", r"^\s*× \S", before=0, after=4),
    clue(
        "Poetry",
        86,
        "poetry.lock|version solving failed",
        r"changed significantly since poetry\.lock|version solving failed",
    ),
    clue(
        "npm resolves nothing",
        86,
        "eresolve|npm ci|missing script|404|enoent",
        r"^npm (?:ERR!|error) (?:ERESOLVE|`npm ci` can only|Missing script|404 |.*ENOENT: |missing script)",
        before=1,
        after=6,
    ),
    clue("npm", 58, "npm err|npm error", r"^npm (?:ERR!|error) \S"),
    clue("tool of npm", 66, " err! ", r"^\w+ ERR! (?!stack|cwd|System|command|node|not ok)", before=1, after=4),
    clue("pnpm", 86, "err_pnpm", r"ERR_PNPM_(?!RECURSIVE)\w+"),
    clue(
        "yarn",
        76,
        "error ",
        r"^error (?:An unexpected|Couldn't|Your lockfile|\S+@\S+: |Package|Incorrect|Found incompatible|\S+: )"
        r"|^➤ YN\d+: .*(?:error|fail|can't|couldn't)",
    ),
    clue("apt", 84, "e: ", r"^E: \S"),
    clue(
        "rpm",
        82,
        "no match for|unable to find a match|nothing provides",
        r"No match for argument|Unable to find a match|nothing provides",
    ),
    clue("Homebrew", 74, "error: ", r"^Error: .*(?:brew|formula|cask|bottle)"),
    clue(
        "Maven's artifacts",
        84,
        "could not find artifact|could not transfer|failed to collect|unresolveable",
        r"(?:Could not find artifact|Could not transfer artifact|Failed to collect dependencies|Non-resolvable)",
        last=True,
    ),
    clue("Maven's goal", 66, "failed to execute goal", r"Failed to execute goal", before=1, after=1),
    clue(
        "Gradle's reason",
        84,
        "> could not|> a problem|> failed|> no ",
        r"^\s*> (?:Could not|A problem|Failed to|No |Cannot|Unsupported)",
        before=2,
        after=3,
    ),
    clue("Gradle's heading", 58, "what went wrong|where:", r"^\* (?:What went wrong|Where):", before=0, after=4),
    clue(
        "Gradle's task",
        50,
        "> task|execution failed for",
        r"^> Task \S+ FAILED|Execution failed for task",
        before=1,
        after=3,
    ),
    clue("NuGet", 84, "error nu", r"error NU\d+"),
    clue(
        "Cargo",
        80,
        "failed to select|no matching package|failed to load|failed to download",
        r"failed to (?:select a version|load (?:manifest|source)|download|get `)|no matching package",
        before=1,
    ),
    clue(
        "checksum",
        80,
        "checksum|hash",
        r"(?i)(?:checksum|hash(?:es)?|sha\d+)\b.{0,80}(?:mismatch|is wrong|do(?:es)? not match|not valid|differ"
        r"|incorrect)"
        r"|(?:mismatch\w*|bad|wrong|invalid) .{0,20}(?:checksum|hash|digest)",
    ),
)

CONTAINERS: tuple[Clue, ...] = (
    clue(
        "Docker daemon",
        86,
        "from daemon|manifest unknown|manifest for|pull access|no such image|no such container|toomanyrequests",
        r"Error response from daemon|manifest unknown|manifest for .{1,200} not found|pull access denied"
        r"|No such (?:image|container)",
    ),
    clue(
        "Docker cannot connect", 86, "docker daemon|docker_engine", r"Cannot connect to the Docker daemon|docker_engine"
    ),
    clue(
        "Docker build",
        74,
        "failed to solve|failed to build|dockerfile parse|failed to compute|did not complete successfully",
        r"failed to (?:solve|compute cache key)|[Dd]ockerfile parse error|did not complete successfully: exit code",
        before=1,
        after=2,
    ),
    clue(
        "Kubernetes",
        86,
        "from server|progress deadline|imagepullbackoff|crashloopbackoff|no matches for kind|failedscheduling",
        r"Error from server|exceeded its progress deadline|ImagePullBackOff|ErrImagePull|CrashLoopBackOff"
        r"|no matches for kind",
    ),
    clue(
        "Helm",
        86,
        "installation failed|upgrade failed|error: ",
        r"(?:INSTALLATION|UPGRADE) FAILED|Error: .{0,100}chart",
    ),
    clue("CloudFormation", 84, "_failed", r"\b(?:CREATE|UPDATE|DELETE)_FAILED\b", before=1, after=2),
    clue("Terraform", 86, "error: ", r"^[│|]\s*Error: ", before=0, after=5),
    clue("Ansible", 86, "failed!|unreachable!", r"(?:FAILED|UNREACHABLE)! =>", before=1, after=1),
)

GIT: tuple[Clue, ...] = (
    clue("conflict", 90, "conflict (|merge conflict", r"^CONFLICT \(|Merge conflict in", before=1, after=3),
    clue(
        "push rejected",
        88,
        "rejected]|protected branch|pre-receive hook",
        r"! \[(?:remote )?rejected\]|protected branch hook declined|pre-receive hook declined",
    ),
    clue(
        "not merged",
        80,
        "merge failed|could not apply|patch failed|does not apply|not possible to fast-forward"
        "|unrelated histories|cherry-pick",
        r"Automatic merge failed|error: could not (?:apply|revert)|patch failed|(?:patch"
        r"|does) (?:does )?not apply|fast-forward, aborting"
        r"|unrelated histories|[Cc]herry-pick.{0,60}(?:fail|conflict|empty)",
    ),
    clue(
        "not clean",
        84,
        "would be overwritten|uncommitted|unstaged|not clean|out of date|dirty|not staged|out of sync|out-of-date",
        r"would be overwritten by|^Changes not staged for commit|(?i:(?:\bleft\b|checkout|tree"
        r"|repository).{0,60}\bdirty)|(?i:uncommitted|unstaged) (?:changes|files)|(?i:(?:tree|directory|repo\w*"
        r"|checkout) is (?:not clean|dirty))"
        r"|(?i:(?:is|are) (?:out[ -]of[ -](?:date|sync)|dirty|not up[ -]to[ -]date))",
    ),
    clue(
        "transport of git",
        86,
        "rpc failed|early eof|hung up|unable to access|index.lock|remote ref|did not match any|unexpected disconnect"
        "|not our ref|reference is not a tree|not appear to be a git",
        r"RPC failed|early EOF|hung up unexpectedly|unable to access '|index\.lock"
        r"|(?i:couldn't find remote ref)|did not match any file"
        r"|unexpected disconnect|not our ref|reference is not a tree|not appear to be a git",
    ),
    clue(
        "remote says",
        80,
        "remote: ",
        r"^remote: (?:error|fatal|Invalid|Repository not found|Permission|Write access|GH\d+)",
    ),
    clue(
        "remote not readable",
        60,
        "could not read from remote",
        r"Could not read from remote repository",
        before=3,
        after=2,
    ),
    clue("git", 84, "fatal: ", r"^(?:stderr: )?fatal: ", before=3),
    clue("git, push", 66, "failed to push", r"failed to push some refs", before=2, after=1),
)

SHELL: tuple[Clue, ...] = (
    clue(
        "no such command",
        84,
        "not found|not recognized|not an executable|cannot execute|exec format|executable file",
        r": (?:command )?not found$|is not recognized as (?:an internal|the name|a name)|cannot execute"
        r"|[Ee]xec format error"
        r"|executable file not found|(?:^|: )(?:No such command|unknown command|Unknown command)",
        before=3,
    ),
    clue(
        "shell",
        82,
        "unbound variable|unexpected token|bad substitution|parameter not set|unexpected eof|argument expected"
        "|unexpected end",
        r"unbound variable|unexpected token|[Bb]ad substitution|parameter (?:null or )?not set"
        r"|unexpected (?:EOF|end of file) while|argument expected",
    ),
    clue("shell's line", 80, ": line ", r"^\S+: line \d+: "),
    clue(
        "permission",
        78,
        "permission denied|operation not permitted|read-only file|eacces|eperm",
        r"[Pp]ermission denied|Operation not permitted|Read-only file system|\bEACCES\b|\bEPERM\b",
    ),
    clue(
        "no such file",
        72,
        "no such file|cannot find the|cannot stat|cannot open|enoent|not a directory|is a directory"
        "|no files were found",
        r"[Nn]o such file or directory|cannot find the (?:path|file)|cannot (?:stat|open) |\bENOENT\b"
        r"|[Nn]ot a directory|Is a directory",
    ),
    clue(
        "PowerShell", 40, "fullyqualifiederrorid|categoryinfo", r"FullyQualifiedErrorId|CategoryInfo", before=5, after=0
    ),
    clue(
        "address in use",
        82,
        "address already in use|eaddrinuse|port is already",
        r"[Aa]ddress already in use|EADDRINUSE|port is already",
    ),
    clue(
        "database",
        82,
        "psql|sqlstate|relation |deadlock|duplicate key|error:  ",
        r"^(?:psql:\S* )?ERROR:  |SQLSTATE|relation \S+ does not exist"
        r"|deadlock detected|violates .{0,40}constraint",
    ),
    clue(
        "usage",
        60,
        "unrecognized arg|unknown option|no such option|invalid choice|unexpected argument|unrecognized option"
        "|unknown flag",
        r"(?i)unrecognized (?:arguments?|option)|(?:unknown|no such|invalid) (?:option|flag)|invalid choice"
        r"|unexpected argument",
    ),
)
