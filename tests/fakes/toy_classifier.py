"""Classifiers that are ready within seconds: one by color, and one as training saves it."""

from __future__ import annotations

import numpy as np
import saved_models

from studio.classify.models import crop
from studio.classify.models.classifier import Classifier

COLORS = ("red", "green", "blue")


def make_color_classifier(size: int = 32) -> Classifier:
    """Returns a classifier for the dominant color; its feature maps are the image, eight times smaller."""
    import keras

    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    prepared = crop.crop_and_resize_in_network(images, size) / 255.0
    small = keras.layers.AveragePooling2D(8)(prepared)
    maps = keras.layers.Conv2D(3, 1, activation="relu", name="maps")(small)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    guess = keras.layers.Dense(3, activation="softmax", name="probabilities")(pooled)
    network = keras.Model(images, guess, name="colors")
    network.get_layer("maps").set_weights([np.eye(3, dtype="float32")[None, None], np.zeros(3)])
    network.layers[-1].set_weights([8 * np.eye(3, dtype="float32"), np.array([0.1, 0, 0])])
    return Classifier(
        "colors",
        "0" * 64,
        COLORS,
        (size, size),
        network,
        maps,
        preprocessed_images=prepared,
        preprocessing="0-1",
    )


def save(target, classes=("cat", "coffee"), backbone="vgg16", size=32, **data):
    """Saves a backbone with a random head as training does. Needs the weights of the backbone."""

    from studio.classify.models import trained
    from studio.classify.settings import TrainClassifierSettings
    from studio.core import recipes
    from studio.core.objectives import backbones

    settings = TrainClassifierSettings(backbone=backbone, size=size)
    loaded = backbones.load(backbone)
    network = trained.assemble(
        loaded,
        size,
        lambda maps: trained.add_pooled_head(maps, len(classes), settings, data.get("multi_label", False)),
    )
    shape = network.layers[-1].kernel.shape
    weights = np.random.default_rng(0).normal(0, 0.1, shape).astype("float32")
    network.layers[-1].set_weights([weights, np.zeros(len(classes), "float32")])
    recipe = recipes.make(trained.TASK, settings, {}, {backbone: loaded.digest})
    test_split = {"data": "", "rows": "", "learned": ""}
    metadata = {"classes": list(classes), "held_out": test_split, **data}
    learned = trained.build_trainable_part(network, settings.cut)
    return saved_models.save(target, learned, trained.TASK, settings, "# Toy\n", recipe, metadata)
