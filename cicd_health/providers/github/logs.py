"""Logs of GitHub's jobs, as text, and of whole runs, as an archive of such texts."""

from __future__ import annotations

import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO
from urllib.parse import quote

from cicd_health.providers.github.api import Api, open_api
from cicd_health.providers.github.troubles import refusal
from cicd_health.providers.http import CHUNK, Answer, Stream
from cicd_health.providers.json_reader import clean
from cicd_health.providers.remote import (
    Connection,
    LogAsked,
    LogGone,
    LogNotReady,
    LogStream,
    RemoteError,
    Trouble,
)

IN_MEMORY = 8 * 2**20
LARGEST_ARCHIVE = 512 * 2**20  # bytes as they come
LARGEST_LOG = 2 * 2**30  # bytes unpacked: beyond that it is a trap, not a log
LARGEST_INDEX = 4 * 2**20  # of an archive's table of contents, which is held in memory
LARGEST_REFUSAL = 2**16
END, END_64 = b"PK\x05\x06", b"PK\x06\x07"
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
OF_JOB = re.compile(r"-?(\d{1,6})_([^/\\]+)\.txt")


@contextmanager
def log(connection: Connection, asked: LogAsked) -> Iterator[LogStream]:
    """A job's log, or without a job those of all jobs of the attempt. Raises LogGone, LogNotReady, RemoteError."""
    with open_api(connection, asked.repo, datetime.now(UTC)) as api:
        run = api.repo(f"/actions/runs/{quote(asked.run_external_id, safe='')}/attempts/{asked.attempt}/logs")
        job = api.repo(f"/actions/jobs/{quote(asked.job_external_id or '', safe='')}/logs")
        with api.stream(job if asked.job_external_id else run) as stream:
            _refuse(api, stream, asked)
            if asked.job_external_id:
                yield LogStream(stream.chunks)
            else:
                with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
                    yield LogStream(_unpacked(_fetched(stream, file)))


def _refuse(api: Api, stream: Stream, asked: LogAsked) -> None:
    if stream.status == 200:
        return
    if stream.status == 410 or (stream.status == 404 and asked.finished):
        raise LogGone(f"GitHub answered {stream.status}")
    if stream.status == 404:
        raise LogNotReady("GitHub has no log yet")
    if not stream.url.startswith(api.url):
        raise RemoteError(Trouble.SERVER, f"The storage of GitHub's logs answered {stream.status}.")
    body = bytearray()
    for chunk in stream.chunks:
        body += chunk[: LARGEST_REFUSAL - len(body)]
        if len(body) >= LARGEST_REFUSAL:
            break
    raise refusal(Answer(stream.status, stream.headers, bytes(body), stream.url), asked.repo, api.now)


def _fetched(stream: Stream, file: IO[bytes]) -> IO[bytes]:
    size = 0
    for chunk in stream.chunks:
        size += len(chunk)
        if size > LARGEST_ARCHIVE:
            raise RemoteError(Trouble.GARBLED, f"The archive of logs is larger than {LARGEST_ARCHIVE:,} bytes.")
        file.write(chunk)
    return file


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """The jobs' texts one after the other, each under a heading. Nothing is written where the archive says."""
    left = LARGEST_LOG
    try:
        _check_index(file)
        with zipfile.ZipFile(file) as archive:
            for name, entry in _jobs(archive):
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise zipfile.BadZipFile("a way of packing that GitHub does not use")
                yield f"==> {name} <==\n".encode()
                with archive.open(entry) as text:
                    while chunk := text.read(min(CHUNK, left)):
                        left -= len(chunk)
                        yield chunk
                if left <= 0:
                    raise RemoteError(Trouble.GARBLED, f"The logs are larger than {LARGEST_LOG:,} bytes.")
                yield b"\n"
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise RemoteError(Trouble.GARBLED, "The archive of logs cannot be unpacked.") from error


def _jobs(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The whole-job files, which are at the top, in order; below them the same lines come again by step."""
    found = [(match, entry) for entry in archive.infolist() if (match := OF_JOB.fullmatch(entry.filename))]
    found.sort(key=lambda pair: (int(pair[0][1]), pair[0][2]))
    return [(" ".join(CONTROLS.sub(" ", clean(match[2])).split())[:200], entry) for match, entry in found]


def _check_index(file: IO[bytes]) -> None:
    """Raise BadZipFile for a table of contents that would fill the memory: `zipfile` reads all of it at once."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**16 - 22))
    tail = file.read()
    end = tail.rfind(END)
    if end < 0 or len(tail) < end + 22 or END_64 in tail[max(0, end - 20) : end]:
        raise zipfile.BadZipFile("no usable table of contents")
    (index_size,) = struct.unpack_from("<L", tail, end + 12)
    if index_size > LARGEST_INDEX:
        raise zipfile.BadZipFile("too many names")
    file.seek(0)
