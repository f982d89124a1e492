"""Logs in compressed chunks: kept, read in part, and searched, alike on both databases.

A log is that of one job, or of one attempt of a run. Its lines keep their numbers around what was cut out.
"""

from cicd_health.store.logs.asking import (
    Errand,
    Owner,
    ask,
    ensure,
    errand,
    failed_without_excerpt,
    following,
    has_better,
    owner,
    pending_since,
    to_fetch,
    to_follow,
)
from cicd_health.store.logs.comparing import Green, last_green, new_lines
from cicd_health.store.logs.reading import all_lines, chunk_after, find, get, last_chunk, lines, of_run, texts
from cicd_health.store.logs.searching import Found, Hit, search, search_all
from cicd_health.store.logs.writing import (
    Chunk,
    append,
    fail,
    forget,
    keep,
    lock,
    lock_runs,
    mark_gone,
    note_findings,
    note_silence,
    prepare,
    stop_following,
)

__all__ = [
    "Chunk",
    "Errand",
    "Found",
    "Green",
    "Hit",
    "Owner",
    "all_lines",
    "append",
    "ask",
    "chunk_after",
    "ensure",
    "errand",
    "fail",
    "failed_without_excerpt",
    "find",
    "following",
    "forget",
    "get",
    "has_better",
    "keep",
    "last_chunk",
    "last_green",
    "lines",
    "lock",
    "lock_runs",
    "mark_gone",
    "new_lines",
    "note_findings",
    "note_silence",
    "of_run",
    "owner",
    "pending_since",
    "prepare",
    "search",
    "search_all",
    "stop_following",
    "texts",
    "to_fetch",
    "to_follow",
]
