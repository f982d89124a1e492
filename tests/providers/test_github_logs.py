"""Logs from GitHub: sent on to where they are kept, gone, not there yet, and archives that mean harm."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cicd_health.providers.github import PROVIDER
from cicd_health.providers.github import logs as github_logs
from cicd_health.providers.remote import Connection, LogAsked, LogGone, LogNotReady, RemoteError, Trouble
from tests.conftest import SHARED_DATA
from tests.github_stub import GitHubStub
from tests.stub_server import Answer

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "kestrel/api"
LOG = "\ufeff2026-07-29T14:40:54.4928479Z héllo\r\n".encode()


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(NAME) as stub:
        yield stub


def read(github: GitHubStub, job: int | None, run: int = 1, *, finished: bool = True) -> bytes:
    here = Connection("github", "github.com", github.url, token="ghp_stub")
    asked = LogAsked(NAME, str(run), None if job is None else str(job), 1, finished)
    assert PROVIDER.remote is not None
    with PROVIDER.remote.log(here, asked) as stream:
        assert (stream.more, stream.charset) == (False, "utf-8")
        return b"".join(stream.chunks)


def played(github: GitHubStub, log: bytes | None = LOG) -> tuple[int, int]:
    run = github.repo(NAME).play(NOW - timedelta(hours=1), log=log)
    return github.repo(NAME).jobs[run["id"]][0]["id"], run["id"]


def test_a_log_comes_from_another_host_that_never_sees_the_token(github: GitHubStub):
    job, run = played(github)
    assert read(github, job, run) == LOG
    [asked] = github.storage.requests
    assert "authorization" not in asked.headers


def test_a_large_log_comes_in_small_pieces(github: GitHubStub):
    job, run = played(github, b"x" * 5_000_000)
    here = Connection("github", "github.com", github.url, token="ghp_stub")
    assert PROVIDER.remote is not None
    with PROVIDER.remote.log(here, LogAsked(NAME, str(run), str(job), 1, True)) as stream:
        sizes = [len(chunk) for chunk in stream.chunks]
    assert sum(sizes) == 5_000_000
    assert max(sizes) <= 64 * 1024


def test_a_log_that_is_not_there_is_gone_once_the_job_has_ended(github: GitHubStub):
    job, run = played(github, None)
    with pytest.raises(LogGone):
        read(github, job, run)
    with pytest.raises(LogNotReady):
        read(github, job, run, finished=False)


@pytest.mark.parametrize("finished", [True, False])
def test_an_expired_log_is_gone(github: GitHubStub, finished: bool):
    job, run = played(github)
    github.repo(NAME).expired_logs.add(job)
    with pytest.raises(LogGone):
        read(github, job, run, finished=finished)


def test_a_log_that_its_storage_has_lost_is_gone(github: GitHubStub):
    job, run = played(github)
    github.storage.fail_next(1, 404)
    with pytest.raises(LogGone):
        read(github, job, run)


@pytest.mark.parametrize(("status", "trouble"), [(500, Trouble.SERVER), (503, Trouble.SERVER), (403, Trouble.SERVER)])
def test_storage_in_trouble_is_not_a_lost_log(github: GitHubStub, status: int, trouble: Trouble):
    job, run = played(github)
    github.storage.fail_next(1, status)
    with pytest.raises(RemoteError) as error:
        read(github, job, run)
    assert error.value.trouble is trouble


def test_limits_and_permissions_are_told_apart_for_logs_too(github: GitHubStub):
    job, run = played(github)
    github.slow_down(retry_after=30)
    with pytest.raises(RemoteError) as error:
        read(github, job, run)
    assert error.value.trouble is Trouble.SLOWED
    github.repo(NAME).forbidden = True
    with pytest.raises(RemoteError) as error:
        read(github, job, run)
    assert error.value.trouble is Trouble.FORBIDDEN


def test_a_log_that_breaks_off_is_an_error_not_a_short_log(github: GitHubStub):
    job, run = played(github)
    github.storage.instead(lambda _: Answer(200, b"20\r\nhalf", {"Transfer-Encoding": "chunked"}, iter(())))
    with pytest.raises(RemoteError) as error:
        read(github, job, run)
    assert error.value.trouble is Trouble.UNREACHABLE


def test_a_redirect_to_something_else_than_the_web_is_not_followed(github: GitHubStub):
    job, run = played(github)
    github.redirect("file:///etc/passwd", path="/logs$")
    with pytest.raises(RemoteError) as error:
        read(github, job, run)
    assert error.value.trouble is Trouble.GARBLED


def test_the_log_of_a_renamed_repository_is_found_and_the_token_stays_with_github(github: GitHubStub):
    job, run = played(github)
    github.rename(github.repo(NAME), "kestrel/shop-api")
    assert read(github, job, run) == LOG
    assert [("authorization" in request.headers) for request in github.requests] == [True, True]


def test_a_signed_address_on_githubs_own_server_gets_no_token_either(github: GitHubStub):
    job, run = played(github)
    github.redirect(f"{github.url}/_services/log?sig=x", path="/logs$")
    github.garbage(path="^/_services/", body=LOG)
    assert read(github, job, run) == LOG
    assert "authorization" not in github.requests[-1].headers


def test_a_redirect_round_in_circles_is_left(github: GitHubStub):
    job, run = played(github)
    github.redirect(f"{github.url}/repos/{NAME}/actions/jobs/{job}/logs", n=50, path="/logs$")
    with pytest.raises(RemoteError) as error:
        read(github, job, run)
    assert error.value.trouble is Trouble.GARBLED
    assert len(github.requests) <= 4


def test_only_one_redirect_is_followed(github: GitHubStub):
    job, run = played(github)
    github.storage.redirect(f"{github.storage.url}/again")
    with pytest.raises(RemoteError):
        read(github, job, run)
    assert len(github.storage.requests) == 1


def test_without_a_job_the_logs_of_all_jobs_come_one_after_the_other(github: GitHubStub):
    run = github.repo(NAME).play(NOW - timedelta(hours=1), jobs=("unit", "lint/fast"), log=b"line\n")
    assert read(github, None, run["id"]) == b"==> unit <==\nline\n\n==> lintfast <==\nline\n\n"


def archive(files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return packed.getvalue()


def unpack(github: GitHubStub, content: bytes) -> bytes:
    _, run = played(github)
    github.storage.files["/zips/evil"] = content
    github.redirect(f"{github.storage.url}/zips/evil", path="/logs$")
    return read(github, None, run)


def test_odd_names_in_an_archive_are_left_out_and_write_nothing(github: GitHubStub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd = [
        "../0_up.txt",
        "/etc/0_root.txt",
        "0_../../x.txt",
        "C:\\0_x.txt",
        "build/1_Set up.txt",
        "readme",
        "0_a\\b.txt",
    ]
    content = archive({"1_a\x1b[31m b.txt": b"shown"} | dict.fromkeys(odd, b"hidden"))
    assert unpack(github, content) == b"==> a [31m b <==\nshown\n"
    assert list(tmp_path.iterdir()) == []


def test_jobs_come_in_the_order_of_their_numbers(github: GitHubStub):
    content = archive({f"{n}_job {n}.txt": b"" for n in (10, 2, 1)})
    assert unpack(github, content).split(b"\n")[::2][:3] == [b"==> job 1 <==", b"==> job 2 <==", b"==> job 10 <=="]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>sign in</html>",
        b"PK\x05\x06",
        archive({"1_a.txt": b"x" * 1000})[:-30],
        archive({"1_a.txt": b"x" * 1000}, zipfile.ZIP_BZIP2),
        archive({"1_a.txt": b"x" * 1000}, zipfile.ZIP_LZMA),
        archive({"1_a.txt": b"x" * 1000}).replace(b"1_a.txt", b"2_b.txt", 1),
    ],
    ids=["nothing", "html", "an end only", "cut", "bzip2", "lzma", "names disagree"],
)
def test_an_archive_that_is_none_is_said_to_be_broken(github: GitHubStub, content: bytes):
    with pytest.raises(RemoteError) as error:
        unpack(github, content)
    assert error.value.trouble is Trouble.GARBLED


def test_an_archive_with_a_wrong_checksum_is_broken(github: GitHubStub):
    content = bytearray(archive({"1_a.txt": b"x" * 1000}, zipfile.ZIP_STORED))
    content[content.index(b"xxxx")] = ord("y")
    with pytest.raises(RemoteError) as error:
        unpack(github, bytes(content))
    assert error.value.trouble is Trouble.GARBLED


def test_an_archive_that_unpacks_to_far_more_than_a_log_is_stopped(github: GitHubStub, monkeypatch):
    monkeypatch.setattr(github_logs, "LARGEST_LOG", 2**20)
    with pytest.raises(RemoteError) as error:
        unpack(github, archive({"1_bomb.txt": bytes(30 * 2**20)}))
    assert "larger than" in error.value.sentence


def test_an_archive_of_too_many_names_is_not_even_listed(github: GitHubStub):
    content = bytearray(archive({"1_a.txt": b"x"}))
    struct.pack_into("<L", content, len(content) - 22 + 12, 500 * 2**20)
    with pytest.raises(RemoteError) as error:
        unpack(github, bytes(content))
    assert error.value.trouble is Trouble.GARBLED


def test_the_recorded_archive_gives_its_job(github: GitHubStub):
    packed = SHARED_DATA / "github" / "logs" / "archive" / "run-711446981-logs.zip"
    if not packed.exists():
        pytest.skip(f"no recordings at {SHARED_DATA}")
    text = unpack(github, packed.read_bytes())
    with zipfile.ZipFile(packed) as kept:
        assert text.startswith(b"==> build <==\n" + kept.read("1_build.txt"))
