"""What the studio knows of a network without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Preprocessing:
    """How a network wants its images: `(255 * rgb_01 - mean) / divide`, then turned to BGR if so.

    Attributes:
        mean: in 0..255, RGB.
        divide: after the mean is taken off.
        bgr: whether the channels are then turned round.
    """

    mean: tuple[float, float, float]
    divide: float = 1.0
    bgr: bool = False

    def __call__(self, images_01):
        """`(B, H, W, 3) float32 in [0, 1]` RGB -> what the network takes."""
        from keras import ops

        images = (images_01 * 255.0 - np.array(self.mean, "float32")) / self.divide
        return ops.flip(images, axis=-1) if self.bgr else images


@dataclass(frozen=True)
class Spec:
    """A backbone as plain data.

    Attributes:
        layers: every layer worth naming, from the image inwards, with its number of channels. The last
            one is where the backbone ends.
        strides: how many pixels of the image one step in that layer is. VGG16's steps are tiles of just
            that size; elsewhere the borders take part, so that a map may be a step larger or smaller.
        least: the smallest side of an image, in px, from which every layer can be computed.
    """

    name: str
    title: str
    preprocessing: Preprocessing
    layers: Mapping[str, int]
    strides: Mapping[str, int]
    least: int

    @property
    def last(self) -> str:
        """The deepest layer."""
        return list(self.layers)[-1]
