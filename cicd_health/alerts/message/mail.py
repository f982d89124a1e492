"""A message as the HTML of a mail: styles stand in the tags, for mail programs that drop all others."""

from __future__ import annotations

from html import escape

from cicd_health.alerts.message.message import Message

FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
RED, GREEN = "#c62f3b", "#1f7a4d"
# Apprise begins a line of the plain text part with each <code>, hence the span.
STYLED = {
    "<p>": '<p style="margin:0 0 16px">',
    "<b>": '<b style="color:#475467;font-weight:600">',
    "<code>": f'<span style="{MONO};font-size:13px;background:#f2f4f7;border-radius:3px;padding:1px 4px">',
    "</code>": "</span>",
    "<pre>": (
        f'<pre style="{MONO};font-size:12px;line-height:1.5;margin:0 0 16px;padding:12px;background:#f7f8fa;'
        'border:1px solid #e4e7ec;border-radius:6px;overflow-x:auto;white-space:pre-wrap;word-break:break-word">'
    ),
    "<ul>": '<ul style="margin:0 0 16px;padding-left:20px">',
    "<li>": '<li style="margin:0 0 4px">',
    "<a href=": '<a style="color:#1d5fbf;word-break:break-all" href=',
}


def mail_html(message: Message) -> str:
    """The whole mail. No image, no style sheet: nothing of it asks another host.

    Of a Message's body only our own tags hold a "<", so that replacing them cannot meet text from outside.
    """
    body = message.body
    for tag, styled in STYLED.items():
        body = body.replace(tag, styled)
    colour = RED if message.failed else GREEN
    return (
        f'<div style="background:#ffffff;padding:8px"><div style="{FONT};font-size:15px;line-height:1.55;color:#101828;'
        f'max-width:680px;margin:0 auto;border-top:4px solid {colour};padding:16px 4px">\n'
        f'<p style="margin:0 0 16px;font-size:18px;line-height:1.35;font-weight:600;word-break:break-word">'
        f"{escape(message.title)}</p>\n{body}"
        '<p style="margin:24px 0 0;padding-top:12px;border-top:1px solid #e4e7ec;color:#667085;font-size:12px">'
        "Sent by CI/CD Health</p></div></div>"
    )
