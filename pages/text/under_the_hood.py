"""Under the hood of texts: what may come next as temperature moves, and one unit's gates along the text."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.jobs.written_texts import Text
from pages.text import gates
from pages.widgets import under_the_hood, words
from studio.core.data import corpus
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.process import blas_threads
from studio.text import voice

MOST_READ = 600  # characters at the end of a text; what stood before hardly matters
SHOWN = 12
ALONG = 72  # characters along which the gates are drawn
COOLEST, HOTTEST = 0.1, 2.0

_WHAT = """
The model reads one character after the other and keeps what it has read as a few hundred numbers, its state.
From them it gives every character of its alphabet a score, and a draw decides which comes next.
**Temperature** divides the scores before they become chances: below 1 the likeliest gains, above 1 the others
catch up. *Top-k* and *top-p* leave out the unlikely end before the draw.
"""
_FORMULA = r"p_i = \frac{\exp(z_i / T)}{\sum_j \exp(z_j / T)}"
_GATES = """
An LSTM decides at each character what to do with its state, by three **gates** between 0 and 1 for every
unit: how much of the old it keeps, how much of the new it lets in, and how much it shows to the rest. A unit
that closes at each line end, or opens within quotation marks, was told of neither; it found them in the text.
"""
_PAPERS = (
    "Graves, [Generating Sequences With Recurrent Neural Networks](https://arxiv.org/abs/1308.0850), 2013. "
    "Hochreiter and Schmidhuber, [Long Short-Term Memory](https://doi.org/10.1162/neco.1997.9.8.1735), 1997. "
    "Holtzman et al., [The Curious Case of Neural Text Degeneration](https://arxiv.org/abs/1904.09751), "
    "2020, for top-p."
)


def explain(text: Text | None) -> None:
    """The folded section; with a text, what its model expects after it. While folded nothing is computed."""
    section = st.expander(
        under_the_hood.LABEL, icon=under_the_hood.ICON, key="hood", on_change="rerun", bind="query-params"
    )
    if not section.open:
        return
    parts = ((st.markdown, _WHAT), (st.latex, _FORMULA), (st.markdown, _GATES), (st.caption, _PAPERS))
    with section:
        under_the_hood.beside(parts, lambda: _of_this_text(text))


def _of_this_text(text: Text | None) -> None:
    if text is None:
        st.caption("Write a text: what may come next, and why, is drawn here from its own model.")
        return
    try:
        name = text.settings.preset
        read = _read(name, presets.find(name).key, text.whole[-MOST_READ:])
    except StudioError as error:
        st.caption(words.plain(str(error)))
        return
    scores, doors = read
    st.altair_chart(_chart(scores, text.settings.temperature), width="stretch")
    st.caption("What may come after the last character of the text; move the temperature.")
    if doors:
        st.altair_chart(gates.chart(doors), width="stretch")
        st.caption("The gates of the unit that changes most along the end of the text.")


@st.cache_data(max_entries=8, show_spinner=False)
def _read(name: str, key: str, text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The scores of all characters after a text, the likeliest first, and the gates along its end."""
    spoken = voice.load(name)
    indices = spoken.vocabulary.encode(text).indices
    if not len(indices):
        indices = np.array([max(spoken.vocabulary.characters.find("\n"), 0)])
    with blas_threads.limited(1):
        logits, _ = spoken.network.run(indices[None], spoken.network.states(1))
        found = gates.along(spoken.network, indices)
    last = logits[0, -1]
    characters = [corpus.shown(spoken.vocabulary.characters[n]) for n in np.argsort(-last)]
    scores = [
        {"rank": rank, "character": character, "score": round(float(score), 4)}
        for rank, (character, score) in enumerate(
            zip(characters, np.sort(last)[::-1] - last.max(), strict=True)
        )
    ]
    return scores, gates.rows(found, spoken.vocabulary.decode(indices), ALONG)


def _chart(scores: list[dict[str, Any]], temperature: float) -> Any:
    import altair as alt

    start = min(max(temperature, COOLEST), HOTTEST)
    slider = alt.binding_range(min=COOLEST, max=HOTTEST, step=0.05, name="Temperature ")
    heat = alt.param(name="temperature", value=start, bind=slider)
    return (
        alt.Chart(alt.Data(values=scores))
        .transform_calculate(weight="exp(datum.score / temperature)")
        .transform_joinaggregate(total="sum(weight)")
        .transform_calculate(chance="datum.weight / datum.total")
        .transform_filter(f"datum.rank < {SHOWN}")
        .mark_bar()
        .encode(
            y=alt.Y("character:N", title=None, sort=alt.SortField("rank"), axis=alt.Axis(labelOverlap=False)),
            x=alt.X("chance:Q", title="chance", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            tooltip=["character:N", alt.Tooltip("chance:Q", format=".1%")],
        )
        .add_params(heat)
        .properties(height=30 * SHOWN)
    )
