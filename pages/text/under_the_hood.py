"""Under the hood of Text: next-character probabilities by temperature, and one unit's gates."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.jobs.text_view import Text
from pages.text import gates, next_character
from pages.widgets import assets, under_the_hood, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.process import blas_threads
from studio.text import language_model
from studio.text.settings import WriteSettings

MAX_CHARS_READ = 600  # characters at the end of a text that are read; earlier ones hardly matter
MAX_CHARS_INSPECTED = 72  # characters at the end that can be inspected
MAX_GATE_CHARS = 32  # characters whose gates are drawn
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
    under_the_hood.show_section(
        lambda: _draw_section(text, settings), assets.read(__file__, "under_the_hood.md")
    )


def _draw_section(text: Text | None, form_settings: WriteSettings | None) -> None:
    settings, passage = (text.settings, text.text) if text else (form_settings, PASSAGE)
    if settings is None:
        st.caption("Choose a language model to see its predictions for a text.")
        return
    if text is None:
        name = words.escape(words.model_label(settings.preset))
        st.caption(
            f"The predictions of {name} for a passage of Hamlet. A text that you generate replaces it."
        )
    try:
        reading = _read_text(settings.preset, presets.find(settings.preset).key, passage[-MAX_CHARS_READ:])
    except StudioError as error:
        st.caption(words.escape(str(error)))
        return
    _draw_predictions(reading, settings.temperature)


def _draw_predictions(reading: Reading, temperature: float) -> None:
    position = next_character.find_highest_entropy(reading.logits)
    if len(reading.text) > 1:
        help = "Shows the prediction after this character; at first, the one with the highest entropy"
        position = (
            st.slider("After character", 1, len(reading.text), position + 1, key="explain_at", help=help) - 1
        )
    before, after = reading.text[: position + 1], reading.text[position + 1 :]
    st.html(f'<code style="white-space:pre-wrap">{escape(before)}<mark>▮</mark>{escape(after)}</code>')
    scores = next_character.list_rows(reading.logits[position], reading.alphabet)
    st.altair_chart(next_character.build_chart(scores, temperature), width="stretch")
    st.caption("The probabilities of the next character. Move the temperature slider to change them.")
    unit = st.selectbox(
        "Unit",
        gates.find_most_variable(reading.activations),
        key="explain_unit",
        help="Unit whose gates are shown; the units whose gates vary most come first",
    )
    span = _slice_around(position, len(reading.text))
    rows = gates.list_rows(reading.activations[span, :, unit], reading.text[span], reading.gates)
    st.altair_chart(gates.build_chart(rows, reading.gates), width="stretch")
    st.caption("The gates of that unit for the characters around that place.")


def _slice_around(position: int, length: int) -> slice:
    """Returns the slice of characters around a position, as many as fit on a phone."""
    first = max(0, min(position - MAX_GATE_CHARS // 2, length - MAX_GATE_CHARS))
    return slice(first, first + MAX_GATE_CHARS)


@st.cache_data(max_entries=8, show_spinner=False)
def _read_text(name: str, key: str, text: str) -> Reading:  # noqa: ARG001 - a key of the cache
    model = language_model.load(name)
    indices = model.vocabulary.encode(text).indices
    if not len(indices):
        indices = np.array([max(model.vocabulary.characters.find("\n"), 0)])
    with blas_threads.limit_threads(1):
        logits, _ = model.network.run(indices[None], model.network.states(1))
        activations = gates.compute_gates(model.network, indices)
    return Reading(
        model.vocabulary.decode(indices)[-MAX_CHARS_INSPECTED:],
        logits[0, -MAX_CHARS_INSPECTED:],
        activations[-MAX_CHARS_INSPECTED:],
        gates.list_gate_names(model.network),
        "".join(model.vocabulary.characters),
    )
