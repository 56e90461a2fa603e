"""What the first normalisation of a network has kept of the pictures that it learnt from.

The mean and the spread of each of its channels fit photos of the right levels, and of no others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

_NEAR, _TIMES = 1.5, 1.5  # as near are those of the right levels, and others so many times as far
_CLEARLY = 3.0  # times as far, above which there is little doubt
_WEIGHTED = 2  # layers with weights, among which it is looked for: later ones say little of the levels


class Kept(NamedTuple):
    """The levels whose photos fit, and whether all others fit much worse."""

    levels: str
    clear: bool


def levels(
    network: keras.Model,
    steps: Iterator[Any],
    answers: Callable[[np.ndarray], np.ndarray],
    views: Mapping[str, np.ndarray],
    rare: Collection[str] = (),
) -> Kept | None:
    """The levels that the normalisation has kept; None where there is none, or where it says nothing.

    Args:
        network: it.
        steps: its layers, from the input on.
        answers: asks the network.
        views: some photos, `(n, H, W, 3)`, by their levels.
        rare: levels that are taken only if they fit clearly better than others.
    """
    norm = _first(steps)
    if norm is None:
        return None
    near = {name: _distance(norm, _seen(norm, answers, view)) for name, view in views.items()}
    best, second = sorted(near, key=lambda name: near[name])[:2]
    if best in rare and near[second] < _CLEARLY * near[best]:
        best, second = sorted(near.keys() - set(rare), key=lambda name: near[name])[:2]
    if near[best] > _NEAR or near[second] < _TIMES * near[best]:
        return None
    return Kept(best, near[second] >= _CLEARLY * near[best])


def _first(steps: Iterator[Any]) -> Any:
    weighted = 0
    for step in steps:
        if type(step).__name__ == "BatchNormalization":
            return step
        weighted += bool(getattr(step, "weights", None))
        if weighted >= _WEIGHTED:
            return None
    return None


class _Stop(BaseException):
    """Ends an answer once what was wanted is seen; no `Exception`, which Keras would write a message for."""


def _seen(norm: Any, answers: Callable[[np.ndarray], np.ndarray], view: np.ndarray) -> np.ndarray:
    """What comes to a normalisation while the network looks at photos."""
    found: list[np.ndarray] = []

    def noted(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        found.append(np.asarray(tensor, "float64"))
        raise _Stop

    norm.call = noted
    try:
        answers(view)
    except _Stop:
        return found[0]
    finally:
        del norm.call
    raise Refused("a normalisation that is never asked")


def _distance(norm: Any, seen: np.ndarray) -> float:
    """Kullback-Leibler divergence of what is seen from what was kept, in nats, of the middle channel."""
    rows = np.moveaxis(seen, norm.axis, -1).reshape(-1, seen.shape[norm.axis])
    mean, spread = rows.mean(axis=0), rows.var(axis=0) + norm.epsilon
    kept, width = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance) + norm.epsilon
    ratio = spread / width
    return float(np.median((ratio - 1 - np.log(ratio) + (mean - kept) ** 2 / width) / 2))
