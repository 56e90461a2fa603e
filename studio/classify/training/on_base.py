"""A head on what another classifier sees: the network that is saved of it, which holds all of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models import networks, trained
from studio.classify.models.classifier import Classifier
from studio.classify.settings import TrainClassifierSettings
from studio.core.errors import StudioError

if TYPE_CHECKING:
    import keras


def network(
    base: Classifier, classes: int, settings: TrainClassifierSettings, weights: list[np.ndarray]
) -> keras.Model:
    """From images as `base` takes them to probabilities, its weights those of `base` and a trained head.

    Args:
        base: on what it sees the head was trained.
        classes: that the head tells apart.
        settings: its `head` and `hidden`.
        weights: of the head's dense layers.

    Raises:
        StudioError: if images enter `base` at several places.
    """
    import keras

    if base.prepared is None:
        raise StudioError(f"{base.name} has parts that are not layers. Choose another model.")
    seeing = base.seeing
    names = {layer.name for layer in keras.Model(base.prepared, seeing).layers}
    answer = trained.choice(seeing, classes, settings, lambda name: networks.free(name, names))
    made = keras.Model(base.prepared, answer, name="classifier")
    for layer, *taught in zip(made.layers[-(len(weights) // 2) :], weights[::2], weights[1::2], strict=True):
        layer.set_weights(taught)
    return made
