"""The camera as a stream of pictures: recorded while a button is held, or looked at again and again.

Our own because Streamlit's takes one picture at a time. The browser sends a few pictures, and the next ones
only after the page has told that it has those: so a slow server gets fewer, and none that nobody waits for.
While its tab is hidden it sends nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import streamlit as st

from pages.widgets import keys

MOST_AT_ONCE = 12  # pictures that the browser sends together
MOST_HELD = 60  # that one press of the button takes
LONGEST = 640  # px
EVERY_MS = {"record": 250, "watch": 500}
_MOST_TEXT = 1_500_000  # characters of a picture; one of LONGEST has a tenth of that
_HEAD = "data:image/jpeg;base64,"

_HTML = """
<div class="camera">
  <video autoplay playsinline muted></video>
  <div class="bar"><button type="button" class="go"></button><output role="status"></output></div>
</div>
"""

_CSS = """
.camera { font-family: var(--st-font); color: var(--st-text-color); font-size: 0.9rem; max-width: 26rem; }
video { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; background: #000;
  border-radius: 0.5rem; transform: scaleX(-1); }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.75rem; margin-top: 0.5rem; }
.go { all: unset; box-sizing: border-box; cursor: pointer; padding: 0.4rem 1rem; text-align: center;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); user-select: none;
  -webkit-user-select: none; touch-action: none; }
.go:hover { border-color: var(--st-primary-color); }
.go:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.go[aria-pressed="true"] { border-color: var(--st-primary-color);
  box-shadow: inset 0 0 0 1px var(--st-primary-color); }
