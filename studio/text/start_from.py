"""Starts from the weights of a trained model, whose vocabulary may differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.errors import InvalidInput
from studio.text.settings import TrainTextSettings
from studio.text.vocabulary import Vocabulary


def inherit_weights(
    fresh: Sequence[np.ndarray],
    old: Sequence[np.ndarray],
    old_vocabulary: Vocabulary,
    new_vocabulary: Vocabulary,
    settings: TrainTextSettings,
) -> list[np.ndarray]:
    """Returns the old weights in the shapes of fresh ones; characters new to the model keep fresh weights.

    Args:
        fresh, old: the arrays of both models, in the order of `studio.text.networks.layout`.
        old_vocabulary, new_vocabulary: vocabularies of the old and of the new model.
        settings: settings of the new model, which decide where the characters are.

    Raises:
        InvalidInput: if the models have different shapes.
    """
    character_axes = _find_character_axes(settings, len(fresh))
    if len(fresh) != len(old):
        raise _shape_error()
    pairs = [(old_vocabulary.characters.find(c), n) for n, c in enumerate(new_vocabulary.characters)]
    shared = [(old_index, new_index) for old_index, new_index in pairs if old_index >= 0]
    return [
        _adapt_array(new_array, old_array, shared, character_axes.get(n))
        for n, (new_array, old_array) in enumerate(zip(fresh, old, strict=True))
    ]


def _find_character_axes(settings: TrainTextSettings, count: int) -> dict[int, int]:
    """Returns the axis of characters of those of `count` arrays that have one, by index of the array."""
    if settings.architecture == "transformer":
        return {0: 0}
    return {0: 0, count - 1: 0} if settings.tied else {0: 0, count - 2: 1, count - 1: 0}


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
        "Use the architecture, layers, units, heads, embedding and tied of its training."
    )
