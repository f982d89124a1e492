"""A GitHub with a long history, for the backfill: `python -m bench.history RUNS` prints its address and serves."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from tests.github_stub import GitHubStub

REPO = "kestrel/checkout-api"
EVERY = timedelta(minutes=20)  # a run; 10,000 of them are 20 weeks
AGAIN = 20  # every twentieth is run a second time
LIMIT = 1_000_000  # requests an hour: what is measured is us


def main() -> None:
    with GitHubStub(REPO) as github:
        github.limit = github.remaining = LIMIT
        repo = github.repo(REPO)
        newest = datetime.now(UTC) - timedelta(days=1)
        for place in range(int(sys.argv[1])):
            at = newest - place * EVERY
            failed = place % 9 == 0
            run = repo.play(at, "failure" if failed else "success", jobs=("unit", "lint"))
            if place % AGAIN == 0:
                repo.play_again(run["id"], at + timedelta(minutes=5), jobs=("unit", "lint"))
        repo.webhooks.clear()
        print(github.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
