"""Joins a trained head with the classifier that provides its features, for saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models import networks, trained
from studio.classify.models.classifier import Classifier
from studio.classify.settings import TrainClassifierSettings
from studio.core.errors import StudioError

if TYPE_CHECKING:
    import keras


def attach_head(
    base: Classifier,
    class_count: int,
    settings: TrainClassifierSettings,
    weights: list[np.ndarray],
    independent: bool = False,
) -> keras.Model:
    """Returns a network from preprocessed images to probabilities: the base's layers and a trained head.

    Args:
        base: the classifier whose features the head was trained on.
        class_count: number of classes.
        settings: `head` and `hidden`.
        weights: of the head's dense layers.
        independent: whether each class has its own sigmoid; else softmax.

    Raises:
        StudioError: if the base has no single preprocessed input.
    """
    import keras

    if base.preprocessed_images is None:
        raise StudioError(f"{base.name} has parts that are not layers. Choose another model.")
    features = base.features
    names = {layer.name for layer in keras.Model(base.preprocessed_images, features).layers}
    probabilities = trained.add_head(
        features, class_count, settings, independent, lambda name: networks.unique_name(name, names)
    )
    model = keras.Model(base.preprocessed_images, probabilities, name="classifier")
    for layer, *arrays in zip(model.layers[-(len(weights) // 2) :], weights[::2], weights[1::2], strict=True):
        layer.set_weights(arrays)
    return model
