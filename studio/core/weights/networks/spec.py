"""Specs of pretrained networks: their layers and preprocessing, available without loading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Preprocessing:
    """The preprocessing of a network: `(255 * rgb_01 - mean) / divide`, then BGR order if `bgr`.

    Attributes:
        mean: RGB, 0 to 255, subtracted from the image.
        divide: divisor after the subtraction.
        bgr: whether the channels are then reversed.
    """

    mean: tuple[float, float, float]
    divide: float = 1.0
    bgr: bool = False

    def __call__(self, images_01):
        """Converts RGB images, `(B, H, W, 3) float32 in [0, 1]`, to the network's input."""
        from keras import ops

        images = (images_01 * 255.0 - np.array(self.mean, "float32")) / self.divide
        return ops.flip(images, axis=-1) if self.bgr else images


@dataclass(frozen=True)
class Spec:
    """A backbone as plain data.

    Attributes:
        name, title: its name in the studio and its displayed name.
        preprocessing: of its input images.
        layers: the named layers, from input to output, with their number of channels. The last one is the
            end of the backbone.
        strides: the stride of each layer in pixels of the input. Because of padding, feature maps of
            networks other than VGG16 may be a position larger or smaller than the size divided by it.
        min_side: the smallest side of an input image in px.
    """

    name: str
    title: str
    preprocessing: Preprocessing
    layers: Mapping[str, int]
    strides: Mapping[str, int]
    min_side: int

    @property
    def last_layer(self) -> str:
        """The deepest layer."""
        return list(self.layers)[-1]
