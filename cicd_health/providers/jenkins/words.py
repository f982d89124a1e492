"""Jenkins' words and ours, and the place of each event in the life of a build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cicd_health.model.runs import Outcome, Status
from cicd_health.providers.json_reader import mapping, sequence, text

SLUG = "jenkins"
HOST = "jenkins"  # where Jenkins does not say its address

# A phase is where a build is. The Notification plugin's pipeline step may send any of them in mid-build.
PHASES = {
    "QUEUED": (Status.QUEUED, 0),
    "STARTED": (Status.IN_PROGRESS, 1),
    "NONE": (Status.IN_PROGRESS, 1),
    "COMPLETED": (Status.COMPLETED, 2),
    "FINALIZED": (Status.COMPLETED, 3),  # after the post-build steps, which can make the result worse
    "FINISHED": (Status.COMPLETED, 3),  # FINALIZED's name in old versions
}
# What Jenkins says when asked: of a build that runs no more than STARTED does, of one that ended the last word.
RUNNING_RANK, ENDED_RANK = 1, 4
RESULTS = {
    "SUCCESS": Outcome.SUCCESS,
    "UNSTABLE": Outcome.UNSTABLE,
    "FAILURE": Outcome.FAILURE,
    "NOT_BUILT": Outcome.SKIPPED,
    "ABORTED": Outcome.CANCELLED,
}
PAUSED = "PAUSED_PENDING_INPUT"
# Stages have words of their own; old versions of the plugin used a build's.
STAGES = RESULTS | {"FAILED": Outcome.FAILURE, "NOT_EXECUTED": Outcome.SKIPPED}
RUNNING_STAGES = {"IN_PROGRESS": Status.IN_PROGRESS, PAUSED: Status.WAITING}

# Why a build began. A repeat says more than who asked for it.
REPEATS = {"ReplayCause": "replay", "RebuildCause": "rebuild", "RestartDeclarativePipelineCause": "restart"}
CAUSES = REPEATS | {
    "TimerTriggerCause": "timer",
    "ParameterizedTimerTriggerCause": "timer",
    "UserIdCause": "user",
    "UserCause": "user",
    "UpstreamCause": "upstream",
    "BuildUpstreamCause": "upstream",
    "SCMTriggerCause": "scm",
    "RemoteCause": "remote",
    "BranchEventCause": "push",
    "BranchIndexingCause": "indexing",
    "GitHubPushCause": "push",
    "GitLabWebHookCause": "push",
    "BitBucketPushCause": "push",
    "GitHubPullRequestCause": "pull_request",
    "GhprbCause": "pull_request",
    "GerritCause": "gerrit",
}
# The same, from the sentence, where Jenkins does not name the class.
SENTENCES = {
    "started by timer": "timer",
    "started by user": "user",
    "started by upstream": "upstream",
    "started by an scm change": "scm",
    "started by remote host": "remote",
    "started by github push": "push",
    "push event": "push",
    "branch event": "push",
    "branch indexing": "indexing",
    "pull request": "pull_request",
    "replayed": "replay",
    "rebuilds": "rebuild",
}
NOBODY = ("SYSTEM", "anonymous")


def event_of(causes: Sequence[Any]) -> str | None:
    """Why the build began, in one word; None when it is not said."""
    words = [word for word in map(_word_of, causes) if word]
    return next((word for word in words if word in REPEATS.values()), next(iter(words), None))


def actor_of(causes: Sequence[Any]) -> str | None:
    """The id of the user who asked for the build."""
    users = (text(mapping(cause).get("userId")) for cause in causes)
    return next((user for user in users if user and user not in NOBODY), None)


def causes_in(actions: object) -> list[Any]:
    """All causes in a build's actions, which also hold empty objects and null."""
    return [cause for action in sequence(actions) for cause in sequence(mapping(action).get("causes"))]


def _word_of(cause: Any) -> str | None:
    said = mapping(cause)
    name = re.split(r"[.$]", text(said.get("_class")) or "")[-1]
    sentence = (text(said.get("shortDescription")) or "").lower()
    if name in CAUSES and not sentence.startswith("pull request"):
        return CAUSES[name]
    known = next((word for start, word in SENTENCES.items() if sentence.startswith(start)), None)
    if known or not name:
        return known
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.removesuffix("Cause")).lower() or None
