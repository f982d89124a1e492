"""The fictitious company Kestrel: its pipelines, its people, and what they work on. Nobody here is real."""

from __future__ import annotations

from dataclasses import dataclass

GITHUB = "https://github.kestrel.example"
JENKINS = "https://jenkins.kestrel.example"
PEOPLE = ("wren", "tamsin-o", "idris-k", "lumi-v", "oskar-b", "noor-e", "juniper-t", "caspian-r")
NEWCOMER = "passer-by"
BOT = "dependency-bot"


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job: its steps with their usual seconds, the jobs it waits for, the runner it asks for.

    `queue_s` is the usual wait for that runner. `approval`: somebody has to let it start.
    """

    name: str
    steps: tuple[tuple[str, int], ...]
    needs: tuple[str, ...] = ()
    runner: str = "ubuntu-24.04"
    queue_s: float = 9.0
    approval: bool = False


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """One pipeline and its character.

    `weekly` runs a week; `every_h` > 0: by the clock instead, at `at_minute`. `fails` is the share of first
    attempts that fail, at one of `breaks` (job, step); `rerun` the share of those that somebody starts
    again, `rescue` the share of these that then pass. `pull_requests` is the share of runs on branches.
    A Jenkins job's `jobs` are its stages: they make its duration, Jenkins does not send them.
    """

    provider: str
    repo: str
    name: str
    weekly: float
    jobs: tuple[JobPlan, ...]
    breaks: tuple[tuple[str, str], ...]
    fails: float = 0.06
    rerun: float = 0.25
    rescue: float = 0.25
    pull_requests: float = 0.45
    every_h: int = 0
    at_minute: int = 0
    first_number: int = 1
    titles: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.repo}/{self.name}"


SHOP = (
    "Store idempotency keys per merchant",
    "Add refund audit trail",
    "Retry refunds on gateway timeout",
    "Reject expired cards before authorisation",
    "Basket: one lock per customer",
    "Split order events by region",
    "Log the gateway's request id",
)
WEB = (
    "Voucher field keeps focus",
    "Drop polyfill for Intl",
    "Cart total in one query",
    "Price list: lazy thumbnails",
    "Search suggestions by keyboard",
    "Smaller hero images",
    "Wish list survives sign-out",
)
ANDROID = (
    "Split feature-payments module",
    "Kotlin 2.2.20",
    "Widget deep links",
    "Offline basket",
    "Target the new SDK",
    "Dark icons on the scan page",
)
INFRA = (
    "Raise NAT gateway quota",
    "Rotate node pool images",
    "Second replica for the queue",
    "Alarm on certificate age",
    "Tag every volume with its owner",
)
LEDGER = (
    "Round half-even in FX conversion",
    "Netting by settlement day",
    "Close the books in UTC",
    "Partition postings by month",
    "Explain a rejected posting",
)
EDGE = (
    "Tighten header size limit",
    "Hedge slow upstreams",
    "Reload certificates without a restart",
    "Count retries per route",
    "Smaller access log",
)
VERSIONS = ("checkout 2.41.0, ledger 1.18.3", "storefront 5.9.1", "edge-proxy 3.12.0", "checkout 2.40.2")

CHECKOUT_CI = PipelinePlan(
    "github",
    "kestrel/checkout-api",
    "ci",
    94,
    (
        JobPlan("lint", (("Set up job", 3), ("Check out", 4), ("ruff", 31), ("types", 44))),
        JobPlan(
            "test", (("Set up job", 3), ("Check out", 5), ("Install", 41), ("pytest", 262), ("Upload coverage", 8))
        ),
        JobPlan("image", (("Set up job", 3), ("Build image", 68), ("Scan image", 21)), ("lint", "test")),
    ),
    (("test", "pytest"), ("lint", "types"), ("image", "Scan image")),
    fails=0.07,
    first_number=3790,
    titles=SHOP,
)
STOREFRONT_CI = PipelinePlan(
    "github",
    "kestrel/storefront",
    "ci",
    108,
    (
        JobPlan("lint", (("Set up job", 3), ("Check out", 4), ("Install", 38), ("eslint", 47))),
        JobPlan("unit", (("Set up job", 3), ("Check out", 4), ("Install", 39), ("vitest", 118))),
        JobPlan("build", (("Set up job", 3), ("Install", 38), ("Build pages", 71)), ("lint", "unit")),
    ),
    (("unit", "vitest"), ("lint", "eslint"), ("build", "Install")),
    fails=0.05,
    first_number=6190,
    titles=WEB,
)
STOREFRONT_E2E = PipelinePlan(
    "github",
    "kestrel/storefront",
    "e2e",
    76,
    (
        JobPlan("build", (("Set up job", 3), ("Check out", 4), ("Install", 39), ("Build pages", 96))),
        JobPlan(
            "e2e",
            (("Set up job", 3), ("Install browsers", 42), ("checkout › applies voucher", 305), ("Upload traces", 12)),
            ("build",),
            "ubuntu-24.04-8core",
            26.0,
        ),
    ),
    (("e2e", "checkout › applies voucher"),),
    fails=0.19,
    rerun=0.85,
    rescue=0.85,
    pull_requests=0.3,
    first_number=1960,
    titles=WEB,
)
ANDROID_BUILD = PipelinePlan(
    "github",
    "kestrel/android-app",
    "build",
    72,
    (
        JobPlan("unit", (("Set up job", 4), ("Check out", 9), ("gradle testDebug", 288))),
        JobPlan(
            "assemble",
            (("Set up job", 4), ("Check out", 9), ("Restore cache", 31), ("gradle bundleRelease", 812), ("Sign", 22)),
            runner="ubuntu-24.04-16core",
            queue_s=38.0,
        ),
    ),
    (("unit", "gradle testDebug"), ("assemble", "gradle bundleRelease")),
    fails=0.035,
    pull_requests=0.3,
    first_number=1420,
    titles=ANDROID,
)
TERRAFORM = PipelinePlan(
    "github",
    "kestrel/infra",
    "terraform-plan",
    30,
    (
        JobPlan("plan", (("Set up job", 3), ("Check out", 4), ("terraform init", 24), ("terraform plan", 79))),
        JobPlan("apply", (("Set up job", 3), ("terraform apply", 22)), ("plan",), approval=True),
    ),
    (("plan", "terraform plan"),),
    fails=0.04,
    pull_requests=0.5,
    first_number=760,
    titles=INFRA,
)
LEDGER_INTEGRATION = PipelinePlan(
    "github",
    "kestrel/ledger",
    "integration",
    66,
    (
        JobPlan("compile", (("Set up job", 3), ("Check out", 5), ("mvn compile", 92))),
        JobPlan(
            "integration",
            (("Set up job", 3), ("Start PostgreSQL", 21), ("mvn verify", 355), ("Upload reports", 9)),
            ("compile",),
            "ubuntu-24.04-8core",
            24.0,
        ),
    ),
    (("integration", "mvn verify"), ("compile", "mvn compile")),
    fails=0.08,
    rerun=0.2,
    first_number=2710,
    titles=LEDGER,
)
EDGE_CI = PipelinePlan(
    "github",
    "kestrel/edge-proxy",
    "ci",
    60,
    (
        JobPlan("clippy", (("Set up job", 3), ("Check out", 4), ("cargo clippy", 112))),
        JobPlan("test", (("Set up job", 3), ("Check out", 4), ("Restore cache", 18), ("cargo test", 301))),
        JobPlan("bench", (("Set up job", 3), ("cargo bench", 66)), ("clippy", "test")),
    ),
    (("test", "cargo test"), ("clippy", "cargo clippy")),
    fails=0.03,
    first_number=2680,
    titles=EDGE,
)
EDGE_RELEASE = PipelinePlan(
    "github",
    "kestrel/edge-proxy",
    "release",
    1,
    (
        JobPlan("package", (("Set up job", 3), ("cargo build --release", 381))),
        JobPlan("publish", (("Set up job", 3), ("Sign", 14), ("Upload", 210)), ("package",)),
    ),
    (("publish", "Upload"),),
    fails=0.05,
    pull_requests=0.0,
    first_number=188,
    titles=("3.12.0", "3.11.4", "3.11.3", "3.11.2"),
)
NIGHTLY = PipelinePlan(
    "jenkins",
    "payments",
    "nightly-regression",
    7,
    (JobPlan("all", (("Regression", 3120),), queue_s=70.0),),
    (("all", "Regression"),),
    fails=0.08,
    rerun=0.0,
    pull_requests=0.0,
    every_h=24,
    at_minute=125,
    first_number=1102,
    titles=("Scheduled, every night",),
)
IOS = PipelinePlan(
    "jenkins",
    "mobile",
    "ios-archive",
    47,
    (JobPlan("all", (("Archive", 846),), queue_s=28.0),),
    (("all", "Archive"),),
    fails=0.04,
    rerun=0.0,
    pull_requests=0.0,
    first_number=1560,
    titles=ANDROID,
)
DEPLOY = PipelinePlan(
    "jenkins",
    "platform",
    "deploy-staging",
    74,
    (JobPlan("all", (("Deploy", 246),), queue_s=9.0),),
    (("all", "Deploy"),),
    fails=0.015,
    rerun=0.0,
    pull_requests=0.0,
    first_number=4980,
    titles=VERSIONS,
)
WAREHOUSE = PipelinePlan(
    "jenkins",
    "data",
    "warehouse-build",
    84,
    (JobPlan("all", (("Build marts", 505),), queue_s=27.0),),
    (("all", "Build marts"),),
    fails=0.035,
    rerun=0.0,
    pull_requests=0.0,
    every_h=2,
    at_minute=5,
    first_number=3905,
    titles=("Scheduled, every 2 h",),
)

PIPELINES = (
    CHECKOUT_CI,
    STOREFRONT_CI,
    STOREFRONT_E2E,
    ANDROID_BUILD,
    TERRAFORM,
    LEDGER_INTEGRATION,
    EDGE_CI,
    EDGE_RELEASE,
    NIGHTLY,
    IOS,
    DEPLOY,
    WAREHOUSE,
)
