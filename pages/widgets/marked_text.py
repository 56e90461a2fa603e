"""A text as it is written, and how surprised the model was by each of its characters.

Our own because Streamlit has no way to mark characters of a text that anybody may have written: here each
goes into the page as text alone, never as markup. How surprised the model was, or which of two was less so,
is told by colour, by the line below a character, and by words when it is pointed at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

LEVELS = (0.5, 1.5, 3.0, 5.0)  # nats: where one shade ends and the next begins
_WORDS = ("expected", "likely", "open", "unlikely", "a surprise")
APART = (math.log(2), math.log(10))  # nats between two voices: where one shade ends and the next begins
_TIMES = ("twice as likely, or more", "ten times as likely, or more")

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
.before, .hint { opacity: 0.72; }
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
.a1 { background: rgb(82 106 216 / 20%); text-decoration: underline solid 1px; }
.a2 { background: rgb(82 106 216 / 52%); text-decoration: underline solid 2px; }
.b1 { background: rgb(214 134 38 / 22%); text-decoration: underline dotted 1px; }
.b2 { background: rgb(214 134 38 / 58%); text-decoration: underline dotted 2px; }
.none { opacity: 0.5; }
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
  const chance = (nats) => "1 in " + Math.max(1, Math.round(Math.exp(nats))).toLocaleString();
  const mark = (mine, other) => {
    if (!data.voices.length) {
      return ["s" + shade(mine), mine.toFixed(2) + " nats: a chance of about " + chance(mine)];
    }
    if (mine === null) return ["none", "counts for neither"];
    const side = other > mine ? "a" : "b";
    return [
      side + shade(Math.abs(other - mine)),
      data.voices[0] + ": " + chance(mine) + ", " + data.voices[1] + ": " + chance(other),
    ];
  };
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
    const [shown, told] = mark(data.nats[n], data.others[n]);
    const made = piece(shown, letters[n], "i");
    made.title = told;
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
    row.append(piece(data.shades[n], "abc", "i"), words);
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
    told = {"before": _whole(before), "writing": writing, "hint": hint}
    shades = [f"s{n}" for n in range(len(_WORDS))]
    marks = [round(float(value), 2) for value in nats]
    _show(text, marks, LEVELS, dict(zip(shades, _legend(), strict=True)), key, **told)


def compared_text(
    text: str, nats: Sequence[Sequence[float | None]], voices: Sequence[str], *, key: str = "two_papers"
) -> None:
    """Shows a text, each character in the colour of the voice that expected it more.

    Args:
        text: what two voices read.
        nats: how surprised each of them was by each character; None where it counts for neither.
        voices: their two names.
    """
    first, second = nats
    legend = {
        f"{side}{n + 1}": f"{name}: {times}"
        for side, name in zip("ab", voices, strict=True)
        for n, times in enumerate(_TIMES)
    }
    legend["a0"] = "about alike to both"
    _show(text, first, APART, legend, key, others=list(second), voices=[_whole(name) for name in voices])


def _show(
    text: str,
    nats: Sequence[float | None],
    levels: Sequence[float],
    legend: Mapping[str, str],
    key: str,
    **told: Any,
) -> None:
    data = {"before": "", "writing": False, "hint": "", "others": [], "voices": []} | told
    data |= {"text": _whole(text), "nats": list(nats), "levels": list(levels)}
    _mount(data=data | {"shades": list(legend), "words": list(legend.values())}, key=key)


def _whole(text: str) -> str:
    """Without halves of characters, which a browser cannot be told."""
    return text.encode("utf-8", "replace").decode()


def _legend() -> list[str]:
    ends = [f"under {LEVELS[0]:g} nats", *(f"{level:g} and more" for level in LEVELS)]
    return [f"{word}: {end}" for word, end in zip(_WORDS, ends, strict=True)]
