"""Copying: what carries `data-copies` puts that text on the clipboard when it is clicked, and says so for a moment.

A script in the head does it in the click itself, also where a page without TLS has no clipboard of its own.
"""

from __future__ import annotations

from typing import Any

THIS_ADDRESS = "@address"
SAID_MS = 1600
SCRIPT = f"""
addEventListener('click',e=>{{
const b=e.target.closest&&e.target.closest('[data-copies]');
if(!b)return;
const tell=()=>{{b.dataset.copied='1';setTimeout(()=>delete b.dataset.copied,{SAID_MS})}};
const text=b.dataset.copies==='{THIS_ADDRESS}'?location.href:b.dataset.copies;
if(!text)return tell();
const byHand=()=>{{
const t=document.createElement('textarea');
t.value=text;t.style.position='fixed';t.style.opacity=0;document.body.append(t);t.select();
if(document.execCommand('copy'))tell();
t.remove();b.focus()}};
if(navigator.clipboard)navigator.clipboard.writeText(text).then(tell,byHand);else byHand()
}})
"""


def copies(text: Any = "") -> dict[str, Any]:
    """The attribute of what copies this text when clicked; without a text the click's own event copies."""
    return {"data-copies": text}
