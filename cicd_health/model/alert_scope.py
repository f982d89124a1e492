"""What an alert rule, a channel or a silence is about: globs, of which one of each kind must match."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

LONGEST_GLOB = 300
MOST_GLOBS = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """Nothing in a list means everything, but for `branches`: there it means the default branch.

    Globs know `*`, `?` and `[…]`, and take upper and lower case as the same. A channel or a silence without `branches`
    takes every branch: `covers` does not ask for them then.
    """

    providers: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises ValueError, in a sentence that names the list, for patterns that nobody can mean."""
        for name, globs in asdict(self).items():
            if len(globs) > MOST_GLOBS:
                raise ValueError(f"scope.{name}: at most {MOST_GLOBS} patterns.")
            for glob in globs:
                if not glob.strip() or len(glob) > LONGEST_GLOB or not glob.isprintable():
                    raise ValueError(f"scope.{name}: each pattern is a text of 1 to {LONGEST_GLOB} characters.")

    @classmethod
    def from_json(cls, text: str) -> Scope:
        """What `to_json` wrote; lists that it does not name are empty."""
        given = json.loads(text or "{}")
        return cls(**{name: tuple(given.get(name, ())) for name in cls.__dataclass_fields__})

    def to_json(self) -> str:
        return json.dumps({name: list(globs) for name, globs in asdict(self).items() if globs})

    def takes(self, provider: str, repo: str, pipeline: str) -> bool:
        """Whether this pipeline is among those meant; its branches are another question."""
        return _any(self.providers, provider) and _any(self.repos, repo) and _any(self.pipelines, pipeline)

    def takes_branch(self, branch: str | None, *, default: bool) -> bool:
        """Whether runs of this branch are meant, `default` being whether it counts as the default branch."""
        return _any(self.branches, branch or "") if self.branches else default

    def covers(self, provider: str, repo: str, pipeline: str, branch: str | None) -> bool:
        """Whether an incident of this pipeline and branch is meant."""
        return self.takes(provider, repo, pipeline) and _any(self.branches, branch or "")


def _any(globs: Iterable[str], name: str) -> bool:
    globs = tuple(globs)
    return not globs or any(fnmatchcase(name.lower(), glob.lower()) for glob in globs)
