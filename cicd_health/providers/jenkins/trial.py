"""Trying a connection: what works and what does not, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cicd_health.providers.jenkins import listing
from cicd_health.providers.jenkins.listing import ListedJob
from cicd_health.providers.jenkins.server import Server, open_server
from cicd_health.providers.json_reader import mapping, text
from cicd_health.providers.remote import Connection, RemoteError, Tested, Trouble

LOOKED_AT = 3  # pipelines asked for their stages before it is said that the plugin is missing


def try_out(connection: Connection, name: str | None) -> Tested:
    """Who we are there, what we may see, and whether stages are told. Never raises for a plain no."""
    said: list[str] = []
    try:
        with open_server(connection) as server:
            said.append(_version(server))
            said.extend(_user(server))
            jobs = listing.jobs(server, name or "", "lastBuild[number]")
            said.append(_visible(jobs, name))
            said.extend(_stages(server, jobs))
    except RemoteError as error:
        return Tested(False, (*said, *_advice(connection, error)))
    return Tested(bool(jobs), tuple(said))


def _version(server: Server) -> str:
    server.requests += 1
    answer = server.client.get("api/json", params={"tree": "mode"})
    server.read(answer)
    version = text(answer.headers.get("x-jenkins"))
    return f"Jenkins {version} answers." if version else "It answers, and does not say that it is a Jenkins."


def _user(server: Server) -> Iterator[str]:
    if not server.signs_in:
        yield "We are a visitor there: only what everybody may see can be read."
        return
    who = _told(server, "whoAmI/")
    name = text(who.get("name")) or text(_told(server, "me/").get("id"))
    if name and who.get("anonymous") is not True:
        yield f"Signed in as {name}."
    else:
        yield "The user and the API token were not needed, or not looked at: the server sees a visitor."


def _told(server: Server, path: str) -> dict[str, Any]:
    try:
        return server.document(path) or {}
    except RemoteError as error:
        if error.trouble in (Trouble.FORBIDDEN, Trouble.GARBLED):
            return {}
        raise


def _visible(jobs: list[ListedJob], name: str | None) -> str:
    where = f" in {name}" if name else ""
    if not jobs:
        return f"No job can be seen{where}: the user needs Job/Read."
    return f"{len(jobs):,} job{'s' if len(jobs) > 1 else ''} can be seen{where}."


def _stages(server: Server, jobs: list[ListedJob]) -> Iterator[str]:
    """Only a pipeline that was built can tell."""
    built = [job for job in jobs if job.kind and job.may_have_stages and mapping(job.fields.get("lastBuild"))]
    if not built:
        return
    for job in built[:LOOKED_AT]:
        number = mapping(job.fields["lastBuild"]).get("number")
        if isinstance(number, int) and server.get(f"{job.place}{number}/wfapi/describe", {}) is not None:
            yield "Stages of pipelines can be read."
            return
    yield "Stages cannot be read: the plugin Pipeline: REST API is missing, and waiting for input counts as work."


def _advice(connection: Connection, error: RemoteError) -> tuple[str, ...]:
    sentence = f"{error.sentence}."
    if error.trouble is Trouble.UNAUTHORIZED and connection.token:
        return (sentence, "An API token is made in Jenkins under the user's name, Security; a password may not do.")
    return (sentence,)
