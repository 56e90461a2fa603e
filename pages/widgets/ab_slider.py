"""Two pictures on top of each other with a line between them that a person can move.

Our own because Streamlit has none. A range input lies over the pictures, so mouse, touch, keyboard and
screen readers work as with any slider. Both pictures travel as one payload, as bytes may only be its whole.
"""

from __future__ import annotations

import json
import struct

import streamlit as st

_HTML = """
<figure>
  <div class="stage">
    <img class="after" alt="">
    <img class="before" alt="">
    <span class="tag left"></span>
    <span class="tag right"></span>
    <span class="line"><span class="knob"></span></span>
    <input aria-label="Compare" type="range" min="0" max="100" step="0.5" value="50">
  </div>
  <figcaption></figcaption>
</figure>
"""

_CSS = """
figure { margin: 0; font-family: var(--st-font); color: var(--st-text-color); }
.stage { --at: 50%; --ratio: 1.5; position: relative; width: min(100%, calc(76vh * var(--ratio)));
  aspect-ratio: var(--ratio); line-height: 0; border-radius: var(--st-base-radius); overflow: hidden;
  touch-action: pan-y; }
img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; }
.before { clip-path: inset(0 calc(100% - var(--at)) 0 0); }
.line { position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / 25%); pointer-events: none; }
.knob { position: absolute; top: 50%; left: 50%; width: 2.25rem; height: 2.25rem; margin: -1.125rem;
  border-radius: 50%; background: #fff; box-shadow: 0 1px 6px rgb(0 0 0 / 45%); }
.knob::before, .knob::after { content: ""; position: absolute; top: 50%; width: 0.45rem; height: 0.45rem;
  margin-top: -0.27rem; border: solid #22252b; border-width: 2px 0 0 2px; }
.knob::before { left: 0.55rem; transform: rotate(-45deg); }
.knob::after { right: 0.55rem; transform: rotate(135deg); }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize; }
.stage:focus-within .knob { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
.tag { position: absolute; top: 0.6rem; padding: 0.1rem 0.55rem; border-radius: 1rem; line-height: 1.5;
  font-size: 0.8rem; color: #fff; background: rgb(20 22 28 / 62%); pointer-events: none;
  transition: opacity 0.2s; }
.left { left: 0.6rem; }
.right { right: 0.6rem; }
figcaption { margin-top: 0.4rem; font-size: 0.875rem; opacity: 0.75; line-height: 1.4; }
"""

_JS = """
export default function (component) {
  const { data, parentElement } = component;
  const bytes = new Uint8Array(data);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = view.getUint32(0), first = view.getUint32(4);
  const words = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + head)));
  const start = 8 + head;
  (parentElement.urls || []).forEach((url) => URL.revokeObjectURL(url));
  const urls = [bytes.subarray(start, start + first), bytes.subarray(start + first)].map(
    (part) => URL.createObjectURL(new Blob([part], { type: "image/webp" })));
  parentElement.urls = urls;
  const find = (name) => parentElement.querySelector(name);
  const stage = find(".stage"), range = find("input");
  const before = find(".before"), after = find(".after");
  stage.style.setProperty("--ratio", words.ratio);
  before.src = urls[0];
  after.src = urls[1];
  before.alt = words.before;
  after.alt = words.after;
  find(".left").textContent = words.before;
  find(".right").textContent = words.after;
  find("figcaption").textContent = words.caption;
  range.setAttribute("aria-label", `Compare ${words.before} on the left with ${words.after} on the right`);
  const move = () => {
    const at = Number(range.value);
    stage.style.setProperty("--at", at + "%");
    range.setAttribute("aria-valuetext", Math.round(at) + " % " + words.before);
    find(".left").style.opacity = at < 12 ? 0 : 1;
    find(".right").style.opacity = at > 88 ? 0 : 1;
  };
  range.oninput = move;
  move();
  return () => urls.forEach((url) => URL.revokeObjectURL(url));
}
"""

_mount = st.components.v2.component("studio_ab_slider", html=_HTML, css=_CSS, js=_JS)


def ab_slider(
    before: bytes,
    after: bytes,
    *,
    ratio: float,
    key: str,
    names: tuple[str, str] = ("Before", "After"),
    caption: str = "",
) -> None:
    """Shows two pictures of the same proportions, the first to the left of a movable line.

    Args:
        before, after: WebP files.
        ratio: width by height of both, so that the page does not jump while they load.
        names: what each is called, shown in its corner and read aloud.
        caption: stands below.
    """
    words = {"before": names[0], "after": names[1], "caption": caption, "ratio": f"{ratio:.4f}"}
    head = json.dumps(words).encode()
    _mount(data=struct.pack(">II", len(head), len(before)) + head + before + after, key=key)
