"""The bench of read requests asks what it says, and shows what came of it."""

from __future__ import annotations

from itertools import islice

from bench.reads import CONNECTIONS, Rate, Reads, page, prepared


def test_every_path_is_asked_in_turn_as_a_whole_request():
    found = list(prepared(["/a", "/b"], 5))
    assert [request.split()[1] for request in found] == [b"/a", b"/b", b"/a", b"/b", b"/a"]
    assert all(request.endswith(b"\r\n\r\n") for request in islice(found, 2))


def test_the_page_shows_each_rate_and_what_was_not_answered_well():
    rates = [Rate(connections, 812.4, 9.8, 31.2, 3, 41_000) for connections in CONNECTIONS]
    shown = page([Reads("SQLite 1m", {"runs list": rates})])
    [row] = [line for line in shown.splitlines() if line.startswith("| runs list")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["runs list", *("812", "9.8 ms", "31.2 ms") * 2, "41.0 kB", "6"]
    head = next(line for line in shown.splitlines() if "8 connections" in line)
    assert head.count("|") == row.count("|")
