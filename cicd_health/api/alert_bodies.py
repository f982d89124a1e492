"""What the API takes on alerting. Unknown fields are refused: a misspelt one would change nothing in silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cicd_health.api.words import LARGEST_ID, Moment
from cicd_health.model import alert_drafts, alert_scope
from cicd_health.model.alerts import Severity

Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Glob = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
Globs = Annotated[list[Glob], Field(max_length=100)]
Slug = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
Wait = Literal["1h", "4h", "24h", "7d", "until_fixed"]
WAITS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ScopeDraft(Body):
    """Globs (`*`, `?`, `[…]`), of which one of each kind must match; an empty list means all."""

    providers: Globs = []
    repos: Globs = []
    pipelines: Globs = []
    branches: Globs = []

    def scope(self) -> alert_scope.Scope:
        return alert_scope.Scope(**{name: tuple(globs) for name, globs in self.model_dump().items()})


class Noted(Body):
    """What somebody says with it."""

    note: Text = ""


class Muting(Body):
    """For how long, or until when. One of both."""

    for_: Annotated[Wait | None, Field(alias="for")] = None
    until: Moment | None = None
    reason: Text = ""

    def ends_at(self, now: datetime) -> datetime | None:
        """When it ends; None for until fixed. Raises ValueError with a sentence."""
        if (self.for_ is None) == (self.until is None):
            raise ValueError("for, until: one of both; for is 1h, 4h, 24h, 7d or until_fixed.")
        if self.for_ is not None:
            return now + WAITS[self.for_] if self.for_ in WAITS else None
        if self.until is not None and self.until <= now:
            raise ValueError(f"until: a time to come, not {self.until.isoformat()}.")
        return self.until


class Silencing(Muting):
    """A silence: what it is about, and optionally of which rule (its id)."""

    scope: ScopeDraft = ScopeDraft()
    rule_id: Annotated[int | None, Field(ge=1, le=LARGEST_ID)] = None

    def ends_at(self, now: datetime) -> datetime:
        ends_at = super().ends_at(now)
        if ends_at is None:
            raise ValueError("for: a silence of a scope ends by the clock: 1h, 4h, 24h, 7d, or until a time.")
        return ends_at


class RuleDraft(Body):
    """A rule as it is to be; `params` are those of its kind, see `rules/kinds`."""

    name: Text
    kind: Text
    severity: Severity = Severity.CRITICAL
    params: dict[str, Any] = {}
    scope: ScopeDraft = ScopeDraft()
    channels: Annotated[list[Slug], Field(max_length=100)] = []
    enabled: bool = True

    def draft(self) -> alert_drafts.RuleDraft:
        return alert_drafts.RuleDraft(
            name=self.name,
            kind=self.kind,
            severity=self.severity,
            params=self.params,
            scope=self.scope.scope(),
            channels=tuple(self.channels),
            enabled=self.enabled,
        )


class RuleChange(Body):
    """What of a rule is to be other than it is; of `params` only those that are given."""

    name: Text | None = None
    severity: Severity | None = None
    params: dict[str, Any] | None = None
    scope: ScopeDraft | None = None
    channels: Annotated[list[Slug] | None, Field(max_length=100)] = None
    enabled: bool | None = None


class Backtesting(RuleDraft):
    """A rule to try on the past. Days begin at midnight of `zone`."""

    name: Text = "a rule to try"
    days: Annotated[int, Field(ge=1, le=365)] = 30
    zone: Annotated[str, Field(max_length=100)] = "UTC"


class QuietDraft(Body):
    """Hours in which messages wait, on the days (Monday is 0) on which they begin."""

    start: Clock
    end: Clock
    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)] = [0, 1, 2, 3, 4, 5, 6]
    except_critical: bool = True


class ChannelDraft(Body):
    """A channel as it is to be. `url` is an Apprise URL or a Slack webhook; without it the stored one stays."""

    name: Text
    url: Annotated[str | None, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")] = None
    scope: ScopeDraft = ScopeDraft()
    min_severity: Severity = Severity.INFO
    zone: Annotated[str, Field(min_length=1, max_length=100)] = "UTC"
    quiet: QuietDraft | None = None
    digest_at: Clock | None = None
    per_hour: Annotated[int | None, Field(ge=1, le=1000)] = None
    enabled: bool = True

    def draft(self) -> alert_drafts.ChannelDraft:
        quiet = self.quiet
        return alert_drafts.ChannelDraft(
            name=self.name,
            url=self.url,
            scope=self.scope.scope(),
            min_severity=self.min_severity,
            zone=self.zone,
            quiet=alert_drafts.Quiet(quiet.start, quiet.end, tuple(quiet.days), quiet.except_critical)
            if quiet
            else None,
            digest_at=self.digest_at,
            per_hour=self.per_hour,
            enabled=self.enabled,
        )


class Switch(Body):
    """On or off."""

    enabled: bool


Address = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Mail = Annotated[str, Field(max_length=320, pattern=r"^[^@\s,\x00]+@[^@\s,\x00]+$")]


def _one_line(name: str) -> str:
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise ValueError("a text of 1 to 80 characters")
    return name


class NamedAddress(Body):
    name: Annotated[str, Field(max_length=80), AfterValidator(_one_line)]
    url: Address


class AlertSettings(Body):
    """Alerts in a few words, for scripts. What is not given stays; a channel of the same name gets the new address."""

    threshold: Annotated[int | None, Field(ge=1, le=50, description="Failures in a row that open an alert.")] = None
    slack_webhook_url: Address | None = None
    email_to: Annotated[list[Mail], Field(max_length=100)] | Mail | None = None
    channels: Annotated[list[NamedAddress], Field(max_length=100)] = []


class TestDraft(Body):
    """One channel by its slug or id, or an address that is not stored; nothing: every channel that is on."""

    channel: Slug | int | None = None
    url: Address | None = None
