"""The gate activations of a language model's last layer along a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.core.data import corpus
from studio.text.numpy_network import Layer, Network, sigmoid

LSTM, GRU = ("input gate", "forget gate", "output gate"), ("update gate", "reset gate")
MAX_UNITS = 12  # units to choose from


def list_gate_names(network: Network) -> tuple[str, ...]:
    """Returns the names of the gates of a network, in the order of `compute_gates`."""
    return LSTM if network.each == 2 else GRU


def compute_gates(network: Network, indices: np.ndarray) -> np.ndarray:
    """Returns the gate activations of the last layer, `(T, gates, units)` in [0, 1].

    An LSTM has input, forget and output gates, a GRU update and reset gates.

    Args:
        network: the language model's network.
        indices: `(T,) int`, the characters.
    """
    x = network.table[indices]
    run_layer = _run_lstm if network.each == 2 else _run_gru
    for number, layer in enumerate(network.layers):
        projections = layer.project(x) if number else x
        x, activations = run_layer(layer, projections)
    return activations


def _run_lstm(layer: Layer, projections: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs one layer along `(T, 4 * units)`; returns its output, `(T, units)`, and gates, `(T, 3, units)`."""
    units = layer.recurrent.shape[0]
    state = [np.zeros((1, units), "float32")] * 2
    outputs, activations = [], []
    for inputs in projections:
        z = (state[0] @ layer.recurrent + inputs)[0].reshape(4, units)
        activations.append(sigmoid(z[[0, 1, 3]]))  # Row 2 is the cell candidate, not a gate.
        state = layer.step(inputs[None], state)
        outputs.append(state[0][0])
    return np.stack(outputs), np.stack(activations)


def _run_gru(layer: Layer, projections: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs one layer along `(T, 3 * units)`; returns its output, `(T, units)`, and gates, `(T, 2, units)`."""
    units = layer.recurrent.shape[0]
    state = [np.zeros((1, units), "float32")]
    outputs, activations = [], []
    for inputs in projections:
        z = state[0] @ layer.recurrent + layer.bias[1] + inputs
        activations.append(sigmoid(z[0, : 2 * units]).reshape(2, units))
        state = layer.step(inputs[None], state)
        outputs.append(state[0][0])
    return np.stack(outputs), np.stack(activations)


def find_most_variable(activations: np.ndarray) -> list[int]:
    """Returns the units whose gates `(T, gates, units)` vary most, the most variable first."""
    return np.argsort(-activations.std(axis=0).sum(axis=0))[:MAX_UNITS].tolist()


def list_rows(activations: np.ndarray, text: str, gates: Sequence[str]) -> list[dict[str, Any]]:
    """Returns one row per character and gate.

    Args:
        activations: gates of one unit, `(T, gates)` in [0, 1].
        text: T characters.
        gates: names of the gates.
    """
    return [
        {
            "at": at,
            "character": corpus.describe_character(character),
            "gate": gate,
            "open": round(float(value), 3),
        }
        for at, (character, values) in enumerate(zip(text, activations, strict=True))
        for gate, value in zip(gates, values, strict=True)
    ]


def build_chart(cells: Sequence[dict[str, Any]], gates: Sequence[str]) -> Any:
    """Returns a heat map with one row per gate and one column per character; full color means open."""
    import altair as alt

    base = alt.Chart(alt.Data(values=list(cells)))
    heatmap = base.mark_rect().encode(
        x=alt.X("at:O", title=None, axis=None),
        y=alt.Y("gate:N", title=None, sort=list(gates)),
        color=alt.Color(
            "open:Q",
            title="open",
            scale=alt.Scale(domain=[0, 1], range=["#8a8f9b22", "#5d75e6"], interpolate="rgb"),
            legend=alt.Legend(orient="top", gradientLength=120),
        ),
        tooltip=["character:N", "gate:N", alt.Tooltip("open:Q", format=".2f")],
    )
    letters = (
        base.transform_filter(f"datum.gate == '{gates[0]}' && length(datum.character) == 1")
        .mark_text(fontSize=11, color="gray")
        .encode(x=alt.X("at:O", axis=None), text="character:N", y=alt.value(-7))
    )
    return (heatmap + letters).properties(height=50 + 47 * len(gates))
