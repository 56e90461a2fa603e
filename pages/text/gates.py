"""The gate activations of a language model's last layer along a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.core.data import corpus
from studio.text.numpy_network import Layer, Network, sigmoid

LSTM, GRU = ("input gate", "forget gate", "output gate"), ("update gate", "reset gate")
MOST = 12  # units to choose from


def names(network: Network) -> tuple[str, ...]:
    """The names of the gates of a network's layers, in the order of `along`."""
    return LSTM if network.each == 2 else GRU


def along(network: Network, indices: np.ndarray) -> np.ndarray:
    """The gates of the last layer: `(T, gates, units)` in [0, 1].

    Of an LSTM the input, forget and output gate, of a GRU the update and the reset gate.

    Args:
        indices: `(T,) int` characters.
    """
    x = network.table[indices]
    through = _lstm if network.each == 2 else _gru
    for number, layer in enumerate(network.layers):
        projected = layer.project(x) if number else x
        x, opened = through(layer, projected)
    return opened


def _lstm(layer: Layer, projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One layer along `(T, 4 * units)`: what it shows, `(T, units)`, and its gates, `(T, 3, units)`."""
    units = layer.recurrent.shape[0]
    state = [np.zeros((1, units), "float32")] * 2
    shown, opened = [], []
    for now in projected:
        z = (state[0] @ layer.recurrent + now)[0].reshape(4, units)
        opened.append(sigmoid(z[[0, 1, 3]]))  # the third is what comes in
        state = layer.step(now[None], state)
        shown.append(state[0][0])
    return np.stack(shown), np.stack(opened)


def _gru(layer: Layer, projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One layer along `(T, 3 * units)`: what it shows, `(T, units)`, and its gates, `(T, 2, units)`."""
    units = layer.recurrent.shape[0]
    state = [np.zeros((1, units), "float32")]
    shown, opened = [], []
    for now in projected:
        z = state[0] @ layer.recurrent + layer.bias[1] + now
        opened.append(sigmoid(z[0, : 2 * units]).reshape(2, units))
        state = layer.step(now[None], state)
        shown.append(state[0][0])
    return np.stack(shown), np.stack(opened)


def liveliest(opened: np.ndarray) -> list[int]:
    """The units whose gates vary most along `(T, gates, units)`, the most variable first."""
    return np.argsort(-opened.std(axis=0).sum(axis=0))[:MOST].tolist()


def rows(opened: np.ndarray, text: str, gates: Sequence[str]) -> list[dict[str, Any]]:
    """One row per gate and character, of one unit's gates `(T, gates)` along a text of T characters."""
    return [
        {"at": at, "character": corpus.shown(character), "gate": gate, "open": round(float(value), 3)}
        for at, (character, values) in enumerate(zip(text, opened, strict=True))
        for gate, value in zip(gates, values, strict=True)
    ]


def chart(found: Sequence[dict[str, Any]], gates: Sequence[str]) -> Any:
    """One row per gate, one column per character; full color is open, in light and dark mode."""
    import altair as alt

    base = alt.Chart(alt.Data(values=list(found)))
    cells = base.mark_rect().encode(
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
    return (cells + letters).properties(height=50 + 47 * len(gates))
