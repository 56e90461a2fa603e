"""Under the hood of Text: next-character probabilities, gates or attention, and the cost of a character."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.jobs.text_view import Text
from pages.text import attention, gates, language_models, next_character, step_costs
from pages.widgets import assets, curves, keys, under_the_hood, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.process import blas_threads
from studio.text import language_model
from studio.text.numpy_network import Network
from studio.text.numpy_transformer import Transformer
from studio.text.settings import WriteSettings

MAX_CHARS_READ = 600  # characters at the end of a text that are read; earlier ones hardly matter
MAX_CHARS_INSPECTED = 72  # characters at the end that can be inspected
MAX_GATE_CHARS = 32  # characters whose gates are drawn
OTHER_KEY = "explain_other"
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
        activations: `(T, gates, units)`, the gates of the last layer, in [0, 1]; empty for a Transformer.
        gates: the names of the gates; empty for a Transformer.
        alphabet: the characters of the model, in the order of the logits.
        attention: of a Transformer, see `attention.compute_attention`; empty for others.
        attended: the characters of `attention`, the last of which are `text`.
    """

    text: str
    logits: np.ndarray
    activations: np.ndarray
    gates: tuple[str, ...]
    alphabet: str
    attention: np.ndarray
    attended: str


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
    names = [settings.preset, *_ask_other(settings.preset)]
    try:
        readings = _read_with(names, passage[-MAX_CHARS_READ:])
    except StudioError as error:
        st.caption(words.escape(str(error)))
        return
    _draw_predictions(readings, settings.temperature)
    _draw_costs(names)


def _ask_other(name: str) -> list[str]:
    """Lets the user choose a second language model; returns its name, or nothing."""
    others = [other for other in language_models.list_names() if other != name]
    if not others:
        return []
    other = st.selectbox(
        "Compare with",
        ["", *others],
        format_func=lambda name: words.model_label(name) if name else "No other model",
        key=OTHER_KEY,
        bind="query-params",
        help="Second language model, which reads the same text; compare an LSTM with a Transformer",
    )
    return [other] if other else []


def _read_with(names: list[str], text: str) -> dict[str, Reading]:
    """Reads a text with each language model, without the characters that one of them does not know."""
    for name in names:
        dropped = language_model.load(name).vocabulary.encode(text).dropped
        text = text.translate(dict.fromkeys(map(ord, dropped)))
    return {name: _read_text(name, presets.find(name).key, text) for name in names}


def _draw_predictions(readings: dict[str, Reading], temperature: float) -> None:
    reading = next(iter(readings.values()))
    position = next_character.find_highest_entropy(reading.logits)
    if len(reading.text) > 1:
        help = "Shows the prediction after this character; at first, the one with the highest entropy"
        position = (
            st.slider("After character", 1, len(reading.text), position + 1, key="explain_at", help=help) - 1
        )
    before, after = reading.text[: position + 1], reading.text[position + 1 :]
    st.html(f'<code style="white-space:pre-wrap">{escape(before)}<mark>▮</mark>{escape(after)}</code>')
    for number, (name, each) in enumerate(readings.items()):
        if len(readings) > 1:
            st.markdown(f"**{words.escape(words.model_label(name))}**")
        scores = next_character.list_rows(each.logits[position], each.alphabet)
        st.altair_chart(next_character.build_chart(scores, temperature), width="stretch")
        if not number:
            st.caption("The probabilities of the next character. Move the temperature slider to change them.")
        if each.gates:
            _draw_gates(each, position, keys.part("explain_unit", str(number)) if number else "explain_unit")
        else:
            _draw_attention(
                each, position, keys.part("explain_head", str(number)) if number else "explain_head"
            )


def _draw_gates(reading: Reading, position: int, key: str) -> None:
    unit = st.selectbox(
        "Unit",
        gates.find_most_variable(reading.activations),
        key=key,
        help="Unit whose gates are shown; the units whose gates vary most come first",
    )
    span = _slice_around(position, len(reading.text))
    rows = gates.list_rows(reading.activations[span, :, unit], reading.text[span], reading.gates)
    st.altair_chart(gates.build_chart(rows, reading.gates), width="stretch")
    st.caption("The gates of that unit for the characters around that place.")


def _draw_attention(reading: Reading, position: int, key: str) -> None:
    layer, head = attention.ask_head(reading.attention, key)
    place = len(reading.attended) - len(reading.text) + position
    attention.show_attention(
        reading.attended, reading.attention[layer, head], place, key=keys.part(key, f"{layer}-{head}-{place}")
    )
    st.caption(
        "Point at a character, or move with the arrow keys: the darker an earlier character, the more this "
        "head attends to it."
    )


def _draw_costs(names: list[str]) -> None:
    """Measures on request what the next character costs as a text grows."""
    is_clicked = st.button(
        "Measure speed and memory",
        icon=":material/speed:",
        help="Times each character of a growing text on this machine, which takes a few seconds",
    )
    measurements: dict[tuple[str, ...], step_costs.StepCosts] = st.session_state.setdefault(
        "explain_costs", {}
    )
    shown = tuple(presets.find(name).key for name in names)
    if is_clicked:
        networks = {words.model_label(name): language_model.load(name).network for name in names}
        with st.spinner("Measuring"):
            measurements[shown] = step_costs.measure_step_costs(networks)
    if costs := measurements.get(shown):
        chart = curves.build_lines(
            costs.rows,
            "chars",
            "milliseconds",
            "which",
            x_title="characters so far",
            y_title="ms per character",
            is_log=True,
            columns=1,
        )
        st.altair_chart(chart, width="stretch")
        st.caption(
            "Processor time of the next character, measured with int8 weights. "
            + " ".join(f"{words.escape(sentence)}." for sentence in costs.memory)
        )


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
    network = model.network
    with blas_threads.limit_threads(1):
        logits, _ = network.run(indices[None], network.states(1))
        activations, weights = np.empty((0, 0, 0)), np.empty((0, 0, 0, 0))
        gate_names: tuple[str, ...] = ()
        if isinstance(network, Transformer):
            weights = attention.compute_attention(network, indices)
        elif isinstance(network, Network):
            activations, gate_names = gates.compute_gates(network, indices), gates.list_gate_names(network)
    decoded = model.vocabulary.decode(indices)
    return Reading(
        decoded[-MAX_CHARS_INSPECTED:],
        logits[0, -MAX_CHARS_INSPECTED:],
        activations[-MAX_CHARS_INSPECTED:],
        gate_names,
        model.vocabulary.characters,
        weights,
        decoded[-attention.MAX_CHARS :],
    )
