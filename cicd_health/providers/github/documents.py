"""What GitHub answers, in the form of what its webhooks send, so that one reader understands both."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cicd_health.model.watches import KnownRun
from cicd_health.providers.github.api import HIDDEN, Api
from cicd_health.providers.github.reading import HOST
from cicd_health.providers.json_reader import count, identifier, mapping, text
from cicd_health.providers.remote import Document, RemoteError

GONE = "gone"  # our word for a run that GitHub has no more, kept as the conclusion it never got


@dataclass
class Desk:
    """Writes documents of one repository. What GitHub leaves out of its answers is added from what it said before."""

    api: Api
    host: str
    repository: dict[str, Any] = field(default_factory=dict)
    workflows: dict[str, str] | None = None  # names by id; None until they are needed

    def meet(self) -> None:
        """Ask for the repository itself: only there its default branch is said."""
        about = mapping(self.api.maybe(self.api.repo()))
        self.repository = {name: about.get(name) for name in ("id", "full_name", "html_url", "default_branch")}

    def run(self, run: Any, jobs_known: int = 0) -> Document:
        """One run, or one earlier attempt of it; what is no run becomes a document that `parse` refuses."""
        told = mapping(run)
        words = (told.get("id"), told.get("run_attempt"), told.get("status"), told.get("updated_at"))
        payload = {"workflow_run": run, "workflow": self._workflow(told), "repository": self._repository(told)}
        return self._document("workflow_run", payload, jobs_known, words, run)

    def job(self, job: Any, jobs_known: int = 0) -> Document:
        told = mapping(job)
        words = (told.get("id"), told.get("run_attempt"), told.get("status"), told.get("completed_at"))
        payload = {"workflow_job": job, "repository": self._repository({})}
        return self._document("workflow_job", payload, jobs_known, words, job)

    def gone(self, run_id: str, known: KnownRun) -> Document:
        """A run that was deleted on GitHub. What is here of it stays; one that had not ended has now."""
        run = {
            "id": run_id,
            "run_attempt": known.attempt,
            "status": "completed",
            "conclusion": GONE,
            "created_at": known.created_at.isoformat(),
        }
        workflow = {"id": known.pipeline_id, "name": known.pipeline}
        payload = {"workflow_run": run, "workflow": workflow, "repository": self._repository({})}
        return self._document("workflow_run", payload, known.attempt, (run_id, known.attempt, GONE), run)

    def _document(
        self, event: str, payload: dict[str, Any], jobs_known: int, words: tuple[Any, ...], subject: Any
    ) -> Document:
        headers = {"x-github-event": event}
        if self.host != HOST:
            headers["x-github-enterprise-host"] = self.host
        if identifier(words[0]) is None:
            words = (hashlib.sha256(json.dumps(subject, sort_keys=True, default=str).encode()).hexdigest(),)
        external_id = ":".join(["poll", event, *(str(word)[:100] for word in words)])
        return Document(event, external_id, payload, headers, jobs_known)

    def _repository(self, run: dict[str, Any]) -> dict[str, Any]:
        """The repository asked about; runs carry it too, and jobs do not."""
        said = mapping(run.get("repository"))
        if not self.repository.get("full_name"):
            self.repository = {name: said.get(name) for name in ("id", "full_name", "html_url")} if said else {}
        return self.repository or {"full_name": self.api.name}

    def _workflow(self, run: dict[str, Any]) -> dict[str, Any]:
        """A run's `name` is its workflow's, unless the workflow gives its runs titles: then names are looked up."""
        name, id = text(run.get("name")), identifier(run.get("workflow_id"))
        path = text(run.get("path")) or ""
        titled = name is None or name == text(run.get("display_title")) or path.startswith("dynamic/")
        if titled and id is not None:
            name = self._workflow_names().get(id)
        return {"id": run.get("workflow_id"), "name": name}

    def _workflow_names(self) -> dict[str, str]:
        if self.workflows is None:
            listed = map(mapping, self._listed_workflows())
            self.workflows = {
                id: name for one in listed if (id := identifier(one.get("id"))) and (name := text(one.get("name")))
            }
        return self.workflows

    def _listed_workflows(self) -> list[Any]:
        try:
            pages = self.api.pages(self.api.repo("/actions/workflows"), "workflows")
            return [workflow for page in pages for workflow in page.entries]
        except RemoteError as error:
            if error.trouble in HIDDEN:
                return []
            raise


def attempt_of(run: dict[str, Any]) -> int:
    """GitHub's number of the attempt; old servers do not give one."""
    return count(run.get("run_attempt")) or 1
