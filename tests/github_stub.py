"""GitHub's REST API on this machine: a real server over repositories of `tests.github_world`.

    with GitHubStub() as github:
        repo = github.repo("kestrel/checkout-api")
        repo.play(NOON, "failure", log=b"...")
        ...  # github.url is the API's address (github.url + "/api/v3" answers too, as Enterprise Server)

It counts the rate limit, answers 304, redirects logs to another host, and goes wrong on demand: see StubServer.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import jwt

from tests.bodies import iso
from tests.github_world import Hook, Repository, Webhook
from tests.stub_server import Answer, Request, Storage, StubServer, as_json

MOST_FOUND = 1000  # results of a list with any filter
FILTERS = ("actor", "branch", "event", "status", "created", "head_sha")
DOCS = "https://docs.github.com/rest"
NOT_FOUND = as_json({"message": "Not Found", "documentation_url": DOCS, "status": "404"}, 404)
EPOCH, LAST = "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"


class GitHubStub(StubServer):
    """Anybody may read public repositories; whoever sends a token needs one of `tokens`."""

    def __init__(self, *full_names: str) -> None:
        super().__init__()
        self.repos: list[Repository] = [Repository(name) for name in full_names]
        self.tokens: set[str] = {"ghp_stub"}
        self.storage = Storage()
        self.limit: int | None = 5000  # None: an Enterprise Server without limits sends no headers
        self.remaining = 5000
        self.reset_at = int(time.time()) + 3600
        self.counted = 0  # requests that cost quota
        self.not_modified = 0
        self.app_id: int | None = None
        self.app_public_key = ""
        self._moved: dict[str, Repository] = {}

    def start(self, port: int = 0) -> GitHubStub:
        if not self.storage.url:
            self.storage.start()
        return super().start(port)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.storage.stop()
        assert not self.storage.leaked, f"the token went to another host: {self.storage.leaked[0].path}"

    def repo(self, full_name: str, **more: Any) -> Repository:
        """The repository of this name, made if need be."""
        found = next((one for one in self.repos if one.full_name == full_name), None)
        if found is None:
            found = Repository(full_name, **more)
            self.repos.append(found)
        return found

    def rename(self, repo: Repository, full_name: str) -> None:
        """From now on the old name is a 301."""
        self._moved[repo.full_name] = repo
        repo.full_name = full_name
        repo.version += 1
        for attempts in repo.attempts.values():
            for run in attempts:
                run["repository"] = run["head_repository"] = repo.briefly()

    def use_app(self, app_id: int, public_key: str) -> None:
        """Be the GitHub App with this key pair, installed everywhere."""
        self.app_id, self.app_public_key = app_id, public_key

    def use_up(self, remaining: int = 0, reset_in_s: int = 3600) -> None:
        with self._lock:
            self.remaining, self.reset_at = remaining, int(time.time()) + reset_in_s

    def slow_down(
        self, n: int = 1, *, status: int = 403, retry_after: int | None = None, as_date: bool = False
    ) -> None:
        """A secondary limit; without `retry_after` only the message says so."""
        headers = {}
        if retry_after is not None:
            moment = datetime.now(UTC) + timedelta(seconds=retry_after)
            headers["Retry-After"] = format_datetime(moment, usegmt=True) if as_date else str(retry_after)
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        self.instead(lambda _: as_json({"message": message, "documentation_url": DOCS}, status, **headers), n)

    def webhooks(self) -> list[Webhook]:
        """What GitHub would have sent so far, of all repositories, in order; from this address as from a host."""
        host = self.url.partition("://")[2]
        told = [replace(webhook, host=host) for repo in self.repos for webhook in repo.webhooks]
        return sorted(told, key=lambda webhook: webhook.at)

    # The API.

    def answer(self, request: Request) -> Answer:
        prefix = "/api/v3" if request.path.startswith("/api/v3/") else ""
        path = request.path.removeprefix(prefix)
        said = self._refusal(request, path) or self._found(request, path, prefix)
        free = path == "/rate_limit" or said.status == 304
        if self.limit is not None:
            if not free:
                self.counted += 1
                self.remaining = max(0, self.remaining - 1)
            said.headers = said.headers | self._limit_headers()
        self.not_modified += said.status == 304
        return said

    def _refusal(self, request: Request, path: str) -> Answer | None:
        if self.limit is not None and time.time() >= self.reset_at:
            self.remaining, self.reset_at = self.limit, int(time.time()) + 3600
        if self.limit is not None and self.remaining <= 0 and path != "/rate_limit":
            return as_json({"message": "API rate limit exceeded for user ID 501.", "documentation_url": DOCS}, 403)
        if "user-agent" not in request.headers:
            return Answer(403, b"Request forbidden by administrative rules.", {"Content-Type": "text/html"})
        if _token(request) is not None and not self._is_app(request) and _token(request) not in self.tokens:
            return as_json({"message": "Bad credentials", "documentation_url": DOCS, "status": "401"}, 401)
        return None

    def _limit_headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str((self.limit or 0) - self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
            "X-RateLimit-Resource": "core",
        }

    def _found(self, request: Request, path: str, prefix: str) -> Answer:
        named = re.fullmatch(r"/(?:repos/(?P<name>[^/]+/[^/]+)|repositories/(?P<id>\d+))(?P<rest>/.*)?", path)
        if named is None:
            return self._about_us(request, path)
        moved = self._moved.get(named["name"] or "")
        if moved is not None:
            place = f"{self.url}{prefix}/repositories/{moved.id}{named['rest'] or ''}{_query(request.query)}"
            return as_json({"message": "Moved Permanently", "url": place}, 301, Location=place)
        repo = next((one for one in self.repos if named["name"] == one.full_name or named["id"] == str(one.id)), None)
        if repo is None or repo.hidden or (repo.private and _token(request) is None):
            return _copy(NOT_FOUND)
        if repo.sso:
            sso = f"required; url=https://github.com/orgs/{repo.full_name.split('/')[0]}/sso?authorization_request=A1B2"
            message = "Resource protected by organization SAML enforcement. You must grant your token access."
            return as_json({"message": message}, 403, X_GitHub_SSO=sso)
        return self._of_repo(request, repo, named["rest"] or "", prefix)

    def _about_us(self, request: Request, path: str) -> Answer:
        if path == "/rate_limit":
            core = {"limit": self.limit or 0, "remaining": self.remaining, "reset": self.reset_at, "used": 0}
            if self.limit is None:
                return as_json({"message": "Rate limiting is not enabled."}, 404)
            return as_json({"resources": {"core": core}, "rate": core})
        if path == "/user":
            known = _token(request) in self.tokens
            return as_json({"login": "wren", "id": 501, "type": "User"}) if known else as_json({"message": "no"}, 401)
        if path == "/app" or path.startswith("/app/"):
            return self._of_app(request, path)
        return _copy(NOT_FOUND)

    def _of_app(self, request: Request, path: str) -> Answer:
        if not self._is_app(request):
            return as_json({"message": "A JSON web token could not be decoded"}, 401)
        installation = {"id": 77, "app_id": self.app_id, "account": {"login": "kestrel"}, "repository_selection": "all"}
        if path == "/app":
            return as_json({"id": self.app_id, "slug": "health", "name": "Health", "permissions": {"actions": "read"}})
        if path == "/app/installations":
            return as_json([installation])
        if path == "/app/installations/77/access_tokens" and request.method == "POST":
            token = f"ghs_{len(self.tokens)}"
            self.tokens.add(token)
            expires = iso(datetime.now(UTC) + timedelta(hours=1))
            return as_json({"token": token, "expires_at": expires, "permissions": {"actions": "read"}}, 201)
        return _copy(NOT_FOUND)

    def _is_app(self, request: Request) -> bool:
        token = _token(request)
        if self.app_id is None or token is None or token.count(".") != 2:
            return False
        try:
            claims = jwt.decode(token, self.app_public_key, algorithms=["RS256"], options={"verify_iss": False})
        except jwt.PyJWTError:
            return False
        return str(claims.get("iss")) == str(self.app_id) and claims["exp"] - time.time() <= 600

    def _of_repo(self, request: Request, repo: Repository, rest: str, prefix: str) -> Answer:
        if rest == "":
            return as_json(repo.about())
        if rest == "/installation":
            return as_json({"id": 77, "app_id": self.app_id}) if self._is_app(request) else _copy(NOT_FOUND)
        if rest.startswith("/hooks"):
            return self._of_hooks(request, repo, rest)
        if repo.forbidden:
            message = "Resource not accessible by personal access token"
            return as_json({"message": message, "status": "403"}, 403, X_Accepted_GitHub_Permissions="actions=read")
        if rest == "/actions/runs":
            return self._runs(request, repo, prefix)
        if rest == "/actions/workflows":
            known = _workflows(repo)
            return self._page(request, repo, prefix, rest, "workflows", known, len(known))
        found = re.fullmatch(r"/actions/(runs|jobs)/(\d+)(?:/attempts/(\d+))?(?:/(jobs|logs))?", rest)
        if found is None:
            return _copy(NOT_FOUND)
        kind, id, attempt, what = found[1], int(found[2]), found[3], found[4]
        if kind == "jobs":
            return self._of_job(repo, id, what)
        return self._of_run(request, repo, id, int(attempt) if attempt else None, what, prefix)

    def _runs(self, request: Request, repo: Repository, prefix: str) -> Answer:
        query = request.query
        found = [attempts[-1] for attempts in repo.attempts.values() if attempts]
        if "created" in query:
            begin, end = _window(query["created"])
            found = [run for run in found if begin <= str(run.get("created_at")) <= end]
        if "status" in query:
            found = [run for run in found if query["status"] in (run.get("status"), run.get("conclusion"))]
        for name, key in (("branch", "head_branch"), ("event", "event"), ("head_sha", "head_sha")):
            if name in query:
                found = [run for run in found if run.get(key) == query[name]]
        found.sort(key=lambda run: (str(run.get("created_at")), str(run.get("id"))), reverse=True)
        total = len(found)
        if any(name in query for name in FILTERS):
            found = found[:MOST_FOUND]
        return self._page(request, repo, prefix, "/actions/runs", "workflow_runs", found, total)

    def _page(
        self, request: Request, repo: Repository, prefix: str, rest: str, key: str, found: list[Any], total: int
    ) -> Answer:
        """One page with its Link header, and 304 when it is as the caller knows it."""
        size = min(100, max(1, int(request.query.get("per_page", 30))))
        page = max(1, int(request.query.get("page", 1)))
        body = {"total_count": total, key: found[(page - 1) * size : page * size]}
        answer = as_json(body)
        etag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
        pages = -(-len(found) // size)
        at = f"{self.url}{prefix}/repositories/{repo.id}{rest}"
        links = {"prev": page - 1, "next": page + 1, "last": pages, "first": 1}
        wanted = {"prev": page > 1, "next": page < pages, "last": page < pages, "first": page > 1}
        shown = [
            f'<{at}{_query(request.query | {"page": str(n)})}>; rel="{rel}"' for rel, n in links.items() if wanted[rel]
        ]
        headers = {"ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        headers |= {"Link": ", ".join(shown)} if shown else {}
        if request.headers.get("if-none-match") == etag:
            return Answer(304, b"", headers)
        answer.headers |= headers
        return answer

    def _of_run(
        self, request: Request, repo: Repository, id: int, attempt: int | None, what: str | None, prefix: str
    ) -> Answer:
        attempts = repo.attempts.get(id) or []
        chosen = next((one for one in attempts if attempt in (None, one.get("run_attempt", 1))), None)
        if chosen is None:
            return _copy(NOT_FOUND)
        if attempt is None:
            chosen = attempts[-1]
        if what is None:
            return as_json(chosen)
        jobs = repo.jobs.get(id, [])
        if what == "logs":
            return self._zip(repo, [job for job in jobs if attempt in (None, job.get("run_attempt", 1))])
        if repo.jobs_late > 0:
            repo.jobs_late -= 1
            jobs = []
        if attempt is not None:
            jobs = [job for job in jobs if job.get("run_attempt", 1) == attempt]
        elif request.query.get("filter", "latest") == "latest":
            jobs = [job for job in jobs if job.get("run_attempt", 1) == chosen.get("run_attempt", 1)]
        inner = f"/actions/runs/{id}" + (f"/attempts/{attempt}" if attempt else "") + "/jobs"
        return self._page(request, repo, prefix, inner, "jobs", jobs, len(jobs))

    def _of_job(self, repo: Repository, id: int, what: str | None) -> Answer:
        job = next((job for jobs in repo.jobs.values() for job in jobs if job["id"] == id), None)
        if job is None:
            return _copy(NOT_FOUND)
        if what is None:
            return as_json(job)
        if id in repo.expired_logs:
            return as_json({"message": "Gone", "documentation_url": DOCS}, 410)
        if job["status"] != "completed" or id not in repo.logs:
            return _copy(NOT_FOUND)
        return self._stored(f"/logs/{id}", repo.logs[id])

    def _zip(self, repo: Repository, jobs: list[dict[str, Any]]) -> Answer:
        kept = [job for job in jobs if job["id"] in repo.logs]
        if not kept:
            return _copy(NOT_FOUND)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for place, job in enumerate(kept):
                archive.writestr(f"{place}_{re.sub('[/:]', '', job['name'])}.txt", repo.logs[job["id"]])
        return self._stored(f"/zips/{kept[0]['run_id']}", packed.getvalue())

    def _stored(self, path: str, content: bytes) -> Answer:
        self.storage.files[path] = content
        return Answer(302, b"", {"Location": f"{self.storage.url}{path}?sig=valid-for-one-minute"})

    def _of_hooks(self, request: Request, repo: Repository, rest: str) -> Answer:
        found = re.fullmatch(r"/hooks(?:/(\d+)/deliveries(?:/(\d+)/attempts)?)?", rest)
        if found is None or _token(request) is None:
            return _copy(NOT_FOUND)
        if found[1] is None:
            events = ["workflow_job", "workflow_run"]
            return as_json([_hook(hook, events) for hook in repo.hooks])
        hook = next((one for one in repo.hooks if one.id == int(found[1])), None)
        if hook is None:
            return _copy(NOT_FOUND)
        if found[2] is None:
            return self._deliveries(request, repo, hook)
        hook.redelivered.append(int(found[2]))
        return as_json({}, 202) if request.method == "POST" else _copy(NOT_FOUND)

    def _deliveries(self, request: Request, repo: Repository, hook: Hook) -> Answer:
        """Newest first, by cursor: the id of the last one seen."""
        found = hook.deliveries
        if request.query.get("status") == "failure":
            found = [one for one in found if one["status_code"] >= 400]
        if "cursor" in request.query:
            found = [one for one in found if one["id"] < int(request.query["cursor"])]
        size = int(request.query.get("per_page", 30))
        answer = as_json(found[:size])
        if len(found) > size:
            query = _query(request.query | {"cursor": str(found[size - 1]["id"])})
            at = f"{self.url}/repositories/{repo.id}/hooks/{hook.id}/deliveries{query}"
            answer.headers["Link"] = f'<{at}>; rel="next"'
        return answer


def _workflows(repo: Repository) -> list[dict[str, Any]]:
    found = {}
    for attempts in repo.attempts.values():
        run = attempts[-1]
        name = repo.workflow_names.get(run.get("workflow_id"), run.get("name"))
        found[run.get("workflow_id")] = {
            "id": run.get("workflow_id"),
            "name": name,
            "path": run.get("path"),
            "state": "active",
        }
    return list(found.values())


def _hook(hook: Hook, events: list[str]) -> dict[str, Any]:
    config = {"url": hook.url, "content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return {"id": hook.id, "type": "Repository", "name": "web", "active": True, "events": events, "config": config}


def _token(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() in ("bearer", "token") and token else None


def _copy(answer: Answer) -> Answer:
    return Answer(answer.status, answer.body, dict(answer.headers))


def _query(query: dict[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""


def _window(created: str) -> tuple[str, str]:
    """`>=A`, `>A`, `<=B`, `<B`, `A..B`, or one day: both ends are included, as whole seconds in text."""
    begin, between, end = created.partition("..")
    if between:
        return _instant(begin, EPOCH, first=True), _instant(end, LAST, first=False)
    sign = next((one for one in (">=", "<=", ">", "<") if created.startswith(one)), "")
    when = created.removeprefix(sign)
    if not sign:
        return _instant(when, EPOCH, first=True), _instant(when, LAST, first=False)
    if sign.startswith(">"):
        return _instant(when, EPOCH, first=True), LAST
    return EPOCH, _instant(when, LAST, first=False)


def _instant(text: str, empty: str, *, first: bool) -> str:
    if text in ("", "*"):
        return empty
    if len(text) == 10:
        return f"{text}T00:00:00Z" if first else f"{text}T23:59:59Z"
    moment = datetime.fromisoformat(text)
    return iso(moment.astimezone(UTC) if moment.tzinfo else moment)
