"""The jobs of a server, or below a folder, in as few requests as can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from cicd_health.providers.jenkins.places import address, addresses, is_path
from cicd_health.providers.jenkins.polled import Project
from cicd_health.providers.jenkins.server import Server
from cicd_health.providers.json_reader import TEXT_LENGTH, mapping, sequence, text
from cicd_health.providers.remote import RemoteError, Trouble

LEVELS = 6  # of folders and jobs read in one request; what is deeper is asked for itself
MOST_REQUESTS = 2000  # of one listing: folders in folders may have no end
SCM = "scm[userRemoteConfigs[url]]"  # whose repository a job builds


@dataclass(frozen=True, slots=True)
class ListedJob:
    """One job. `place` is its address below the server's; `fields` are those asked for."""

    path: str
    place: str
    kind: str | None
    multibranch: bool | None
    fields: Mapping[str, Any]

    @property
    def may_have_stages(self) -> bool:
        return self.kind is None or "WorkflowJob" in self.kind

    @property
    def project(self) -> Project:
        configs = sequence(mapping(self.fields.get("scm")).get("userRemoteConfigs"))
        urls = (text(mapping(config).get("url"), TEXT_LENGTH) for config in configs)
        return Project(self.path, self.multibranch, tuple(url for url in urls if url))


def jobs(server: Server, name: str, fields: str) -> list[ListedJob]:
    """All jobs below the folder of this name ("": all there are), or the job itself, with these fields; sorted by name.

    Raises RemoteError, NOT_FOUND when there is nothing of this name.
    """
    return _Listing(server, fields).of(name)


class _Listing:
    def __init__(self, server: Server, fields: str) -> None:
        self.server, self.most = server, server.requests + MOST_REQUESTS
        self.tree = "name"
        for _ in range(LEVELS):
            self.tree = f"_class,name,{fields},jobs[{self.tree}]"

    def of(self, name: str) -> list[ListedJob]:
        found = {job.path: job for job in self._at(name, self._parent_is_multibranch(name))}
        return [found[path] for path in sorted(found)]

    def _at(self, path: str, multibranch: bool | None) -> Iterator[ListedJob]:
        if self.server.requests >= self.most:
            raise RemoteError(Trouble.GARBLED, f"{self.server.name} has folders in folders without an end")
        for place in addresses(path) if path else [""]:
            answer = self.server.document(place, self.tree)
            if answer is not None:
                yield from self._walk(answer, path, place, multibranch, LEVELS)
                return
        where = unquote(path) or "The list of jobs"
        raise RemoteError(Trouble.NOT_FOUND, f"{where} is not on {self.server.name}, or this user may not see it")

    def _walk(
        self, node: Mapping[str, Any], path: str, place: str, multibranch: bool | None, levels: int
    ) -> Iterator[ListedJob]:
        kind, asked_itself = text(node.get("_class")), levels == LEVELS
        children = node.get("jobs")
        is_folder = isinstance(children, list) or bool(kind and ("Folder" in kind or "MultiBranch" in kind))
        if not is_folder:
            if path:
                yield ListedJob(path, place, kind, multibranch, node)
        elif not asked_itself and (children is None or (children and levels == 1)):
            yield from self._deeper(path)
        else:
            for child in map(mapping, sequence(children)):
                child_path = f"{path}/{_own_name(child)}" if path else _own_name(child)
                if is_path(child_path):  # else no job of Jenkins is named so
                    of_branches = "MultiBranch" in kind if kind else None
                    yield from self._walk(child, child_path, address(child_path), of_branches, levels - 1)

    def _deeper(self, path: str) -> Iterator[ListedJob]:
        """A folder below those that were read; one that vanished between two requests is no trouble."""
        try:
            yield from self._at(path, None)
        except RemoteError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise

    def _parent_is_multibranch(self, name: str) -> bool | None:
        """Whether a single job is a branch: only its parent's class says so."""
        parent = name.rpartition("/")[0]
        if not parent:
            return False
        try:
            kind = text((self.server.document(address(parent), "_class") or {}).get("_class"))
        except RemoteError as error:
            if error.trouble in (Trouble.FORBIDDEN, Trouble.GARBLED):
                return None
            raise
        return "MultiBranch" in kind if kind else None


def _own_name(node: Mapping[str, Any]) -> str:
    """Empty for one without a name, or with a name that would be two."""
    name = text(node.get("name")) or (text(node.get("fullName"), TEXT_LENGTH) or "").rpartition("/")[2]
    return "" if "/" in name else name
