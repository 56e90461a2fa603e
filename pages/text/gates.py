"""What the gates of an LSTM do along a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.core.data import corpus
from studio.text.numpy_network import Layer, Network, sigmoid

GATES = ("lets in", "keeps", "shows")


def along(network: Network, indices: np.ndarray) -> np.ndarray:
    """The input, forget and output gates of the last layer: `(T, 3, units)` in [0, 1]; of a GRU `(0, 3, 0)`.

    Args:
        indices: `(T,) int` characters.
    """
    if network.each != 2:  # a GRU has two gates, and other ones
        return np.empty((0, len(GATES), 0))
    x = network.table[indices]
    for number, layer in enumerate(network.layers):
        projected = layer.project(x) if number else x
        x, opened = _through(layer, projected)
    return opened


def _through(layer: Layer, projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def rows(opened: np.ndarray, text: str, last: int) -> list[dict[str, Any]]:
    """Of the unit whose gates change most along the last characters, one row a gate and character."""
    if not opened.size:
        return []
    end = opened[-last:]
    unit = int(end.std(axis=0).sum(axis=0).argmax())
    return [
        {"at": at, "character": corpus.shown(character), "gate": gate, "open": round(float(value), 3)}
        for at, (character, values) in enumerate(zip(text[-last:], end[:, :, unit], strict=True))
        for gate, value in zip(GATES, values, strict=True)
    ]


def chart(found: Sequence[dict[str, Any]]) -> Any:
    """A row a gate, a column a character; full colour is open, in the light and in the dark."""
    import altair as alt

    base = alt.Chart(alt.Data(values=list(found)))
    cells = base.mark_rect().encode(
        x=alt.X("at:O", title=None, axis=None),
        y=alt.Y("gate:N", title=None, sort=list(GATES)),
        color=alt.Color(
            "open:Q",
            title="open",
            scale=alt.Scale(domain=[0, 1], range=["#8a8f9b22", "#5d75e6"], interpolate="rgb"),
            legend=alt.Legend(orient="top", gradientLength=120),
        ),
        tooltip=["character:N", "gate:N", alt.Tooltip("open:Q", format=".2f")],
    )
    letters = (
        base.transform_filter(f"datum.gate == '{GATES[0]}' && length(datum.character) == 1")
        .mark_text(fontSize=11, color="gray")
        .encode(x=alt.X("at:O", axis=None), text="character:N", y=alt.value(-7))
    )
    return (cells + letters).properties(height=190)
