"""Every kind of line that tells of a failure, in the order in which they are tried on a line."""

from __future__ import annotations

from cicd_health.logs.clues.clue import Clue
from cicd_health.logs.clues.compilers import COMPILERS
from cicd_health.logs.clues.exceptions import EXCEPTIONS, SAID
from cicd_health.logs.clues.generic import GENERIC, MARKED_WARNING, WARNINGS
from cicd_health.logs.clues.machine import CI, KEYS, MACHINE, NETWORK
from cicd_health.logs.clues.tests import TESTS
from cicd_health.logs.clues.tools import CONTAINERS, GIT, PACKAGES, SHELL

CLUES: tuple[Clue, ...] = (
    MARKED_WARNING,
    *CI,
    *GENERIC,
    *WARNINGS,
    *MACHINE,
    *TESTS,
    *COMPILERS,
    *PACKAGES,
    *CONTAINERS,
    *GIT,
    *NETWORK,
    *KEYS,
    *SHELL,
    *EXCEPTIONS,
    *SAID,
)
