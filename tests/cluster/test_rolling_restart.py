"""Every process is replaced, one after the other, and nobody who sends notices."""

from __future__ import annotations

import signal

from tests.cluster.installation import Installation, Sender, until
from tests.proxy import proxy

WEB, WORKER = "serve --role web", "worker"


def test_a_rolling_restart_drops_no_delivery_and_no_alert(installation: Installation):
    [*webs, one, other] = installation.start(WEB, WEB, WORKER, WORKER)
    ports = [int(web.environment["PORT"]) for web in webs]
    with proxy(*ports) as outside, Sender(f"http://127.0.0.1:{outside.port}", per_s=30, breaks_every=25) as sender:
        until(lambda: len(sender.accepted) > 60)
        for old, port in zip(webs, ports, strict=True):
            assert old.stop(signal.SIGTERM) == 0
            sent = len(sender.accepted)
            installation.start(WEB, port=port)
            until(lambda sent=sent: len(sender.accepted) > sent + 60)
        for old in (one, other):
            assert old.stop(signal.SIGTERM) == 0
            installation.start(WORKER)
        sent = len(sender.accepted)
        until(lambda: len(sender.accepted) > sent + 60)
    assert set(sender.statuses) == {202}, sender.statuses
    assert outside.nobody == 0
    assert len(sender.broken) > 5
    installation.holds(sender)
