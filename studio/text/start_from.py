"""Starts from the weights of a trained model, whose vocabulary may differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.errors import InvalidInput
from studio.text.vocabulary import Vocabulary


def inherit_weights(
    fresh: Sequence[np.ndarray],
    old: Sequence[np.ndarray],
    old_vocabulary: Vocabulary,
    new_vocabulary: Vocabulary,
    tied: bool,
) -> list[np.ndarray]:
    """Returns the old weights in the shapes of fresh ones; characters new to the model keep fresh weights.

    Args:
        fresh, old: the arrays of both `CharacterModel`s, in its order.
        old_vocabulary, new_vocabulary: vocabularies of the old and of the new model.
        tied: whether their heads are tied.

    Raises:
        InvalidInput: if the models have different shapes.
    """
    last = len(fresh) - 1
    character_axes = {0: 0, last: 0} if tied else {0: 0, last - 1: 1, last: 0}  # by index of the array
    if len(fresh) != len(old):
        raise _shape_error()
    pairs = [(old_vocabulary.characters.find(c), n) for n, c in enumerate(new_vocabulary.characters)]
    shared = [(old_index, new_index) for old_index, new_index in pairs if old_index >= 0]
    return [
        _adapt_array(new_array, old_array, shared, character_axes.get(n))
        for n, (new_array, old_array) in enumerate(zip(fresh, old, strict=True))
    ]


def _adapt_array(
    fresh: np.ndarray, old: np.ndarray, shared: Sequence[tuple[int, int]], axis: int | None
) -> np.ndarray:
    """Returns the old array; along an axis of characters, characters new to the model keep fresh entries.

    Args:
        fresh, old: an array of each model.
        shared: pairs of the old and the new index of each shared character.
        axis: the axis of characters, or None.
    """
    if axis is None:
        if fresh.shape != old.shape:
            raise _shape_error()
        return old
    target, source = np.moveaxis(fresh.copy(), axis, 0), np.moveaxis(old, axis, 0)
    if target.shape[1:] != source.shape[1:]:
        raise _shape_error()
    for old_index, new_index in shared:
        target[new_index] = source[old_index]
    return np.moveaxis(target, 0, axis)


def _shape_error() -> InvalidInput:
    return InvalidInput(
        "The model to start from has another shape. "
        "Use the cell, layers, units, embedding and tied of its training."
    )
