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

MOST_READ = 600  # characters at the end of a text that are read; earlier ones hardly matter
ALONG = 72  # characters at the end that can be inspected
NEAR = 32  # characters whose gates are drawn
# Read until there is a generated text; Shakespeare, Hamlet.
PASSAGE = (
    "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer\n"
    "The slings and arrows of outrageous fortune"
)


class Reading(NamedTuple):
    """Outputs of a language model for the last T characters of a text.

    Attributes:
        text: the T characters.
        logits: `(T, alphabet)`, of the character after each.
        activations: `(T, gates, units)`, the gates of the last layer, in [0, 1].
        gates: the names of the gates.
        alphabet: the characters of the model, in the order of the logits.
    """

    text: str
    logits: np.ndarray
    activations: np.ndarray
    gates: tuple[str, ...]
    alphabet: str


def explain(text: Text | None, settings: WriteSettings | None = None) -> None:
    """Draws the folded section for a text and its language model; computes nothing while folded.

    Args:
        text: the generated text; None before there is any.
        settings: of the form; without a text, their language model reads a passage.
    """
    under_the_hood.show(lambda: _draw(text, settings), assets.read(__file__, "under_the_hood.md"))


def _draw(text: Text | None, form_settings: WriteSettings | None) -> None:
    settings, passage = (text.settings, text.text) if text else (form_settings, PASSAGE)
    if settings is None:
        st.caption("Choose a language model to see its predictions for a text.")
        return
    if text is None:
        name = words.plain(words.model(settings.preset))
        st.caption(
            f"The predictions of {name} for a passage of Hamlet. A text that you generate replaces it."
        )
    try:
        reading = _read(settings.preset, presets.find(settings.preset).key, passage[-MOST_READ:])
    except StudioError as error:
        st.caption(words.plain(str(error)))
        return
    _of_a_text(reading, settings.temperature)


def _of_a_text(reading: Reading, temperature: float) -> None:
    position = next_character.highest_entropy(reading.logits)
    if len(reading.text) > 1:
        help = "Starts where the prediction has the highest entropy"
        position = (
            st.slider("After character", 1, len(reading.text), position + 1, key="explain_at", help=help) - 1
        )
    before, after = reading.text[: position + 1], reading.text[position + 1 :]
    st.html(f'<code style="white-space:pre-wrap">{escape(before)}<mark>▮</mark>{escape(after)}</code>')
    scores = next_character.rows(reading.logits[position], reading.alphabet)
    st.altair_chart(next_character.chart(scores, temperature), width="stretch")
    st.caption("The probabilities of the next character. Move the temperature slider to change them.")
    unit = st.selectbox(
        "Unit",
        gates.most_variable(reading.activations),
        key="explain_unit",
        help="The units are sorted: those whose gates vary most come first",
    )
    span = _near(position, len(reading.text))
    rows = gates.rows(reading.activations[span, :, unit], reading.text[span], reading.gates)
    st.altair_chart(gates.chart(rows, reading.gates), width="stretch")
    st.caption("The gates of that unit for the characters around that place.")


def _near(position: int, length: int) -> slice:
    """Returns the slice of characters around a position, as many as fit on a phone."""
    first = max(0, min(position - NEAR // 2, length - NEAR))
    return slice(first, first + NEAR)


@st.cache_data(max_entries=8, show_spinner=False)
def _read(name: str, key: str, text: str) -> Reading:  # noqa: ARG001 - a key of the cache
    model = language_model.load(name)
    indices = model.vocabulary.encode(text).indices
    if not len(indices):
        indices = np.array([max(model.vocabulary.characters.find("\n"), 0)])
    with blas_threads.limit_threads(1):
        logits, _ = model.network.run(indices[None], model.network.states(1))
        activations = gates.along(model.network, indices)
    return Reading(
        model.vocabulary.decode(indices)[-ALONG:],
        logits[0, -ALONG:],
        activations[-ALONG:],
        gates.names(model.network),
        "".join(model.vocabulary.characters),
    )
