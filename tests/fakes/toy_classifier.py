"""Classifiers that are seconds to make: one that tells colors apart, and one as its training saves it."""

from __future__ import annotations

import numpy as np

from studio.classify.models import crop
from studio.classify.models.classifier import Classifier

COLORS = ("red", "green", "blue")


def colors(size: int = 32) -> Classifier:
    """Tells which color an image has most of; its maps are that image, eight times smaller."""
    import keras

    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    prepared = crop.resampled(images, size) / 255.0
    small = keras.layers.AveragePooling2D(8)(prepared)
    maps = keras.layers.Conv2D(3, 1, activation="relu", name="maps")(small)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    guess = keras.layers.Dense(3, activation="softmax", name="probabilities")(pooled)
    network = keras.Model(images, guess, name="colors")
    network.get_layer("maps").set_weights([np.eye(3, dtype="float32")[None, None], np.zeros(3)])
    network.layers[-1].set_weights([8 * np.eye(3, dtype="float32"), np.array([0.1, 0, 0])])
    return Classifier(
        "colors", "0" * 64, COLORS, (size, size), network, maps, prepared=prepared, preprocessing="0-1"
    )


def save(target, classes=("cat", "coffee"), backbone="vgg16", size=32, **data):
    """A preset of a backbone with a head of random weights, as a training saves it. Needs its weights."""

    from studio.classify.models import trained
    from studio.classify.settings import TrainClassifierSettings
    from studio.core import recipes
    from studio.core.models import presets
    from studio.core.objectives import backbones

    settings = TrainClassifierSettings(backbone=backbone, size=size)
    loaded = backbones.load(backbone)
    network = trained.assemble(loaded, size, lambda maps: trained.head(maps, len(classes), settings))
    shape = network.layers[-1].kernel.shape
    weights = np.random.default_rng(0).normal(0, 0.1, shape).astype("float32")
    network.layers[-1].set_weights([weights, np.zeros(len(classes), "float32")])
    recipe = recipes.make(trained.TASK, settings, {}, {backbone: loaded.digest})
    of_other_images = {"data": "", "rows": "", "learned": ""}
    known = {"classes": list(classes), "held_out": of_other_images, **data}
    learned = trained.trainable_part(network, settings.cut)
    return presets.save(target, learned, trained.TASK, settings, "# Toy\n", recipe, known)
