"""VGG16 with a sixteenth of its channels and random weights: training with it takes a second."""

from __future__ import annotations

import functools
from dataclasses import replace

import keras
import pytest

from studio.core.objectives import backbones


@functools.cache
def build() -> backbones.Backbone:
    """Returns the network, with the layers of VGG16."""
    spec = backbones.find_spec("vgg16")
    layers = {name: channels // 16 for name, channels in spec.layers.items()}
    images = maps = keras.Input((None, None, 3))
    for seed, (name, channels) in enumerate(layers.items()):
        if name.endswith("_pool"):
            maps = keras.layers.MaxPooling2D(2, name=name)(maps)
        else:
            maps = keras.layers.Conv2D(
                channels,
                3,
                padding="same",
                activation="relu",
                kernel_initializer=keras.initializers.HeNormal(seed),
                name=name,
            )(maps)
    model = keras.Model(images, maps, name="vgg16")
    model.trainable = False
    return backbones.Backbone(replace(spec, layers=layers), model, "0" * 64)


def use(patch: pytest.MonkeyPatch) -> None:
    """Makes `vgg16` this network."""
    narrow = build()
    patch.setitem(backbones.BACKBONES, "vgg16", narrow.spec)
    patch.setattr(backbones, "load", lambda *_, **__: narrow)