.go[disabled] { opacity: 0.4; cursor: default; }
@media (pointer: coarse) { .go { min-height: 2.6rem; } }
"""

_JS = """
const WAIT_MS = 20000;  // after which pictures that nobody answered are sent once more
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const find = (name) => parentElement.querySelector(name);
  const video = find("video"), go = find(".go"), told = find("output");
  const held = parentElement.held ||= { waiting: [], number: 0, visit: Math.random().toString(36).slice(2) };
  const watching = data.mode === "watch";
  const say = (text) => { if (told.textContent !== text) told.textContent = text; };

  const picture = () => {
    const scale = Math.min(1, data.longest / Math.max(video.videoWidth, video.videoHeight));
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(1, Math.round(video.videoWidth * scale));
    sheet.height = Math.max(1, Math.round(video.videoHeight * scale));
    sheet.getContext("2d").drawImage(video, 0, 0, sheet.width, sheet.height);
    return sheet.toDataURL("image/jpeg", 0.9);
  };
  const tell = () => {
    held.at = Date.now();
    held.tell("pictures", held.sent);
  };
  const send = () => {
    if (held.sent || !held.waiting.length || document.hidden) return;
    held.sent = { burst: held.visit + "-" + ++held.number, pictures: held.waiting.splice(0, data.most) };
    tell();
  };
  const tick = () => {
    if (!parentElement.isConnected) return close();
    if (held.sent && Date.now() - held.at > WAIT_MS) tell();
    if (!held.on || document.hidden || !video.videoWidth) return send();
    if (!watching) {
      held.waiting.push(picture());
      held.taken += 1;
      say(held.taken === 1 ? "1 picture" : held.taken + " pictures");
      if (held.taken >= data.room) stop();
    } else if (!held.sent) held.waiting = [picture()];
    send();
  };
  const start = () => {
    if (held.on || go.disabled) return;
    held.on = true;
    held.taken = 0;
    go.setAttribute("aria-pressed", "true");
    if (watching) { go.textContent = data.stop; say(""); }
    held.tick();
  };
  const stop = () => {
    if (!held.on) return;
    held.on = false;
    go.setAttribute("aria-pressed", "false");
    if (watching) { go.textContent = data.label; held.waiting = []; }
  };
  const close = () => {
    clearInterval(held.timer);
    held.closed = true;
    if (held.stream) held.stream.getTracks().forEach((track) => track.stop());
  };
  const open = async () => {
    go.disabled = true;
    say("The browser asks whether the camera may be used.");
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      if (held.closed) return stream.getTracks().forEach((track) => track.stop());
      held.stream = stream;
      video.srcObject = stream;
      const facing = stream.getVideoTracks()[0].getSettings().facingMode;
      if (facing === "environment") video.style.transform = "none";
      go.disabled = false;
      say("");
    } catch (error) {
      const why = {
        NotFoundError: "No camera was found. Connect one, and open the camera again.",
        NotReadableError: "Another program uses the camera. Close it there, and open the camera again.",
        SecurityError: "Browsers give the camera only to pages that come over https, or from this machine.",
      };
      say(why[error.name] || "The browser does not give the camera. Allow it there, and open it again.");
    }
  };

  held.tell = setTriggerValue;
  held.tick = tick;
  held.stop = stop;
  video.setAttribute("aria-label", data.alt);
  if (held.sent && data.seen === held.sent.burst) held.sent = null;
  if (data.halt && data.halt !== held.halted) { held.halted = data.halt; stop(); }
  go.textContent = watching && held.on ? data.stop : data.label;
  go.setAttribute("aria-pressed", held.on ? "true" : "false");
  if (watching) {
    go.onclick = () => (held.on ? held.stop() : start());
  } else {
    go.onpointerdown = (event) => {
      if (event.button) return;
      go.setPointerCapture(event.pointerId);
      start();
    };
    go.onpointerup = go.onpointercancel = go.onblur = () => held.stop();
    go.oncontextmenu = (event) => event.preventDefault();
    go.onkeydown = (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) start();
    };
    go.onkeyup = () => held.stop();
  }
  if (!held.timer) {
    held.timer = setInterval(() => held.tick(), data.every);
    open();
  }
  return () => close();
}
"""

_mount = st.components.v2.component("studio_camera", html=_HTML, css=_CSS, js=_JS)


def record(key: str, take: Callable[[list[bytes]], None], room: int) -> None:
    """Shows the camera, which takes pictures one after the other while its button is held.

    Args:
        key: of the component; each class has its own.
        take: given JPEG files, before anything is drawn.
        room: how many pictures one press may take.
    """
    _show(key, take, "record", label="Hold to record", room=min(room, MOST_HELD))


def watch(key: str, look: Callable[[list[bytes]], None], halt: str) -> None:
    """Shows the camera, of which a picture is looked at, and then the next, until a person stops it.

    Args:
        key: of the component.
        look: given a JPEG file, before anything is drawn.
        halt: another text than before stops it.
    """
    _show(key, look, "watch", label="Start", stop="Stop", halt=halt)


def _show(key: str, take: Callable[[list[bytes]], None], mode: str, **words: object) -> None:
    seen = keys.part(key, "seen")

    def came() -> None:
        sent = st.session_state[key].pictures
        burst = str(sent.get("burst", ""))[:60] if isinstance(sent, dict) else ""
        if burst and burst != st.session_state.get(seen):  # a browser that waits in vain sends once more
            st.session_state[seen] = burst
            take(_pictures(sent.get("pictures")))

    data = {
        "mode": mode,
        "every": EVERY_MS[mode],
        "most": MOST_AT_ONCE if mode == "record" else 1,
        "longest": LONGEST,
        "seen": st.session_state.get(seen, ""),
        "alt": "What the camera sees",
        **words,
    }
    _mount(data=data, key=key, on_pictures_change=came)


def _pictures(told: object) -> list[bytes]:
    """The files that a browser sent; whatever else it sent is left out."""
    found = []
    for text in told[:MOST_AT_ONCE] if isinstance(told, list) else []:
        if isinstance(text, str) and text.startswith(_HEAD) and len(text) <= _MOST_TEXT:
            try:
                found.append(base64.b64decode(text.removeprefix(_HEAD), validate=True))
            except binascii.Error:
                continue
    return found
