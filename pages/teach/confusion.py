"""Which class was taken for which: a table whose cells are buttons.

Our own because Streamlit has no table that can be pressed, read aloud and seen in two colours. Its words are
set as text, never as markup, for names of classes are a person's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets import keys

Cell = tuple[int, int]  # the true class and the one it was taken for

_HTML = """
<div class="frame">
  <table></table>
</div>
"""

_CSS = """
.frame { overflow-x: auto; font-family: var(--st-font); color: var(--st-text-color); }
table { --first: 8.5rem; --least: 2.4rem; table-layout: fixed; width: 100%;
  min-width: calc(var(--first) + var(--columns) * var(--least));
  border-collapse: separate; border-spacing: 3px; font-size: 0.85rem; }
th { font-weight: 400; text-align: left; padding: 0 0.3rem; }
th span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
thead th { text-align: center; vertical-align: bottom; }
thead th:first-child { width: var(--first); text-align: left; opacity: 0.7; font-size: 0.75rem; }
.many thead th:not(:first-child) span { writing-mode: vertical-rl; transform: rotate(180deg);
  max-height: 7rem; margin: 0 auto; }
td { padding: 0; height: 2.6rem; text-align: center; border-radius: 0.3rem;
  background: var(--st-secondary-background-color); }
td.none { opacity: 0.55; }
button { all: unset; box-sizing: border-box; width: 100%; height: 2.6rem; border-radius: 0.3rem;
  text-align: center; cursor: pointer; font-variant-numeric: tabular-nums; --ink: #3046b0;
  background: color-mix(in srgb, var(--ink) calc(var(--share) * 80%), transparent); }
button.wrong { --ink: #c2781e; }
button.full { color: #fff; }
button:hover { filter: brightness(1.12); }
button:focus-visible, button[aria-pressed="true"] { outline: 2px solid currentColor; outline-offset: -3px; }
button:focus-visible { outline-width: 3px; }
@media (max-width: 600px) {
  table { --first: 6.5rem; font-size: 0.78rem; border-spacing: 2px; }
}
"""

_JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const table = parentElement.querySelector("table");
  const make = (tag, text, inside) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (inside) inside.append(made);
    return made;
  };
  const headed = (scope, text, row) => {
    const th = make("th", "", row);
    th.scope = scope;
    th.title = text;
    make("span", text, th);
  };
  table.style.setProperty("--columns", data.classes.length);
  table.className = data.classes.length > 6 ? "many" : "";
  const head = document.createElement("thead"), body = document.createElement("tbody");
  const top = make("tr", "", head);
  headed("col", "is \\u2193  taken for \\u2192", top);
  data.classes.forEach((name) => headed("col", name, top));
  data.counts.forEach((counts, truth) => {
    const row = make("tr", "", body);
    headed("row", data.classes[truth], row);
    const whole = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, guess) => {
      const place = make("td", count ? "" : "\\u00b7", row);
      if (!count) { place.className = "none"; return; }
      const cell = make("button", count, place), share = count / whole;
      cell.className = (truth === guess ? "right" : "wrong") + (share > 0.6 ? " full" : "");
      cell.style.setProperty("--share", truth === guess ? share : Math.max(share, 0.25));
      const said = truth === guess ? "found" : "taken for " + data.classes[guess];
      cell.setAttribute("aria-label", data.classes[truth] + " " + said + ": " + count + " of " + whole);
      cell.title = cell.getAttribute("aria-label");
      const chosen = data.chosen && data.chosen[0] === truth && data.chosen[1] === guess;
      cell.setAttribute("aria-pressed", chosen ? "true" : "false");
      cell.onclick = () => setTriggerValue("cell", chosen ? [-1, -1] : [truth, guess]);
    });
  });
  table.replaceChildren(head, body);
}
"""

_mount = st.components.v2.component("studio_confusion", html=_HTML, css=_CSS, js=_JS)


def matrix(classes: Sequence[str], counts: Sequence[Sequence[int]], *, key: str) -> Cell | None:
    """Draws the table and gives the cell that a person chose, if any.

    Args:
        classes: the names of the classes.
        counts: for each true class, how many of it were taken for each.
        key: also of the session state that holds the choice, under `KEY_chosen`.
    """
    held = keys.part(key, "chosen")

    def choose() -> None:
        truth, guess = st.session_state[key].cell
        st.session_state[held] = None if truth < 0 else (truth, guess)

    chosen: Cell | None = st.session_state.get(held)
    if chosen is not None and not _there(chosen, counts):
        chosen = None
    data = {"classes": list(classes), "counts": [list(row) for row in counts], "chosen": chosen}
    _mount(data=data, key=key, on_cell_change=choose)
    return chosen


def _there(cell: Cell, counts: Sequence[Sequence[int]]) -> bool:
    truth, guess = cell
    return truth < len(counts) and guess < len(counts) and counts[truth][guess] > 0
