"""Every setting: name, type, default, unit and help. `docs/settings.md` is written from this list."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from dotenv import dotenv_values
from pydantic import Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cicd_health import secret_file
from cicd_health.setting_kinds import (
    DAYS,
    MAIL,
    PER_MINUTE,
    PORT,
    SECRETS,
    WEB,
    Addresses,
    AppriseAddress,
    Comma,
    DatabaseAddress,
    Days,
    FullName,
    Host,
    LogStoreAddress,
    Mail,
    Network,
    Origin,
    PerMinute,
    Port,
    RedisAddress,
    RoleRule,
    RoleRules,
    Secrets,
    WebAddress,
    setting,
)

DOTENV = Path(".env")
GIVEN = "_given"  # ends the name of a field whose setting is worked out when nothing was given


class SettingsError(Exception):
    """A setting is wrong; the message is one sentence with its name, its value and what is allowed."""


class Settings(BaseSettings):
    """The settings of this process. An empty value is the same as none."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: Host = setting(
        "127.0.0.1", "Address the server listens on; `0.0.0.0` for all.", "a host name or an IP address"
    )
    port: Port = setting(
        3000, "Port of the page, the API, the webhooks and the websocket.", PORT, also=("BACKEND_PORT",)
    )
    public_url_given: WebAddress | None = setting(
        None,
        "Where people and webhooks reach the server; used in links.",
        WEB,
        also=("LOCAL_URL",),
        shown="`http://localhost:PORT`",
    )
    role: Literal["all", "web", "ingest"] = setting(
        "all",
        "What `serve` does: `all`, `web` without the background jobs, `ingest` without pages too.",
        "all, web or ingest",
    )
    data_dir: Path = setting(Path("data"), "Folder of the SQLite file and of the generated secrets.", "a folder")
    database_url_given: DatabaseAddress | None = setting(
        None,
        "The database. A relative SQLite path starts at the working directory.",
        "sqlite:///path/to/file.db or postgresql://user:password@host:5432/name",
        also=("SQLALCHEMY_DATABASE_URL",),
        shown="`sqlite:///data/cicd_health.db`, in `DATA_DIR`",
    )
    redis_url: RedisAddress | None = setting(
        None, "Shared page state and rate limits when several web processes run.", "redis://host:6379/0 or rediss://…"
    )
    allow_origins: Annotated[tuple[Origin, ...], Comma] = setting(
        (),
        "Other origins that may call the API from a browser.",
        "a comma list of origins such as https://wiki.example.com",
        shown="own origin only",
    )
    backend_env: Literal["prod", "dev"] = setting("prod", "`dev` builds and loads again what changes.", "prod or dev")
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "What is written to the log; `debug` adds a line for every request.", "debug, info, warning or error"
    )
    log_format: Literal["auto", "json", "text"] = setting(
        "auto",
        "`json`: one object per line. `auto`: text on a terminal and with `BACKEND_ENV=dev`, else json.",
        "auto, json or text",
    )
    query_timeout_s: Annotated[int, Field(ge=1, le=3600)] = setting(
        15,
        "A question of a page or of the API that takes the database longer is given up, and answered 503.",
        "a whole number from 1 to 3600",
        unit="seconds",
    )

    secret_key_given: Annotated[tuple[str, ...], Comma] = setting(
        (),
        "Signs sessions and encrypts stored secrets. A comma list rotates: the first is used, all are accepted.",
        "a comma list of texts",
        secret=True,
        shown="generated",
    )
    admin_email: Mail = setting("admin@localhost", "The first user.", MAIL)
    admin_password_given: str | None = setting(None, "Password of the first user.", secret=True, shown="generated")
    api_key: Secrets | None = setting(None, "An API key of scope admin, for automation.", SECRETS, secret=True)
    public_read: bool = setting(False, "Visitors may look without signing in.", "true or false")
    public_badges: bool = setting(False, "Anybody may see the badges, for pages that are public.", "true or false")
    trusted_proxies: Annotated[tuple[Network, ...], Comma] = setting(
        (),
        "Proxies in front of the server, whose `X-Forwarded-For` is believed.",
        "a comma list of addresses or networks such as 10.0.0.0/8",
    )
    oidc_issuer: WebAddress | None = setting(
        None, "Single sign-on: the address of the OpenID Connect provider.", "an address such as https://id.example.com"
    )
    oidc_client_id: str | None = setting(None, "Our name at that provider.")
    oidc_client_secret: str | None = setting(None, "Our secret at that provider.", secret=True)
    oidc_name: str = setting("Single sign-on", "Words on the button of the sign-in page.")
    oidc_role_claim: str | None = setting(
        None, "The claim that says who may what, such as `groups`; parts of a path are separated by dots."
    )
    oidc_roles: Annotated[tuple[RoleRule, ...], RoleRules] = setting(
        (),
        "Which role a value of that claim gives; of several the highest.",
        "a comma list of value=role, the role one of viewer, operator, admin; with semicolons, values may hold commas",
    )
    oidc_default_role: Literal["viewer", "operator", "admin", "none"] = setting(
        "viewer", "Role of people without such a value; `none` does not let them in.", "viewer, operator, admin or none"
    )

    github_webhook_secret_given: Secrets | None = setting(
        None, "Signs GitHub's webhooks; a source may have its own.", SECRETS, secret=True, shown="generated"
    )
    jenkins_webhook_token_given: Secrets | None = setting(
        None, "Token of Jenkins' notifications; a source may have its own.", SECRETS, secret=True, shown="generated"
    )
    ingest_token_given: Secrets | None = setting(
        None, "Token of `POST /ingest/…`.", SECRETS, secret=True, shown="generated"
    )

    github_token: str | None = setting(None, "Reads runs and logs from GitHub.", secret=True)
    github_app_id: Annotated[int, Field(ge=1)] | None = setting(
        None, "GitHub App used instead of a token.", "a whole number above 0"
    )
    github_app_private_key: str | None = setting(None, "Private key of that App, PEM.", secret=True)
    github_api_url: WebAddress = setting("https://api.github.com", "GitHub's API; your own for GitHub Enterprise.", WEB)
    github_repos: Annotated[tuple[FullName, ...], Comma] = setting(
        (), "Repositories to poll.", "a comma list of owner/name"
    )
    jenkins_url: WebAddress | None = setting(None, "The Jenkins server to poll.", WEB)
    jenkins_user: str | None = setting(None, "User to read Jenkins with.")
    jenkins_token: str | None = setting(None, "API token of that user.", secret=True)
    jenkins_jobs: Annotated[tuple[str, ...], Comma] = setting(
        (),
        "Full names of the jobs to poll, `%2F` as Jenkins writes it.",
        "a comma list of job names",
        shown="all the user can see",
    )
    poll_interval_minutes: Annotated[int, Field(ge=1, le=1440)] = setting(
        5, "Time between two comparisons with the provider.", "a whole number from 1 to 1440", unit="minutes"
    )

    api_rate_limit: PerMinute = setting(6000, "Requests of one key or person in a minute.", PER_MINUTE, unit="requests")
    anonymous_rate_limit: PerMinute = setting(
        600, "Requests of one address in a minute, without key or session.", PER_MINUTE, unit="requests"
    )

    alert_threshold: Annotated[int, Field(ge=1, le=50)] = setting(
        1,
        "Failures in a row before the built-in failure rule opens an incident.",
        "a whole number from 1 to 50",
        unit="failures",
    )
    slack_webhook_url: WebAddress | None = setting(
        None,
        "Slack's incoming webhook.",
        "an address such as https://hooks.slack.com/services/…",
        also=("ALERT_SLACK_WEBHOOK",),
        secret=True,
    )
    alert_email_from: Mail | None = setting(None, "Sender of alert mails.", MAIL)
    alert_email_to: Annotated[tuple[Mail, ...], Comma] = setting(
        (), "Receivers of alert mails.", "a comma list of e-mail addresses"
    )
    smtp_host: Host | None = setting(None, "The mail server.", "a host name or an IP address")
    smtp_port: Port = setting(587, "Port of the mail server.", PORT)
    smtp_user: str | None = setting(None, "User at the mail server.")
    smtp_pass: str | None = setting(None, "Password at the mail server.", secret=True)
    apprise_urls: Annotated[tuple[AppriseAddress, ...], Addresses] = setting(
        (),
        "More channels, in Apprise's notation.",
        "a comma list of Apprise addresses such as json://host/path",
        secret=True,
    )

    run_retention_days: Days = setting(
        730, "Runs are kept so long; a first poll reaches back so far.", DAYS, unit="days"
    )
    log_retention_days: Days = setting(180, "Logs are kept so long.", DAYS, unit="days")
    delivery_retention_days: Days = setting(
        30,
        "Received deliveries and messages are kept so long; deliveries on PostgreSQL go by whole months.",
        DAYS,
        unit="days",
    )
    audit_retention_days: Days = setting(730, "The audit log, of who changed what, is kept so long.", DAYS, unit="days")
    log_fetch: Literal["failed", "all"] = setting(
        "failed", "Logs fetched when a job ends; the others when somebody opens them.", "failed or all"
    )
    prometheus_pipelines: Annotated[int, Field(ge=0, le=5000)] = setting(
        100,
        "Pipelines with series of their own in `GET /metrics`; the rest is `other`.",
        "a whole number from 0 to 5000",
    )
    log_max_mb: Annotated[int, Field(ge=1, le=1024)] = setting(
        20,
        "Log kept per job; of a longer one head and tail are kept, and the cut is said.",
        "a whole number from 1 to 1024",
        unit="MB",
    )
    log_store_url: LogStoreAddress | None = setting(
        None,
        "Where the lines of logs are kept outside the database: a folder, or a bucket of anything that speaks S3.",
        "file:///folder or s3://bucket/prefix?endpoint=https://host:9000&region=eu-central-1&path_style=1",
        shown="in the database",
    )
    log_store_key_id: str | None = setting(None, "Id of the key of that bucket.")
    log_store_secret: str | None = setting(None, "Secret of that key.", secret=True)

    @property
    def public_url(self) -> str:
        return self.public_url_given or f"http://localhost:{self.port}"

    @property
    def database_url(self) -> str:
        return self.database_url_given or f"sqlite:///{self.data_dir / 'cicd_health.db'}"

    @property
    def secret_key(self) -> tuple[str, ...]:
        """The key in use, then older ones that are still accepted."""
        return self.secret_key_given or (self._generated("SECRET_KEY"),)

    @property
    def admin_password(self) -> str:
        return self.admin_password_given or self._generated("ADMIN_PASSWORD")

    @property
    def github_webhook_secret(self) -> str:
        return self.github_webhook_secret_given or self._generated("GITHUB_WEBHOOK_SECRET")

    @property
    def jenkins_webhook_token(self) -> str:
        return self.jenkins_webhook_token_given or self._generated("JENKINS_WEBHOOK_TOKEN")

    @property
    def ingest_token(self) -> str:
        return self.ingest_token_given or self._generated("INGEST_TOKEN")

    def _generated(self, name: str) -> str:
        return _generated(self.data_dir, name)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Settings that mean nothing without each other."""
        if (self.github_app_id is None) != (self.github_app_private_key is None):
            raise SettingsError("GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY must both be set, or neither.")
        if (self.jenkins_user is None) != (self.jenkins_token is None):
            raise SettingsError("JENKINS_USER and JENKINS_TOKEN must both be set, or neither.")
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise SettingsError("OIDC_ISSUER and OIDC_CLIENT_ID must both be set, or neither.")
        if bool(self.oidc_roles) != (self.oidc_role_claim is not None):
            raise SettingsError("OIDC_ROLE_CLAIM and OIDC_ROLES must both be set, or neither.")
        if (self.log_store_key_id is None) != (self.log_store_secret is None):
            raise SettingsError("LOG_STORE_KEY_ID and LOG_STORE_SECRET must both be set, or neither.")
        if (self.log_store_url or "").startswith("s3:") and self.log_store_key_id is None:
            raise SettingsError(
                "LOG_STORE_URL is a bucket, so LOG_STORE_KEY_ID and LOG_STORE_SECRET must be set too: its key."
            )
        if self.alert_email_to and not self.smtp_host:
            raise SettingsError(
                "ALERT_EMAIL_TO is set, so SMTP_HOST must be set too: it is the server that mails go through."
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `read` looks the values up itself: other names, NAME_FILE, empty is none


def name_of(field: str) -> str:
    """The setting's name in the environment."""
    return field.removesuffix(GIVEN).upper()


