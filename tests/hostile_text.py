"""Text as somebody might write it who wants a page, a mail or a table to be something else.

Each is one value of a field from outside: a branch, a title, the name of a job. What comes out has to be text.
"""

from __future__ import annotations

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
QUOTES = "\"'><svg onload=alert(1)>` ${1+1} {{1+1}} {%x%}"
LINK = "[click](javascript:alert(1)) <https://evil.example|here> <!channel> @everyone"
# RIGHT-TO-LEFT OVERRIDE and an isolate that is never closed: what stands behind would be read backwards.
BIDI = "main\u202egnp.exe\u2066 \u2067x"
CONTROL = "bell\x07 escape\x1b[31mred\x1b[0m delete\x7f next\x85 feed\x0c"
INVISIBLE = "zero\u200bwidth\ufeff line\u2028end"
FORMULA = '=HYPERLINK("https://evil.example","x")'
FORMULAS = (FORMULA, "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1")
HEADER = "subject\r\nBcc: evil@evil.example"
LONG = "long-" * 400

EVERY = (MARKUP, QUOTES, LINK, BIDI, CONTROL, INVISIBLE, FORMULA, HEADER, LONG)
# What may not reach anybody who only looks: characters that turn or hide what stands beside them.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def turns(text: str) -> str:
    """The characters in it that would turn what stands beside them; empty when there is none."""
    return "".join(letter for letter in text if letter in TURNING)
