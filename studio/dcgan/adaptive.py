"""Augmentation that grows stronger while the discriminator memorizes the real images, and weaker again.

With few images a discriminator soon knows each of them, and what it says of made ones trains nothing more.

Reference:
    Adaptive discriminator augmentation: Karras et al. 2020, arXiv:2006.06676. Of the paper's two measures of
    overfitting, this is r_v, which needs validation images. The other, the mean sign of the logits of real
    images, is high early on, too, while a discriminator without overfitting wins against a poor generator. In
    the paper pixel blitting (mirroring
    and whole-pixel moves, which `Augment` always does here) and geometric changes won most, changes of color
    a little, and filters, noise and cutout next to nothing. Departs from it: no turns, for faces and letters
    stand upright, and what stretches and moves alone is two products of matrices, which cost next to nothing;
    gray instead of a mirrored border; the three changes of color of Zhao et al. 2020, arXiv:2006.10738.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import Augment
from studio.core.training.precision import as_float32

TARGET = 0.5  # of r_v, 0 to 1: above, half of what tells real from generated images is memorized
MOST = 0.8  # of p: above, the changes themselves begin to show in what is drawn
RISE, SHARE = 500_000, 0.25  # images in which p would go from 0 to 1; of those of a training run, at most
HEARD = 256  # images over which logits are averaged, four batches of the paper's 64
# Deviations: a height or width is stretched by so many powers of two (a change of size by .2 and one of shape
# by .2 together), and moved by so much of itself.
STRETCH, MOVE = 0.2 * 2**0.5, 0.125
BRIGHTNESS, CONTRAST, SATURATION = 0.5, 0.5, 1.0  # at most: in [-1, 1], and of what there is


class AdaptiveAugment(Augment):
    """Besides what `Augment` does, stretches, moves and tints each image; each change with probability p.

    The paper's p takes 500,000 images from 0 to 1. A training run on few images often sees fewer in all, so
    that here it takes at most a quarter of the training.

    Args:
        size, shift, flip, cutout, seed: see `Augment`, which draws the same numbers without this.
        steps: of the training.
        batch: images of each.

    Attributes:
        p: probability of each change, a scalar in [0, MOST].
        memorized: by how much logits of training images exceed those of validation images, a scalar mean.
        separated: by how much logits of training images exceed those of generated ones, a scalar mean.
    """

    def __init__(
        self, size: int, shift: int, flip: bool, cutout: float, seed: int, *, steps: int, batch: int
    ):
        super().__init__(size, shift, flip, cutout, seed)
        self.moves = True
        self.changes = keras.random.SeedGenerator(seed + 1)
        # In float32 also where networks compute in bfloat16, which has too few digits for a small step of p.
        kept = {"shape": (), "initializer": "zeros", "trainable": False, "dtype": "float32"}
        self.p = self.add_weight(name="p", autocast=False, **kept)
        self.memorized = self.add_weight(name="memorized", autocast=False, **kept)
        self.separated = self.add_weight(name="separated", autocast=False, **kept)
        self.rise = batch / min(RISE, SHARE * steps * batch)
        self.heard = min(1.0, batch / HEARD)

    def adapt(self, training: Any, validation: Any, generated: Any) -> None:
        """Moves p by a fixed amount: up while r_v is above TARGET, else down.

        r_v = (E[D(training)] - E[D(validation)]) / (E[D(training)] - E[D(generated)]): 0 while validation
        images look as real as those trained on, 1 when they look as fake as generated ones.

        Args:
            training, validation, generated: logits `(n, 1)` of a batch of each kind, augmented alike.
        """
        logit = ops.mean(training)
        for mean, other in ((self.memorized, validation), (self.separated, generated)):
            mean.assign(mean + self.heard * (logit - ops.mean(other) - mean))
        # Multiplied out. The amount: r_v means nothing while generated images pass for more real.
        overfits = self.memorized > TARGET * ops.abs(self.separated)
        self.p.assign(ops.clip(self.p + self.rise * ops.where(overfits, 1.0, -1.0), 0.0, MOST))

    def call(self, images: Any) -> Any:
        """`(B, side, side, C)` -> the same, each one tinted, moved, stretched, mirrored and cut at random."""
        # Colors first: what comes in from beyond the edge stays gray, and shows how far an image was moved.
        return super().call(self._tinted(images))

    def _tinted(self, images: Any) -> Any:
        """Brightness, contrast and saturation; each leaves an image as it is where its strength is 0."""
        count, channels = ops.shape(images)[0], images.shape[-1]
        images = as_float32(images)
        images = images + BRIGHTNESS * self._strengths(count)
        middle = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        images = images + CONTRAST * self._strengths(count) * (images - middle)
        if channels > 1:
            gray = ops.mean(images, axis=3, keepdims=True)
            images = images + SATURATION * self._strengths(count) * (images - gray)
        return images

    def _strengths(self, count: Any) -> Any:
        """`(B, 1, 1, 1)` in [-1, 1]: of how much of a change each image gets."""
        return self._some(keras.random.uniform((count, 1, 1, 1), -1, 1, seed=self.changes))

    def _some(self, strengths: Any) -> Any:
        """Each as it is with probability p, else 0."""
        draws = keras.random.uniform(ops.shape(strengths), seed=self.changes)
        return strengths * ops.cast(draws < self.p, "float32")

    def _places(self, count: Any, flip: bool) -> Any:
        if self.shift or self.flip:
            return super()._places(count, flip)
        return ops.zeros((count, 1), "int32") + ops.arange(self.side)[None]

    def _taken(self, places: Any) -> Any:
        """The same between two rows: parts of both, by how near they are; whole places give 0 and 1."""
        count, middle = ops.shape(places)[0], (self.side - 1) / 2
        powers, shares = (
            self._some(keras.random.normal((count, 1), 0, spread, seed=self.changes))
            for spread in (STRETCH, MOVE)
        )
        away = (ops.cast(places, "float32") - middle) * ops.power(2.0, powers)
        places = middle + away + self.side * shares
        return ops.relu(1 - ops.abs(places[..., None] - ops.arange(self.side, dtype="float32")))
