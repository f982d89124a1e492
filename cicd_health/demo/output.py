"""What the tools of the demo's steps print: some lines of everyday work, and how each of them breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

GREEN, RED, YELLOW, CYAN, BOLD, OFF = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[0m"
MODULES = ("refunds", "basket", "orders", "pricing", "gateway", "sessions", "search", "ledger", "postings", "routes")
VERBS = ("keeps", "rejects", "retries", "rounds", "merges", "expires", "sorts", "locks", "splits", "replays")
NOUNS = ("empty_cart", "late_event", "second_try", "old_key", "large_order", "half_cent", "lost_reply", "two_tabs")


def ordinary(step: str, rng: Random, length: int) -> Iterator[str]:
    """Everyday lines of this step; `length` asks for a very long log."""
    writer = next((write for word, write in ORDINARY.items() if word in step.lower()), _plain)
    yield from writer(rng, length or rng.randint(30, 120))


def broken(step: str, rng: Random) -> Iterator[str]:
    """How it fails: the same way each time, with other numbers."""
    writer = next((write for word, write in BROKEN.items() if word in step.lower()), _command)
    yield from writer(rng)


def _test(rng: Random) -> str:
    module = rng.choice(MODULES)
    return f"tests/{module}/test_{module}.py::test_{rng.choice(VERBS)}_{rng.choice(NOUNS)}"


def _pytest(rng: Random, length: int) -> Iterator[str]:
    length = max(length, 400)
    yield "============================= test session starts =============================="
    yield "platform linux -- Python 3.12.3, pytest-8.3.3, pluggy-1.5.0 -- /usr/bin/python3"
    yield f"collected {length} items"
    yield ""
    for place in range(length):
        yield f"{_test(rng):<78}{GREEN}PASSED{OFF} [{(place + 1) * 100 // length:3d}%]"


def _pytest_broken(rng: Random) -> Iterator[str]:
    key = rng.randrange(10_000, 99_999)
    took = rng.uniform(140, 260)
    yield f"{'tests/refunds/test_refund_flow.py::test_refund_is_idempotent':<78}{RED}FAILED{OFF} [100%]"
    yield ""
    yield "=================================== FAILURES ==================================="
    yield f"{RED}{BOLD}___________________________ test_refund_is_idempotent ___________________________{OFF}"
    yield ""
    yield "    def test_refund_is_idempotent(client, paid_order):"
    yield '        key = f"idem_{paid_order.id}"'
    yield '        first = client.post("/refunds", json=body(paid_order), key=key)'
    yield '        again = client.post("/refunds", json=body(paid_order), key=key)'
    yield '>       assert again.json()["refund_id"] == first.json()["refund_id"]'
    yield f"{RED}{BOLD}E       AssertionError: refund issued twice for key idem_{key}{OFF}"
    yield f"{RED}E         - re_{rng.getrandbits(40):010X}{OFF}"
    yield f"{RED}E         + re_{rng.getrandbits(40):010X}{OFF}"
    yield ""
    yield f"tests/refunds/test_refund_flow.py:{BOLD}88{OFF}: AssertionError"
    yield "------------------------------ Captured log call -------------------------------"
    yield f"{YELLOW}WARNING{OFF}  checkout.refunds:refunds.py:141 idempotency key not found for merchant 77"
    yield "INFO     checkout.gateway:client.py:58 POST /v2/refunds 201 in 41 ms"
    yield "=========================== short test summary info ============================"
    yield f"{RED}FAILED{OFF} tests/refunds/test_refund_flow.py::test_refund_is_idempotent - AssertionError: refund i..."
    ended = f"{BOLD}1 failed{OFF}, {GREEN}411 passed{OFF}{RED} in {took:.2f}s"
    yield f"{RED}=================== {ended} ==================={OFF}"


def _vitest(rng: Random, length: int) -> Iterator[str]:
    yield f"{CYAN} RUN {OFF} v2.1.4 /home/runner/work/storefront/storefront"
    for _ in range(length):
        name = f"src/{rng.choice(MODULES)}/{rng.choice(NOUNS).replace('_', '-')}.test.ts"
        yield f" {GREEN}✓{OFF} {name} ({rng.randint(2, 40)} tests) {rng.randint(8, 900)}ms"


def _vitest_broken(rng: Random) -> Iterator[str]:
    yield f" {RED}❯{OFF} src/basket/voucher-field.test.ts (12 tests | 1 failed) {rng.randint(80, 400)}ms"
    yield f"   {RED}× voucher field > keeps the focus after a wrong code{OFF}"
    yield f"     {RED}→ expected 'BODY' to be 'INPUT' // Object.is equality{OFF}"
    yield ""
    yield f"{RED} FAIL {OFF} src/basket/voucher-field.test.ts > voucher field > keeps the focus after a wrong code"
    yield f"{RED}AssertionError: expected 'BODY' to be 'INPUT' // Object.is equality{OFF}"
    yield " ❯ src/basket/voucher-field.test.ts:64:46"
    yield f"      Tests  {RED}1 failed{OFF} | {GREEN}1204 passed{OFF} (1205)"


def _maven(rng: Random, length: int) -> Iterator[str]:
    yield "[INFO] Scanning for projects..."
    yield "[INFO] ---------------------< com.kestrel:ledger-integration >---------------------"
    for place in range(length):
        module = rng.choice(MODULES)
        if place % 40 == 7:
            yield f"[INFO] Running com.kestrel.ledger.{module.title()}IT"
        elif place % 400 == 11:
            yield f"[WARNING] Connection pool at {rng.randint(80, 99)} % for {rng.randint(2, 9)} s"
        else:
            yield f"[DEBUG] {module}: posting {rng.getrandbits(32):08x} booked in {rng.randint(1, 90)} ms"


def _maven_broken(rng: Random) -> Iterator[str]:
    took = f"Time elapsed: {rng.uniform(20, 90):.3f} s"
    yield f"[ERROR] Tests run: 48, Failures: 1, Errors: 0, Skipped: 0, {took} <<< FAILURE!"
    yield "[ERROR] com.kestrel.ledger.NettingIT.nets_by_settlement_day -- Time elapsed: 4.118 s <<< FAILURE!"
    yield "org.opentest4j.AssertionFailedError: expected: <3> but was: <2>"
    yield "\tat com.kestrel.ledger.NettingIT.nets_by_settlement_day(NettingIT.java:142)"
    yield "[INFO] Results:"
    yield "[ERROR] Failures: "
    yield "[ERROR]   NettingIT.nets_by_settlement_day:142 expected: <3> but was: <2>"
    yield "[INFO] BUILD FAILURE"
    yield "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-failsafe-plugin:3.5.1:verify on project ledger"


def _cargo(rng: Random, length: int) -> Iterator[str]:
    for _ in range(length):
        yield f"test {rng.choice(MODULES)}::{rng.choice(VERBS)}_{rng.choice(NOUNS)} ... {GREEN}ok{OFF}"


def _cargo_broken(rng: Random) -> Iterator[str]:
    yield f"test retry::hedges_slow_upstreams ... {RED}FAILED{OFF}"
    yield ""
    yield "failures:"
    yield "---- retry::hedges_slow_upstreams stdout ----"
    yield f"thread 'retry::hedges_slow_upstreams' ({rng.randint(4000, 9000)}) panicked at src/retry.rs:211:9:"
    yield "assertion `left == right` failed: one hedge per request"
    yield "  left: 2"
    yield " right: 1"
    yield f"test result: {RED}FAILED{OFF}. 318 passed; 1 failed; 0 ignored"


def _gradle(rng: Random, length: int) -> Iterator[str]:
    for _ in range(length):
        module = rng.choice(MODULES)
        yield f"> Task :feature-{module}:{rng.choice(('compileKotlin', 'processResources', 'test'))} UP-TO-DATE"
    yield f"{YELLOW}w: file:///home/runner/work/app/Scan.kt:31:9 'onBackPressed()' is deprecated.{OFF}"


def _gradle_broken(rng: Random) -> Iterator[str]:
    yield "> Task :feature-payments:compileReleaseKotlin FAILED"
    yield "e: file:///home/runner/work/app/feature-payments/src/Voucher.kt:57:21 Unresolved reference 'applyVoucher'."
    yield ""
    yield "FAILURE: Build failed with an exception."
    yield "* What went wrong:"
    yield "Execution failed for task ':feature-payments:compileReleaseKotlin'."
    yield f"BUILD FAILED in {rng.randint(3, 9)}m {rng.randint(0, 59)}s"


def _e2e(rng: Random, length: int) -> Iterator[str]:
    yield f"Running {length} tests using 4 workers"
    for place in range(length):
        name = f"{rng.choice(MODULES)}.spec.ts › {rng.choice(NOUNS)}"
        yield f"  {GREEN}✓{OFF}  {place + 1} [chromium] › {name} ({rng.uniform(0.4, 9):.1f}s)"


def _e2e_broken(rng: Random) -> Iterator[str]:
    took = f"{rng.uniform(30, 31):.1f}s"
    yield f"  {RED}✘{OFF}  61 [chromium] › checkout.spec.ts:88:5 › checkout › applies voucher ({took})"
    yield ""
    yield "  1) [chromium] › checkout.spec.ts:88:5 › checkout › applies voucher"
    yield f"    {RED}Error: Timed out 5000ms waiting for expect(locator).toHaveText(expected){OFF}"
    yield "    Locator: getByTestId('total')"
    yield f'    Expected string: {GREEN}"€ 40.00"{OFF}'
    yield f'    Received string: {RED}"€ 50.00"{OFF}'
    yield "  1 failed"


def _types_broken(rng: Random) -> Iterator[str]:
    line = rng.randint(20, 190)
    wrong = 'Argument "key" to "post" has incompatible type "None"; expected "str"'
    yield f"src/checkout/refunds.py:{line}: {RED}error:{OFF} {wrong}"
    yield "Found 1 error in 1 file (checked 214 source files)"


def _eslint_broken(rng: Random) -> Iterator[str]:
    yield "/home/runner/work/storefront/storefront/src/search/suggest.tsx"
    said = 'React Hook "useEffect" is called conditionally  react-hooks/rules-of-hooks'
    yield f"  {rng.randint(10, 90)}:7  {RED}error{OFF}  {said}"
    yield f"{RED}{BOLD}✖ 1 problem (1 error, 0 warnings){OFF}"


def _scan_broken(rng: Random) -> Iterator[str]:
    yield "Total: 1 (HIGH: 0, CRITICAL: 1)"
    yield f"libxml2  {RED}CRITICAL{OFF}  CVE-2025-49794  fixed in 2.14.4  installed 2.13.{rng.randint(1, 8)}"
    yield "FATAL: the image has vulnerabilities at or above CRITICAL"


def _terraform_broken(rng: Random) -> Iterator[str]:
    yield f"{RED}╷{OFF}"
    yield f"{RED}│{OFF} {BOLD}Error: error acquiring the state lock{OFF}"
    yield f"{RED}│{OFF} Lock Info: ID {rng.getrandbits(64):016x}, held by infra@runner-{rng.randint(1, 20)}"
    yield f"{RED}╵{OFF}"


def _unstable(rng: Random) -> Iterator[str]:
    yield f"[ERROR] settlement.NettingTest.partial: expected 3 but was 2 ({rng.randint(100, 900)} ms)"
    yield "[ERROR] settlement.CutOffTest.dst: expected 01:00 but was 02:00"
    yield "Tests run: 1842, Failures: 2"
    yield "Marking build as UNSTABLE"


def _command(rng: Random) -> Iterator[str]:
    yield f"curl: (56) Recv failure: Connection reset by peer after {rng.randint(900, 30_000)} ms"
    yield "error: could not fetch https://artifacts.kestrel.example/index: connection reset after 3 tries"


def _plain(rng: Random, length: int) -> Iterator[str]:
    for _ in range(min(length, 60)):
        yield f"{rng.choice(MODULES)}: {rng.choice(VERBS)} {rng.choice(NOUNS)} ({rng.randint(1, 400)} ms)"


ORDINARY: dict[str, Callable[[Random, int], Iterator[str]]] = {
    "pytest": _pytest,
    "vitest": _vitest,
    "mvn": _maven,
    "cargo": _cargo,
    "gradle": _gradle,
    "voucher": _e2e,
}
BROKEN: dict[str, Callable[[Random], Iterator[str]]] = {
    "pytest": _pytest_broken,
    "vitest": _vitest_broken,
    "mvn": _maven_broken,
    "cargo": _cargo_broken,
    "gradle": _gradle_broken,
    "voucher": _e2e_broken,
    "types": _types_broken,
    "ruff": _types_broken,
    "eslint": _eslint_broken,
    "scan": _scan_broken,
    "terraform": _terraform_broken,
    "unstable": _unstable,
}
