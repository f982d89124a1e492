"""The machine, the CI system, the network and the keys: what fails around the work itself."""

from __future__ import annotations

from cicd_health.logs.clues.clue import Clue, clue

CI: tuple[Clue, ...] = (
    clue(
        "runner shut down",
        94,
        "shutdown signal|lost communication|runner has been lost",
        r"received a shutdown signal|lost communication with the server|runner .*lost",
        anywhere=True,
    ),
    clue(
        "job too long",
        94,
        "maximum execution time|has timed out after|action has timed out",
        r"exceeded the maximum execution time|action .{0,200}has timed out",
        anywhere=True,
    ),
    clue(
        "build too long",
        92,
        "build timed out|timeout has been exceeded|aborting build because",
        r"Build timed out \(after|Timeout has been exceeded|aborting build because",
        anywhere=True,
    ),
    clue("build too long, nested", 60, "nested steps due to timeout", r"Cancelling nested steps due to timeout"),
    clue(
        "newer run",
        92,
        "higher priority waiting",
        r"Canceling since a (?:higher priority waiting|deadlock)",
        anywhere=True,
    ),
    clue(
        "cancelled",
        82,
        "operation was canceled|aborted by|cancelled by user|build was aborted by",
        r"The operation was cancell?ed|^\s*(?:Build )?[Aa]borted by |[Cc]ancell?ed by user",
        anywhere=True,
    ),
    clue(
        "action not found",
        90,
        "unable to resolve action|failed to download a|could not be found in|can't find 'action",
        r"Unable to resolve action|Failed to download (?:action|archive)|Can't find 'action\.yml'",
    ),
    clue("answer of a server", 80, "response status code", r"Response status code does not indicate success"),
    clue(
        "agent lost",
        88,
        "channel|cannot contact|offline|went away|remote call on|missing workspace",
        r"Backing channel .{0,100}(?:disconnected|closed)|[Cc]hannel .{0,60}(?:is closed|already closed"
        r"|has been closed|was closed)"
        r"|Remote call on .{0,100} failed|Unexpected termination of the channel|(?:[Aa]gent|[Nn]ode"
        r"|[Ss]lave) .{0,100}offline"
        r"|was marked offline|missing workspace|[Aa]gent went",
        anywhere=True,
    ),
    clue("agent out of reach", 60, "cannot contact", r"^Cannot contact ", anywhere=True),
    clue(
        "no such step",
        90,
        "no such dsl|scripts not permitted|rejectedaccess",
        r"No such DSL method|Scripts not permitted"
        r"|RejectedAccessException",
        anywhere=True,
    ),
    clue("pipeline script", 88, "workflowscript", r"^WorkflowScript: \d+:", anywhere=True),
    clue("pipeline compiled", 80, "multiplecompilationerrors", r"MultipleCompilationErrorsException", anywhere=True),
    clue(
        "job downstream",
        80,
        "with status|completed: |completed with",
        r"Finished Build : .{0,300}with status : (?:FAILURE|ABORTED|UNSTABLE)"
        r"|^(?:Build )?\S.{0,300} (?:#\d+ )?completed(?:: | with (?:status|result) )(?:FAILURE|ABORTED|UNSTABLE)",
        anywhere=True,
    ),
    clue(
        "not triggered",
        84,
        "no such job|no item named|cannot trigger|not buildable|could not schedule|is disabled",
        r"(?i)no such job|No item named|cannot trigger|is not buildable|could not schedule|job .*is disabled",
        anywhere=True,
    ),
    clue(
        "Jenkins git",
        86,
        "couldn't find any revision|error fetching remote|error cloning remote|could not checkout",
        r"ERROR: (?:Couldn't find any revision|Error (?:fetching|cloning) remote|Could not checkout)",
        after=6,
        anywhere=True,
    ),
)

MACHINE: tuple[Clue, ...] = (
    clue(
        "disk full",
        90,
        "no space left|disk quota|space on the disk|enough space|disk is full",
        r"(?i)no space left on device|disk quota exceeded|(?:not enough|insufficient) (?:disk )?space|disk is full",
    ),
    clue(
        "memory",
        88,
        "memory|bad_alloc|oom|killed signal|heap limit",
        r"(?i)\b(?:run |ran )?out of memory\b|OutOfMemory|OOM.?[Kk]illed|Killed signal terminated"
        r"|cannot allocate memory|bad_alloc"
        r"|heap limit|oom-kill|insufficient memory|C1060",
    ),
    clue("sanitizer", 90, "sanitizer|runtime error", r"(?:ERROR|WARNING): \w+Sanitizer|:\d+: runtime error: ", after=6),
    clue("sanitizer's summary", 70, "summary: ", r"^SUMMARY: \w+Sanitizer"),
    clue(
        "crash",
        86,
        "terminate called|segmentation|core dumped|bus error|illegal instruction|sigsegv|sigabrt|access violation"
        "|0xc00000|"
        "fatal python|corruption|smashing|stack overflow|signal 11|signal 6|overflow detected|fatal error occurred",
        r"^terminate called after|Segmentation [Ff]ault|segfault|core dumped|Bus error|Illegal instruction"
        r"|SIGSEGV|SIGABRT"
        r"|[Aa]ccess violation|0x[Cc]00000"
        r"|Fatal Python error|free\(\): |double free|heap corruption|stack smashing|[Ss]tack overflow\b"
        r"|signal (?:11|6)\b"
        r"|overflow detected",
        before=4,
    ),
    clue("killed", 82, "killed", r"(?:^|\s)Killed(?:$|\s{2,}\S|: 9)", before=4),
    clue(
        "GPU",
        84,
        "cuda|cudnn|cublas|nccl|nvml|nvidia|rocm|hip error",
        r"(?:CUDA|HIP|NCCL|cuDNN|cuBLAS|ROCm)\S* (?:\w+ )?[Ee]rror|CUBLAS_STATUS_[A-Z]|[Nn]o CUDA|NVML: |NVIDIA driver"
        r"|nvidia-smi.{0,80}(?:fail|not found)",
    ),
    clue("assertion", 84, "assertion", r"Assertion .{1,400}failed|^Assertion failed|\bassertion `?.{0,200}failed"),
    clue("check of C++", 80, "check failed", r"\bCheck failed\b"),
)

