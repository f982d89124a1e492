"""Our HTML in Slack's markup."""

import pytest

from cicd_health.alerts.mrkdwn import mrkdwn


@pytest.mark.parametrize(
    ("html", "slack"),
    [
        ("<b>Branch</b> <code>main</code>", "*Branch* `main`"),
        ("<p>one<br>\ntwo</p>\n<p>three</p>\n", "one\ntwo\n\nthree"),
        ('<a href="https://x/?a=1&amp;b=2">run</a>', "<https://x/?a=1&amp;b=2|run>"),
        ('<a href="https://x/a|b">run</a>', "<https://x/a%7Cb|run>"),
        ("<ul><li>one</li>\n<li>two</li>\n</ul>", "• one\n• two"),
        ("<pre>a\n  b &lt; c</pre>", "```\na\n  b &lt; c\n```"),
        ("<code>&lt;!channel&gt;</code>", "`&lt;!channel&gt;`"),
        ("<code>a`b</code>", "`a'b`"),
        ("<code>under_score-d</code>", "`under_score-d`"),
        ("a &amp; b", "a &amp; b"),
        ("```a` b", "'''a' b"),
    ],
)
def test_a_tag_becomes_what_slack_writes_for_it(html, slack):
    assert mrkdwn(html) == slack
