"""Keys that work on a page: what carries `aria-keyshortcuts="n"` is pressed by n, an input is gone to.

A script in the head reads the attribute, so that a key is where its button is and no key is sent to the server. It
listens before React, which swallows the keys of the moment in which it makes the page live. While somebody types, only
the keys of what stands in the same `[data-keys]` and says so work, such as Enter in a search.

A search that is sent before the page is live is sent by the browser: it keeps the filters of the address, as ours does.
"""

from __future__ import annotations

from typing import Any, Literal

SCRIPT = """
addEventListener('keydown',e=>{
const t=e.target;
if(!t.closest||e.ctrlKey||e.metaKey||e.altKey||e.isComposing||e.defaultPrevented)return;
if(t.getAttribute('role')==='tab'&&/^Arrow(Left|Right)$/.test(e.key)){
const all=[...t.parentElement.querySelectorAll('[role=tab]')];
const to=all[(all.indexOf(t)+(e.key==='ArrowRight'?1:all.length-1))%all.length];
e.preventDefault();to.focus();to.click();return}
const typing=t.closest('input,textarea,select,[contenteditable=true]');
const key=(e.shiftKey&&e.key.length>1?'Shift+':'')+e.key;
const at=typing?typing.closest('[data-keys]'):document;
if(!at)return;
const to=[...at.querySelectorAll('[aria-keyshortcuts]')].find(x=>
x.getAttribute('aria-keyshortcuts').split(' ').includes(key)&&x.getClientRects().length&&
(typing?x.dataset.typing:x.dataset.typing!=='only'));
if(!to)return;
e.preventDefault();
if(to.matches('input')){to.focus();to.select()}else to.click();
if(key==='Escape'&&typing)typing.blur()
},true);
addEventListener('formdata',e=>{
if(e.target.getAttribute('role')!=='search')return;
for(const [name,value] of new URLSearchParams(location.search))
if(!e.formData.has(name)&&!['before','id','explain'].includes(name))e.formData.append(name,value)
},true)
"""


def key(name: str, typing: Literal["never", "also", "only"] = "never") -> dict[str, Any]:
    """The attributes of what this key presses: never, also or only while somebody types beside it."""
    return {"aria-keyshortcuts": name, **({"data-typing": typing} if typing != "never" else {})}