NETWORK: tuple[Clue, ...] = (
    clue(
        "name not resolved",
        82,
        "resolve|name resolution|getaddrinfo|enotfound|eai_again|unknownhost|no such host|nodename nor",
        r"[Cc]ould ?n[o']t resolve (?:host|proxy|')|Could not resolve host|name resolution|getaddrinfo"
        r"|ENOTFOUND|EAI_AGAIN|UnknownHost"
        r"|no such host|nodename nor servname",
    ),
    clue("curl", 80, "curl: (", r"curl: \(\d+\)"),
    clue(
        "no connection",
        76,
        "broken pipe|connection|econn|etimedout|socket|network is unreachable|no route",
        r"[Cc]onnection (?:refused|reset|timed out|closed by|aborted)|ECONN(?:REFUSED|RESET|ABORTED)"
        r"|E(?:SOCKET)?TIMEDOUT"
        r"|socket hang up|[Nn]etwork is unreachable|[Nn]o route to host|[Bb]roken pipe|Failed to (?:connect|establish)",
    ),
    clue(
        "certificate",
        80,
        "certificate|x509|tls|ssl",
        r"(?i)certificate (?:verify failed|has expired|is not trusted|signed by)|x509: "
        r"|(?:TLS|SSL)[ _]?(?:handshake|error)[^/]{0,60}(?:fail|time|error|refused)|SSL_ERROR",
    ),
    clue(
        "answer of HTTP",
        76,
        "client error|server error|forbidden|unauthorized|unavailable|bad gateway|bad request|gateway time"
        "|too many req|not found"
        "|internal server|status|http error|http/|http: 4|http: 5|http 4|http 5|toomanyrequests|returned error",
        r"(?:\b4(?:0[0-9]|1\d|2\d)|\b50[0-9])\b[: ]+(?:Client Error|Server Error|Forbidden|Unauthorized"
        r"|Service (?:Temporarily )?"
        r"Unavailable|Bad Gateway|Bad Request|Gateway Time-?out|Too Many Requests|Not Found|Internal Server Error)"
        r"|(?i:status(?: code)?|HTTP|HTTP error)[: ]+(?:4(?:0[0-9]|2\d)|50[0-9])\b|toomanyrequests"
        r"|(?i:returned error:) (?:4\d\d|50\d)",
    ),
    clue(
        "time out",
        66,
        "timed out|timing out|timeout|time out|deadline exceeded|took |124|longer than",
        r"(?i)\btimed out\b|\btiming out\b|\bi/o timeout|deadline exceeded|"
        r"\btimeout (?:exceeded|expired|reached|after|error|of \d)|^timeout:"
        r"|\b(?:took|ran|running) (?:for )?(?:>|over|more than|longer than|too long)|(?:return\w*"
        r"|exit\w*)(?: with)?(?: code| status)? 124\b",
        last=True,
    ),
)

KEYS: tuple[Clue, ...] = (
    clue(
        "no rights",
        84,
        "accessdenied|access denied|not authorized|unauthorized|forbidden|permission to |bad credentials|not accessible"
        "|permission_denied|denied:",
        r"AccessDenied|[Aa]ccess [Dd]enied|not authorized|[Uu]nauthorized\b|\b[Ff]orbidden\b"
        r"|Permission to .{1,200} denied|Bad credentials"
        r"|Resource not accessible|PERMISSION_DENIED|denied: ",
    ),
    clue(
        "no key",
        84,
        "credential|token|invalid_grant|authentication|logged in|could not read username|publickey|password",
        r"(?i)(?:unable to locate|could not (?:load|find|get)|no|invalid|missing|expired|load) (?:\w+ ){0,2}credentials"
        r"|(?:Expired|Invalid\w*)Token|token (?:has )?(?:is )?(?:expired|invalid|required)|invalid_grant"
        r"|authentication (?:failed|required)"
        r"|not logged in|could not read Username|Permission denied \(publickey|invalid username or password"
        r"|Input required and not supplied",
    ),
    clue("input missing", 82, "input required", r"Input required and not supplied"),
)