def fields() -> Iterator[tuple[str, FieldInfo, dict[str, Any]]]:
    """Name, pydantic field and what `setting` said of it, in the order of the list."""
    for field, about in Settings.model_fields.items():
        yield name_of(field), about, _about(field)


def _about(field: str) -> dict[str, Any]:
    return cast("dict[str, Any]", Settings.model_fields[field].json_schema_extra)


@functools.cache
def get() -> Settings:
    """The settings, read once per process: from the environment, else from `.env`. Raises SettingsError."""
    return read(os.environ, dotenv_values(DOTENV))


def blank(*names: str) -> None:
    """Let these settings be none for this process and its children, whatever the environment and `.env` say."""
    for name, _, about in fields():
        for spelling in (name, *about["also"]) if name in names else ():
            os.environ[spelling] = ""
            os.environ.pop(f"{spelling}_FILE", None)
    get.cache_clear()


def read(*sources: Mapping[str, str | None]) -> Settings:
    """The settings that these name; an earlier source wins, also with an empty value. Raises SettingsError."""
    values = {
        field: value
        for field in Settings.model_fields
        if (value := next((said for source in sources if (said := _value(source, field)) is not None), None))
    }
    try:
        return Settings(**cast("dict[str, Any]", values))
    except ValidationError as error:
        raise SettingsError(_sentence(error, values)) from None


def _value(source: Mapping[str, str | None], field: str) -> str | None:
    """What a source says of a setting: under one of its names, or in the file that `NAME_FILE` names.

    Empty when it has the name and no value, None when it has not even the name.
    """
    names = (name_of(field), *_about(field)["also"])
    for name in names:
        if value := (source.get(name) or "").strip():
            return value
        if file := (source.get(f"{name}_FILE") or "").strip():
            return _content(f"{name}_FILE", file)
    return "" if any(name in source for name in names) else None


def _content(name: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} is {file!r}, but it must be a text file that can be read: {error}.") from None


def _sentence(error: ValidationError, values: Mapping[str, str]) -> str:
    field = str(error.errors()[0]["loc"][0])
    about = _about(field)
    value = "****" if about["secret"] else values[field] if "email" in field else masked(values[field])
    return f"{name_of(field)} is {value!r}, but it must be {about['allowed']}."


def masked(address: str) -> str:
    """An address without the user and password in it."""
    return re.sub(r"^([\w+.-]+://)?.*@", r"\1****@", address)


@functools.cache
def _generated(folder: Path, name: str) -> str:
    try:
        return secret_file.secret(folder, name)
    except secret_file.SecretFileError as error:
        raise SettingsError(str(error)) from error
