"""Starts from the weights of a trained model, whose alphabet may differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.errors import InvalidInput
from studio.text.vocabulary import Vocabulary


def inherited(
    fresh: Sequence[np.ndarray],
    old: Sequence[np.ndarray],
    before: Vocabulary,
    now: Vocabulary,
    tied: bool,
) -> list[np.ndarray]:
    """The old weights in the shapes of fresh ones; characters that the old model did not know begin afresh.

    Args:
        fresh, old: the arrays of two `CharacterModel`, in its order.
        before, now: the characters of the old and of the fresh one.
        tied: whether their heads are tied.

    Raises:
        InvalidInput: if the two models have other shapes.
    """
    last = len(fresh) - 1
    by_character = {0: 0, last: 0} if tied else {0: 0, last - 1: 1, last: 0}
    if len(fresh) != len(old):
        raise _other_shape()
    shared = [(before.characters.find(c), n) for n, c in enumerate(now.characters)]
    shared = [pair for pair in shared if pair[0] >= 0]
    return [
        _fitted(new, was, shared, by_character.get(n))
        for n, (new, was) in enumerate(zip(fresh, old, strict=True))
    ]


def _fitted(
    fresh: np.ndarray, old: np.ndarray, shared: Sequence[tuple[int, int]], axis: int | None
) -> np.ndarray:
    """The old array; along an axis of characters only what belongs to those that both models know.

    Args:
        shared: places of the shared characters, the old and the new one.
        axis: the axis of characters, or None.
    """
    if axis is None:
        if fresh.shape != old.shape:
            raise _other_shape()
        return old
    to, source = np.moveaxis(fresh.copy(), axis, 0), np.moveaxis(old, axis, 0)
    if to.shape[1:] != source.shape[1:]:
        raise _other_shape()
    for was, becomes in shared:
        to[becomes] = source[was]
    return np.moveaxis(to, 0, axis)


def _other_shape() -> InvalidInput:
    return InvalidInput(
        "The model to start from has another shape. "
        "Use the cell, layers, units, embedding and tied of its training."
    )
