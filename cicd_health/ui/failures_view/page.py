"""The failures page, of what was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from cicd_health.ui.failures_view.head import FailuresHead, head
from cicd_health.ui.failures_view.listing import Listed, Read
from cicd_health.ui.failures_view.opened import Opened, opened
from cicd_health.ui.failures_view.row import FailureNow, FailureRow, now_of, row
from cicd_health.ui.routes import AskedFailures


@dataclass(frozen=True, slots=True)
class FailuresPage:
    """`now` goes by the keys of the rows."""

    head: FailuresHead
    rows: list[FailureRow]
    now: dict[str, FailureNow]
    opened: Opened


def page(read: Read, asked: AskedFailures, listed: Listed, zone: tzinfo) -> FailuresPage:
    chosen = next((one for one in listed.failures if one.sighting.signature == asked.signature), None)
    return FailuresPage(
        head=head(read, asked, listed, zone),
        rows=[row(one, asked, listed.counts, read.now, zone) for one in listed.failures],
        now={one.sighting.signature: now_of(one.sighting, read.now) for one in listed.failures},
        opened=opened(chosen, asked, read.now, zone) if chosen else Opened(),
    )
