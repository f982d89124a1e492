"""What kinds of settings there are: how a text becomes a value, and what is said when it does not."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"(?!.*//)(?!(.*/)?\.{1,2}(/|$))[\w./-]*", re.ASCII)
REGION = re.compile(r"[a-z0-9-]{1,40}")


def setting(
    default: Any,
    meaning: str,
    allowed: str = "a text",
    *,
    unit: str = "",
    also: tuple[str, ...] = (),
    secret: bool = False,
    shown: str = "",
) -> Any:
    """One setting. `allowed` ends the sentence "it must be …"; `shown` documents a default that is worked out.

    Addresses are left out of the repr like secrets: they may hold a password.
    """
    about: dict[str, Any] = {"allowed": allowed, "unit": unit, "also": list(also), "secret": secret, "shown": shown}
    return Field(default, description=meaning, repr=not secret and "://" not in allowed, json_schema_extra=about)


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _split_addresses(value: object) -> object:
    """Split at the commas and blanks that begin another address: an Apprise address may hold commas itself."""
    return tuple(re.split(r"[,\s]+(?=[a-z0-9+]+://)", value.strip(", \n"))) if isinstance(value, str) else value


def _split_rules(value: object) -> object:
    """Split at the commas, or at semicolons if there are any: groups of LDAP hold commas themselves."""
    if not isinstance(value, str):
        return value
    rules = (re.sub(r"\s*=\s*(?=\w+$)", "=", rule.strip()) for rule in value.split(";" if ";" in value else ","))
    return tuple(rule for rule in rules if rule)


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


def _address(value: str, *schemes: str) -> str:
    address = urlsplit(value)
    if address.scheme not in schemes or not address.hostname or address.port == 0:  # a bad port raises by itself
        raise ValueError(f"not an address of {schemes}")
    return value


def _web(value: str) -> str:
    return _address(value, "http", "https").rstrip("/")


def _origin(value: str) -> str:
    address = urlsplit(_web(value))
    if address.path or address.query or address.fragment or address.username:
        raise ValueError("more than an origin")
    return value.rstrip("/").lower()


def _database(value: str) -> str:
    # A file, or PostgreSQL on a Unix socket.
    if re.match(r"sqlite:///(?!:memory:).|postgres(ql)?://[^/]*/[^?]+\?(.*&)?host=/", value):
        return value
    return _address(value, "postgres", "postgresql", "postgresql+psycopg2")


def _redis(value: str) -> str:
    return value if value.startswith("unix://") else _address(value, "redis", "rediss")


class LogPlace(NamedTuple):
    """Where logs are kept outside the database: a folder (`bucket` empty), or the part of a bucket under a prefix."""

    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    path_style: bool = False
    links: bool = False  # whether readers can reach it, and may be sent there


def log_place(address: str) -> LogPlace:
    """What an address of a log store says. Raises ValueError when it is none."""
    parts = urlsplit(address)
    if parts.scheme == "file" and not (parts.netloc or parts.query or parts.fragment):
        return LogPlace(folder=_folder(unquote(parts.path)))
    known = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    if parts.scheme != "s3" or parts.fragment or not known.keys() <= {"endpoint", "region", "path_style", "links"}:
        raise ValueError("not an address of a folder or a bucket")
    prefix, region = parts.path.strip("/"), known.get("region", "us-east-1")
    if not (BUCKET.fullmatch(parts.netloc) and PREFIX.fullmatch(prefix) and REGION.fullmatch(region)):
        raise ValueError("not a bucket, a prefix and a region")
    own_style = "1" if "endpoint" in known else "0"
    path_style, links = _switch(known.get("path_style", own_style)), _switch(known.get("links", "0"))
    endpoint = _origin(known.get("endpoint", f"https://s3.{region}.amazonaws.com"))
    return LogPlace("", parts.netloc, prefix, endpoint, region, path_style, links)


def _folder(path: str) -> str:
    if not re.fullmatch(r"(/[^/\0]+)+/?", path) or {".", ".."} & set(path.split("/")):
        raise ValueError("not the whole path of a folder")
    return path


def _switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("neither 0 nor 1")
    return value == "1"


def _log_store(value: str) -> str:
    log_place(value)
    return value


def _some(value: str) -> str:
    if not value.replace(",", "").strip():
        raise ValueError("commas only")
    return value


def _matching(pattern: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"does not match {pattern}")
        return value

    return AfterValidator(check)


Port = Annotated[int, Field(ge=1, le=65535)]
Days = Annotated[int, Field(ge=1, le=36_500)]
PerMinute = Annotated[int, Field(ge=0, le=10_000_000)]
WebAddress = Annotated[str, AfterValidator(_web)]
Origin = Annotated[str, AfterValidator(_origin)]
DatabaseAddress = Annotated[str, AfterValidator(_database)]
LogStoreAddress = Annotated[str, AfterValidator(_log_store)]
RedisAddress = Annotated[str, AfterValidator(_redis)]
Host = Annotated[str, _matching(r"[^\s/]+")]
Mail = Annotated[str, _matching(r"[^@\s,]+@[^@\s,]+")]
FullName = Annotated[str, _matching(r"(?a:(?!\.{1,2}/)[\w.-]+/(?!\.{1,2}$)[\w.-]+)")]
AppriseAddress = Annotated[str, _matching(r"[a-z0-9+]+://\S*")]
Secrets = Annotated[str, AfterValidator(_some)]
Network = Annotated[str, AfterValidator(_network)]
RoleRule = Annotated[str, _matching(r".+=(viewer|operator|admin)")]
Comma = BeforeValidator(_split)
Addresses = BeforeValidator(_split_addresses)
RoleRules = BeforeValidator(_split_rules)

PORT = "a whole number from 1 to 65535"
DAYS = "a whole number from 1 to 36500"
PER_MINUTE = "a whole number from 0, which is no limit, to 10000000"
WEB = "an address such as https://ci.example.com"
MAIL = "an e-mail address"
SECRETS = "a text, or a comma list of texts that are all accepted"
