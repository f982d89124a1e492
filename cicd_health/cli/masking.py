"""Takes secrets out of what is logged, whoever logs it: those that are known, and whatever looks like one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, urlsplit

from cicd_health import access, secret_file, settings
from cicd_health.settings import Settings

SHORTEST = 6  # a shorter text is a word of some line that has nothing to do with it
MASK = "****"
# What says who is asking, wherever libraries write it: Reflex logs an event that fails with the headers of its page.
TOKENS = re.compile(
    rf"({access.COOKIE}=|[?&](?:token|code|sig|key)=|(?:Bearer|Basic) "
    r"|authorization['\"]?: *['\"]?token |x-jenkins-token['\"]?: *['\"]?)[\w.~+/=%-]+",
    re.IGNORECASE,
)
# Keys of ours and of those we ask, by how they begin.
BY_LOOK = re.compile(r"\b(gh[pousr]_|github_pat_|xox[abprs]-)[\w-]{16,}")
OUR_KEY = re.compile(r"\bcicd_[\w-]{40,}")
KEY_FILE = re.compile(r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?(?:-----END \1PRIVATE KEY-----|$)", re.DOTALL)
# user:password@ of any address, and all of one that is no web page's: a channel's token may stand anywhere in it.
# The name of its scheme is short: else a line of many dots, which anybody may send, takes seconds.
IN_ADDRESS = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://)[^\s/@'\"]+@")
CHANNEL = re.compile(
    r"\b((?!https?:|wss?:|sqlite:|file:|postgres|redis|rediss:|unix:)[a-z][a-z0-9+]{1,20}://)[^\s'\"]+"
)
SLACK = re.compile(r"(hooks\.slack\.com/services/)[\w/]+")
# What is typed into forms: Reflex logs an event that it could not begin to handle with all its arguments.
# A text ends at the quotation mark it began with, not at one that is escaped in it, however deep it is quoted.
TYPED = re.compile(
    r"""(['"](?:\w*password|token|secret|app_private_key|old|new|again)\\*['"]: *(\\*['"])(?!\2))"""
    r"""[^\n]*?(?=(?<!\\)\2|\n|$)"""
)


def masked(line: str) -> str:
    """The line without secrets."""
    for secret in _secrets():
        if secret in line:
            line = line.replace(secret, MASK)
    line = KEY_FILE.sub(MASK, TYPED.sub(rf"\1{MASK}", TOKENS.sub(rf"\1{MASK}", line)))
    line = SLACK.sub(rf"\1{MASK}", IN_ADDRESS.sub(rf"\1{MASK}@", CHANNEL.sub(rf"\1{MASK}", line)))
    return OUR_KEY.sub(MASK, BY_LOOK.sub(rf"\1{MASK}", line))


def _secrets() -> tuple[str, ...]:
    try:
        chosen = settings.get()
    except settings.SettingsError:  # what is wrong with them is just being said
        return ()
    return _known(chosen, secret_file.changed_at(chosen.data_dir))


@lru_cache(maxsize=2)
def _known(chosen: Settings, _changed_at: int) -> tuple[str, ...]:
    """The values of the settings' secrets, each as it may stand in a line; the longest first."""
    spelled = {spelling for secret in _values(chosen) for spelling in _spellings(secret)}
    return tuple(sorted(spelled, key=len, reverse=True))


def _values(chosen: Settings) -> Iterator[str]:
    for field, (_, _, about) in zip(Settings.model_fields, settings.fields(), strict=True):
        value = getattr(chosen, field)
        if value and about["secret"]:
            for text in (value,) if isinstance(value, str) else value:
                yield from (text, *access.several(text))
    yield from secret_file.kept(chosen.data_dir)
    for address in (chosen.database_url, chosen.redis_url or ""):
        yield urlsplit(address).password or ""


def _spellings(secret: str) -> Iterator[str]:
    if len(secret) >= SHORTEST:
        yield from (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
