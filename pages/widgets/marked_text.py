"""A text as it is written, and how surprised the model was by each of its characters.

Our own because Streamlit has no way to mark characters of a text that anybody may have written: here each
goes into the page as text alone, never as markup. How surprised the model was is told by colour, by the line
below a character, and by words when it is pointed at.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

LEVELS = (0.5, 1.5, 3.0, 5.0)  # nats: where one shade ends and the next begins
_WORDS = ("expected", "likely", "open", "unlikely", "a surprise")

_HTML = """
<section class="sheet" tabindex="0" aria-label="The text"><span class="copy"></span><div></div></section>
<p class="legend" hidden></p>
"""

_CSS = """
.sheet { position: relative; max-height: 68vh; min-height: 9rem; overflow-y: auto;
  padding: 1.25rem 1.5rem; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); color: var(--st-text-color); }
.sheet.more { mask-image: linear-gradient(#000 calc(100% - 3.5rem), rgb(0 0 0 / 15%)); }
.sheet.more:focus-visible { mask-image: none; }
.sheet:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.sheet div { white-space: pre-wrap; overflow-wrap: anywhere; font-family: var(--st-heading-font);
  font-size: 1.2rem; line-height: 1.75; }
.copy { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.before, .hint { opacity: 0.62; }
.hint { font-style: italic; }
.caret { display: inline-block; width: 0.55em; height: 1.1em; margin-left: 1px; vertical-align: text-bottom;
  background: var(--st-primary-color); animation: blink 1s steps(2) infinite; }
@keyframes blink { 50% { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { .caret { animation: none; } }
i { font-style: normal; text-decoration-color: var(--st-text-color); text-underline-offset: 0.22em; }
.s1 { background: rgb(214 134 38 / 14%); text-decoration: underline dotted 1px; }
.s2 { background: rgb(214 134 38 / 30%); text-decoration: underline solid 1px; }
.s3 { background: rgb(214 134 38 / 48%); text-decoration: underline solid 2px; }
.s4 { background: rgb(214 134 38 / 72%); text-decoration: underline double 2px; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0.6rem 0 0; font-size: 0.82rem;
  font-family: var(--st-font); color: var(--st-text-color); }
.legend[hidden] { display: none; }
.legend i { padding: 0 0.3rem; margin-right: 0.35rem; }
@media (max-width: 640px) { .sheet { padding: 0.9rem 1rem; } .sheet div { font-size: 1.05rem; } }
"""

_JS = """
export default function (component) {
  const { data, parentElement } = component;
  const sheet = parentElement.querySelector(".sheet"), body = sheet.querySelector("div");
  const legend = parentElement.querySelector(".legend"), copy = sheet.querySelector(".copy");
  const shade = (nats) => data.levels.filter((level) => nats >= level).length;
  const piece = (name, text, tag = "span") => {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  };
  const atEnd = sheet.scrollHeight - sheet.scrollTop - sheet.clientHeight < 60;
  const letters = Array.from(data.text), marked = Math.min(letters.length, data.nats.length);
  const parts = [piece("before", data.before)];
  for (let n = 0; n < marked; n += 1) {
    const made = piece("s" + shade(data.nats[n]), letters[n], "i");
    const one = Math.max(1, Math.round(Math.exp(data.nats[n])));
    made.title = data.nats[n].toFixed(2) + " nats: a chance of about 1 in " + one.toLocaleString();
    parts.push(made);
  }
  parts.push(piece("after", letters.slice(marked).join("")));
  if (data.writing) parts.push(piece("caret", ""));
  if (data.hint) parts.push(piece("hint", data.hint));
  body.replaceChildren(...parts);
  body.setAttribute("aria-hidden", marked > 0);
  copy.textContent = marked > 0 ? data.before + data.text : "";
  sheet.setAttribute("aria-busy", data.writing);
  if (data.writing && atEnd) sheet.scrollTop = sheet.scrollHeight;
  // That there is more below must be seen even where scroll bars hide themselves.
  const more = () => sheet.scrollHeight - sheet.scrollTop - sheet.clientHeight > 8;
  sheet.onscroll = () => sheet.classList.toggle("more", more());
  sheet.onscroll();
  legend.hidden = marked === 0;
  legend.replaceChildren(...data.words.map((words, n) => {
    const row = document.createElement("span");
    row.append(piece("s" + n, "abc", "i"), words);
    return row;
  }));
}
"""

_mount = st.components.v2.component("studio_paper", html=_HTML, css=_CSS, js=_JS)


def marked_text(
    text: str,
    *,
    before: str = "",
    nats: Sequence[float] = (),
    writing: bool = False,
    hint: str = "",
    key: str = "paper",
) -> None:
    """Shows a text.

    Args:
        text: what the model wrote.
        before: the beginning that a person gave, shown fainter.
        nats: how surprised the model was by each character of `text`, or by its first ones; none: no marks.
        writing: whether more is to come.
        hint: what to say after it, e.g. while there is no text yet.
    """
    data = {
        "before": _whole(before),
        "text": _whole(text),
        "nats": [round(float(value), 2) for value in nats],
        "levels": list(LEVELS),
        "words": _legend(),
        "writing": writing,
        "hint": hint,
    }
    _mount(data=data, key=key)


def _whole(text: str) -> str:
    """Without halves of characters, which a browser cannot be told."""
    return text.encode("utf-8", "replace").decode()


def _legend() -> list[str]:
    ends = [f"under {LEVELS[0]:g} nats", *(f"{level:g} and more" for level in LEVELS)]
    return [f"{word}: {end}" for word, end in zip(_WORDS, ends, strict=True)]
