"""Under the hood of Text: next-character probabilities by temperature, and one unit's gates."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.jobs.written_texts import Text
from pages.text import gates, next_character
from pages.widgets import assets, under_the_hood, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.process import blas_threads
from studio.text import language_model
from studio.text.settings import WriteSettings

MOST_READ = 600  # characters at the end of a text; what stood before hardly matters
ALONG = 72  # characters at its end that can be looked at
NEAR = 32  # characters around one whose gates are drawn
# What stands in for a text until there is one; Shakespeare, Hamlet.
PASSAGE = (
    "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer\n"
    "The slings and arrows of outrageous fortune"
)


class Reading(NamedTuple):
    """How a language model read the end of a text of T characters.

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
    """The folded section, drawn from a text and its language model. While folded nothing is computed.

    Args:
        text: what was written; None before there is any.
        asked: what the form asks for: without a text its language model reads a passage.
    """
    under_the_hood.show(lambda: _drawn(text, asked), assets.read(__file__, "under_the_hood.md"))


def _drawn(text: Text | None, asked: WriteSettings | None) -> None:
    settings, whole = (text.settings, text.whole) if text else (asked, PASSAGE)
    if settings is None:
        st.caption("Choose a language model to see its predictions for a text.")
        return
    if text is None:
        name = words.plain(words.model(settings.preset))
        st.caption(
            f"The predictions of {name} for a passage of Hamlet. A text that you generate replaces it."
        )
    try:
        found = _read(settings.preset, presets.find(settings.preset).key, whole[-MOST_READ:])
    except StudioError as error:
        st.caption(words.plain(str(error)))
        return
    _of_a_text(found, settings.temperature)


def _of_a_text(found: Reading, temperature: float) -> None:
    at = next_character.undecided(found.logits)
    if len(found.text) > 1:
        help = "Starts where the prediction has the highest entropy"
        at = st.slider("After character", 1, len(found.text), at + 1, key="hood_at", help=help) - 1
    before, after = found.text[: at + 1], found.text[at + 1 :]
    st.html(f'<code style="white-space:pre-wrap">{escape(before)}<mark>▮</mark>{escape(after)}</code>')
    scores = next_character.rows(found.logits[at], found.alphabet)
    st.altair_chart(next_character.chart(scores, temperature), width="stretch")
    st.caption("The probabilities of the next character. Move the temperature slider to change them.")
    unit = st.selectbox(
        "Unit", gates.liveliest(found.opened), key="hood_unit", help="Units whose gates vary most come first"
    )
    near = _near(at, len(found.text))
    told = gates.rows(found.opened[near, :, unit], found.text[near], found.gates)
    st.altair_chart(gates.chart(told, found.gates), width="stretch")
    st.caption("The gates of that unit for the characters around that place.")


def _near(at: int, length: int) -> slice:
    """The characters around one, as many as a phone shows side by side."""
    first = max(0, min(at - NEAR // 2, length - NEAR))
    return slice(first, first + NEAR)


@st.cache_data(max_entries=8, show_spinner=False)
def _read(name: str, key: str, text: str) -> Reading:  # noqa: ARG001 - a key of the cache
    spoken = language_model.load(name)
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
