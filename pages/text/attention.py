"""The attention of one head of a Transformer, drawn over the text."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.widgets import assets
from studio.text.numpy_transformer import Transformer

MAX_CHARS = 160  # characters at the end of a text that are drawn
_SCALE = 1000  # weights are sent as thousandths

_mount = assets.register_component("studio_attention", __file__)


def compute_attention(network: Transformer, indices: np.ndarray) -> np.ndarray:
    """Computes the attention weights among the last characters of a text.

    Args:
        network: the language model's network.
        indices: `(T,) int`, the characters.

    Returns:
        `(layers, heads, n, n) float32` for the last n characters, at most `MAX_CHARS`: from each, in rows, to
        each, in columns. A row adds up to less than 1 if the head also attends to characters before them.
    """
    length, count = len(indices), min(len(indices), MAX_CHARS)
    first = length - count
    attention = np.zeros((len(network.blocks), network.heads, count, count), "float32")
    cache = network.states(1)
    for start, part_length in network.split(length):
        end = start + part_length
        weights: list[np.ndarray] = []
        network.read_part(indices[None, start:end], cache, weights)
        if end <= first:
            continue
        for layer, (of_layer,) in enumerate(weights):
            key_start = end - of_layer.shape[-1]
            row, column = max(start, first), max(key_start, first)
            attention[layer, :, row - first : end - first, column - first : end - first] = of_layer[
                :, row - start :, column - key_start :
            ]
    return attention


def compute_distances(attention: np.ndarray) -> np.ndarray:
    """Returns how many characters back each head attends on average, `(layers, heads)`."""
    places = np.arange(attention.shape[-1])
    back = np.maximum(places[:, None] - places, 0)
    return (attention * back).sum(-1).mean(-1)


def find_most_focused(attention: np.ndarray) -> tuple[int, int]:
    """Returns layer and head of the lowest entropy among those that attend to earlier characters.

    Args:
        attention: see `compute_attention`.
    """
    entropies = -(attention * np.log(np.maximum(attention, 1e-9))).sum(-1).mean(-1)
    looks_back = compute_distances(attention) >= 1
    entropies = np.where(looks_back, entropies, entropies + entropies.max() + 1)
    layer, head = np.unravel_index(entropies.argmin(), entropies.shape)
    return int(layer), int(head)


def ask_head(attention: np.ndarray, key: str) -> tuple[int, int]:
    """Lets the user choose a head; returns its layer and its number, both from 0."""
    distances = compute_distances(attention)
    heads = list(np.ndindex(*distances.shape))
    head: tuple[int, int] = st.selectbox(
        "Head",
        heads,
        heads.index(find_most_focused(attention)),
        format_func=lambda at: (
            f"Layer {at[0] + 1}, head {at[1] + 1}: {distances[at]:.0f} characters back on average"
        ),
        key=key,
        help="Attention head that is drawn; heads of later layers often attend to characters further back",
    )
    return head


def show_attention(text: str, weights: np.ndarray, position: int, key: str) -> None:
    """Draws a text in which pointing at a character shows what it attends to.

    Args:
        text: n characters.
        weights: `(n, n)`, from each character to each.
        position: the character that is selected at first.
        key: of the component.
    """
    rows: list[list[Any]] = [
        np.rint(_SCALE * row[: at + 1]).astype(int).tolist() for at, row in enumerate(weights)
    ]
    _mount(data={"text": text, "rows": rows, "scale": _SCALE, "selected": position}, key=key)
