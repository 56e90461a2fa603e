"""What a network says before its last activation makes shares of it: how large that is, and how telling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.brought.rebuilding import building

if TYPE_CHECKING:
    import keras

_PLACES = ("Reshape", "Flatten", "Identity", "Dropout")  # they change no numbers
_LEAST = 1e-38  # of a share whose logarithm is taken


@contextmanager
def unended(network: keras.Model) -> Iterator[bool]:
    """Leaves out the last activation of a network for a while. Gives whether one was found."""
    last = _last(network)
    if last is None:
        yield False
        return
    name, layer = last
    before = layer.__dict__.get(name)
    setattr(layer, name, lambda tensor, *args, **kwargs: tensor)
    try:
        yield True
    finally:
        if before is None:
            delattr(layer, name)
        else:
            setattr(layer, name, before)


def _last(network: keras.Model) -> tuple[str, Any] | None:
    """The layer that ends a network, and its attribute to be replaced; None where it ends in another way."""
    for step in reversed(list(building.steps(network))):
        if type(step).__name__ in ("Softmax", "Sigmoid"):
            return "call", step
        if getattr(step, "activation", None) is not None:
            return "activation", step
        if type(step).__name__ not in _PLACES:
            return None
    return None


def asked(network: keras.Model, ask: Callable[[], np.ndarray]) -> np.ndarray:
    """The logits of a network that answers in shares.

    Args:
        network: it.
        ask: asks it: `(n, k)` of what it gives.

    Returns:
        `(n, k) float64`; logarithms of its shares where it does not end in an activation.
    """
    with unended(network) as found:
        rows = ask()
    if found:
        return rows
    if rows.shape[1] == 1:
        return np.log(np.maximum(rows, _LEAST)) - np.log(np.maximum(1 - rows, _LEAST))
    return np.log(np.maximum(rows, _LEAST))


def size(rows: np.ndarray) -> float:
    """The root mean square of logits, those of a row about their mean.

    Args:
        rows: `(n, k)` logits; if k is 1, those of a second class.
    """
    about = rows if rows.shape[1] == 1 else rows - rows.mean(axis=1, keepdims=True)
    return float(np.sqrt((about**2).mean()))


def told_apart(shares: np.ndarray) -> float:
    """How much answers differ by picture: their mutual information with the pictures, in nats.

    Args:
        shares: `(n, k)` in [0, 1]; if k is 1, those of a second class.
    """
    rows = np.concatenate([1 - shares, shares], axis=1) if shares.shape[1] == 1 else shares
    rows = np.clip(rows, 1e-12, 1)
    rows = rows / rows.sum(axis=1, keepdims=True)
    mean = rows.mean(axis=0)
    return float((rows * np.log(rows)).sum(axis=1).mean() - (mean * np.log(mean)).sum())
