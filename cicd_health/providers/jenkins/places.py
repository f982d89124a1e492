"""Where builds live: names of folders and jobs, addresses made of them and read from them, and ids.

A job's full name has its names as Jenkins writes them, "folder/app/feature%2Fx"; an address encodes each once more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from cicd_health.model.runs import USUAL_DEFAULT_BRANCHES
from cicd_health.providers.json_reader import NAME_LENGTH, count, text

REMOTE = re.compile(r"(?:refs/)?remotes/[^/]+/|refs/heads/|origin/")
PULL_REQUEST = re.compile(r"(?:PR|MR)-(\d{1,9})(?:-(?:head|merge))?")
BUILD_ID = re.compile(r"(?P<path>.+)#(?P<number>[0-9]{1,18})(?P<earlier>~[0-9]+)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BuildId:
    """A build by its id, "folder/app#42". `earlier`: of a job since deleted and made anew, "folder/app#42~1"."""

    path: str
    number: int
    earlier: bool = False


def build_id(external_id: str) -> BuildId | None:
    """None for an id that is not of this form, such as one that somebody posted."""
    found = BUILD_ID.fullmatch(external_id)
    if found is None or not is_path(found["path"]) or count(int(found["number"])) is None:
        return None
    return BuildId(found["path"], int(found["number"]), found["earlier"] is not None)


def split_url(url: str | None) -> tuple[str | None, str]:
    """The server's address and the path from the first "job/" on, of an absolute or a relative URL."""
    try:
        parts = urlsplit(url or "")
        netloc = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None, ""
    before, found, after = f"/{parts.path.lstrip('/')}".partition("/job/")
    path = f"/job/{after}" if found else ""
    if parts.scheme not in ("http", "https") or not netloc:
        return None, path
    return f"{parts.scheme}://{netloc}{before.rstrip('/') if found else ''}", path


def names_in(path: str) -> tuple[tuple[str, ...], int | None, str]:
    """Folder and job names, build number and job's path in `/job/folder/job/name/42/`; names are decoded once.

    A matrix cell or Maven module has its own name below its job's: `/job/matrix/os=linux/42/`.
    """
    segments = [segment for segment in path.split("/") if segment]
    pairs = 0
    while segments[pairs : pairs + 1] == ["job"] and pairs + 1 < len(segments):
        pairs += 2
    numbered = len(segments) > pairs and re.fullmatch(r"[0-9]{1,18}", segments[-1])
    number = count(int(segments.pop())) if numbered else None
    encoded = segments[1:pairs:2] + segments[pairs:]
    names = tuple(name for name in (text(unquote(segment)) for segment in encoded) if name)
    return names, number, f"/{'/'.join(segments)}/" if segments else ""


def is_path(path: str) -> bool:
    """Whether this can be a job's full name: an address made of it stays below the server's own."""
    names = path.split("/")
    return len(path) <= NAME_LENGTH and not any(name in ("", ".", "..") or "\x00" in name for name in names)


def is_cell(name: str) -> bool:
    """Whether a name below a job's looks like a matrix cell's, "os=linux,jdk=21": those stand there without "job/"."""
    return "=" in name or name == "default"


def address(path: str, *, cell: bool = False) -> str:
    """A job's address below the server's, without a slash at its start: "job/folder/job/app/"."""
    names = path.split("/")
    above = names[:-1] if cell else names
    below = f"{quote(names[-1], safe='=,')}/" if cell else ""
    return "".join(f"job/{quote(name, safe='')}/" for name in above) + below


def addresses(path: str) -> list[str]:
    """Where a job of this full name may be: first as the likelier of job and matrix cell."""
    if "/" not in path or not is_cell(path.rpartition("/")[2]):
        return [address(path)]
    return [address(path, cell=True), address(path)]


def without_remote(branch: str | None) -> str | None:
    """The branch's own name: Git's `origin/main` and `refs/remotes/upstream/main` are main."""
    if branch is None:
        return None
    found = REMOTE.match(branch)
    return branch[found.end() :] or None if found else branch


def is_branch_job(names: tuple[str, ...], branch: str | None) -> bool:
    """True when the job is a branch of a multibranch project, which is always a job inside another.

    A notification does not say so. Signs: the job is named as the branch it built, as a pull request, with an encoded
    slash (only branches have that), or, while nothing is checked out yet, as default branches usually are.
    """
    if len(names) < 2:
        return False
    own_name = unquote(names[-1])
    if branch is not None and branch == own_name:
        return True
    encoded = "%" in names[-1] or "/" in names[-1]
    usual = branch is None and own_name in USUAL_DEFAULT_BRANCHES
    return encoded or usual or PULL_REQUEST.fullmatch(own_name) is not None


def pull_request_of(own_name: str) -> int | None:
    """The number in the name of a pull request's job."""
    found = PULL_REQUEST.fullmatch(own_name)
    return int(found[1]) if found else None


def title_of(display_name: object, number: int) -> str | None:
    """The build's name where somebody gave it one: Jenkins' own is "#42"."""
    title = text(display_name)
    return None if title == f"#{number}" else title
