"""Our messages' HTML as Slack's own markup, in which nothing but our own tags has a meaning.

Source: https://docs.slack.dev/messaging/formatting-message-text. Apprise's conversion puts a backslash before every
`_` of a name, which Slack shows.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

PAIRS = {"b": "*", "code": "`"}
BEFORE = {"pre": "```\n", "li": "• "}
AFTER = {"p": "\n\n", "pre": "\n```\n\n", "li": "\n", "ul": "\n"}


def mrkdwn(html: str) -> str:
    """Slack's markup for the HTML of a Message."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return "".join(writer.parts).strip()


def escape(text: str) -> str:
    """Text that Slack shows as it is: a branch called `<!channel>` calls nobody.

    A backtick would begin code, in which no link can be followed, or end the code it stands in.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
            return
        self.inside.append(tag)
        if tag == "a":
            address = escape(dict(attrs).get("href") or "").replace("|", "%7C")
            self.parts.append(f"<{address}|")
        self.parts.append(PAIRS.get(tag, BEFORE.get(tag, "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)
        self.parts.append(">" if tag == "a" else PAIRS.get(tag, AFTER.get(tag, "")))

    def handle_data(self, data: str) -> None:
        if "pre" not in self.inside:
            data = re.sub(r"\s*\n\s*", "", data)  # HTML's line ends mean nothing
        self.parts.append(escape(data))
