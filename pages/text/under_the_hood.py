"""Under the hood of texts: what may come next as temperature moves, and one unit's gates along the text."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.jobs.written_texts import Text
from pages.text import gates, next_character
from pages.widgets import under_the_hood, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.process import blas_threads
from studio.text import voice
from studio.text.settings import WriteSettings

MOST_READ = 600  # characters at the end of a text; what stood before hardly matters
ALONG = 72  # characters at its end that can be looked at
NEAR = 32  # characters around one whose gates are drawn
# What stands in for a text until there is one; Shakespeare, Hamlet.
PASSAGE = (
    "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer\n"
    "The slings and arrows of outrageous fortune"
)

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
A GRU makes do with two: how much of its state it keeps, and how much of it it looks back at.
"""
_PAPERS = (
    "Graves, [Generating Sequences With Recurrent Neural Networks](https://arxiv.org/abs/1308.0850), 2013. "
    "Hochreiter and Schmidhuber, [Long Short-Term Memory](https://doi.org/10.1162/neco.1997.9.8.1735), 1997. "
    "Holtzman et al., [The Curious Case of Neural Text Degeneration](https://arxiv.org/abs/1904.09751), "
    "2020, for top-p."
)


class Reading(NamedTuple):
    """How a voice read the end of a text of T characters.

    Attributes:
        text: those characters.
        logits: `(T, alphabet)`, of the character after each.
        opened: `(T, gates, units)`, the gates of the last layer.
        gates: what those are called.
        alphabet: the characters that it knows, in the order of the logits.
    """

    text: str
    logits: np.ndarray
    opened: np.ndarray
    gates: tuple[str, ...]
    alphabet: str


def explain(text: Text | None, asked: WriteSettings | None = None) -> None:
    """The folded section, drawn from a text and its voice. While folded nothing is computed.

    Args:
        text: what was written; None before there is any.
        asked: what the form asks for: without a text its voice reads a passage.
    """
    section = under_the_hood.section()
    if not section.open:
        return
    parts = ((st.markdown, _WHAT), (st.latex, _FORMULA), (st.markdown, _GATES), (st.caption, _PAPERS))
    with section:
        under_the_hood.beside(parts, lambda: _drawn(text, asked))


def _drawn(text: Text | None, asked: WriteSettings | None) -> None:
    settings, whole = (text.settings, text.whole) if text else (asked, PASSAGE)
    if settings is None:
        st.caption("Choose a voice: what it expects of a text is drawn here.")
        return
    if text is None:
        name = words.plain(words.model(settings.preset))
        st.caption(f"How {name} reads a passage of Hamlet. A text of yours takes its place.")
    try:
        found = _read(settings.preset, presets.find(settings.preset).key, whole[-MOST_READ:])
    except StudioError as error:
        st.caption(words.plain(str(error)))
        return
    _of_a_text(found, settings.temperature)


def _of_a_text(found: Reading, temperature: float) -> None:
    at = next_character.undecided(found.logits)
    if len(found.text) > 1:
        help = "It starts where the voice was least decided."
        at = st.slider("After which character", 1, len(found.text), at + 1, key="hood_at", help=help) - 1
    before, after = found.text[: at + 1], found.text[at + 1 :]
    st.html(f'<code style="white-space:pre-wrap">{escape(before)}<mark>▮</mark>{escape(after)}</code>')
    scores = next_character.rows(found.logits[at], found.alphabet)
    st.altair_chart(next_character.chart(scores, temperature), width="stretch")
    st.caption("What may come after that character; move the temperature.")
    unit = st.selectbox("Unit", gates.liveliest(found.opened), key="hood_unit", help="The liveliest first")
    near = _near(at, len(found.text))
    told = gates.rows(found.opened[near, :, unit], found.text[near], found.gates)
    st.altair_chart(gates.chart(told, found.gates), width="stretch")
    st.caption("The gates of that unit along the text, around that character.")


def _near(at: int, length: int) -> slice:
    """The characters around one, as many as a phone shows side by side."""
    first = max(0, min(at - NEAR // 2, length - NEAR))
    return slice(first, first + NEAR)


@st.cache_data(max_entries=8, show_spinner=False)
def _read(name: str, key: str, text: str) -> Reading:
    spoken = voice.load(name)
    indices = spoken.vocabulary.encode(text).indices
    if not len(indices):
        indices = np.array([max(spoken.vocabulary.characters.find("\n"), 0)])
    with blas_threads.limited(1):
        logits, _ = spoken.network.run(indices[None], spoken.network.states(1))
        opened = gates.along(spoken.network, indices)
    return Reading(
        spoken.vocabulary.decode(indices)[-ALONG:],
        logits[0, -ALONG:],
        opened[-ALONG:],
        gates.names(spoken.network),
        "".join(spoken.vocabulary.characters),
    )
