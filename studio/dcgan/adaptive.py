"""Augmentation that grows stronger while the discriminator memorizes the real images, and weaker again.

With few images, a discriminator soon memorizes each of them, and the generator learns nothing more from it.

Reference:
    Adaptive discriminator augmentation (ADA): Karras et al. 2020, arXiv:2006.06676. Of the paper's two
    measures of overfitting, this is r_v, which needs validation images. The other, the mean sign of the
    logits of real images, is also high early on, when a discriminator without overfitting wins against a
    poor generator. In the paper, pixel blitting (mirroring and whole-pixel moves, which `Augment` always
    does here) and geometric changes helped most, changes of color a little, and filters, noise and cutout
    hardly. Departs from it: no rotations, because faces and letters stand upright, and scaling and moving
    alone is two cheap matrix products; a gray border instead of a mirrored one; the three changes of color
    of Zhao et al. 2020, arXiv:2006.10738.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import Augment
from studio.core.training.precision import cast_to_float32

TARGET_OVERFITTING = 0.5  # r_v at which half of the gap between real and generated images is memorization
MAX_PROBABILITY = 0.8  # of p; above it, generated images begin to show the augmentation itself
RISE_IMAGES = 500_000  # images in which p goes from 0 to 1
MAX_RUN_SHARE = 0.25  # most of these, as a share of the run's images
AVERAGED_IMAGES = 256  # images over which logits are averaged, four batches of the paper's 64
# Standard deviations: of the log2 scale of height and width (0.2 for size and 0.2 for aspect ratio combined),
# and of the shift as a share of the side.
STRETCH_DEVIATION, SHIFT_DEVIATION = 0.2 * 2**0.5, 0.125
BRIGHTNESS, CONTRAST, SATURATION = 0.5, 0.5, 1.0  # largest changes: additive in [-1, 1]; relative; relative


class AdaptiveAugment(Augment):
    """Extends `Augment`: also stretches, moves and recolors each image, each change with probability p.

    In the paper, p goes from 0 to 1 in 500,000 images. A training run on few images often has fewer in all,
    so here p needs at most a quarter of the run.

    Args:
        size, shift, flip, cutout, seed: see `Augment`, whose random numbers stay the same.
        steps: steps of the training run.
        batch: images per step.

    Attributes:
        p: probability of each change, a scalar in [0, MAX_PROBABILITY].
        validation_gap: mean logit of training images minus that of validation images, a moving average.
        generated_gap: mean logit of training images minus that of generated images, a moving average.
        rise: change of p per step.
        momentum: share of a new batch in the moving averages.
    """

    def __init__(
        self, size: int, shift: int, flip: bool, cutout: float, seed: int, *, steps: int, batch: int
    ):
        super().__init__(size, shift, flip, cutout, seed)
        self.moves = True
        self.changes_seed_generator = keras.random.SeedGenerator(seed + 1)
        # Keep float32: bfloat16 has too few digits for the small steps of p.
        options = {"shape": (), "initializer": "zeros", "trainable": False, "dtype": "float32"}
        self.p = self.add_weight(name="p", autocast=False, **options)
        self.validation_gap = self.add_weight(name="validation_gap", autocast=False, **options)
        self.generated_gap = self.add_weight(name="generated_gap", autocast=False, **options)
        self.rise = batch / min(RISE_IMAGES, MAX_RUN_SHARE * steps * batch)
        self.momentum = min(1.0, batch / AVERAGED_IMAGES)

    def adapt(self, training: Any, validation: Any, generated: Any) -> None:
        """Moves p by a fixed amount: up while r_v is above TARGET_OVERFITTING, else down.

        r_v = (E[D(training)] - E[D(validation)]) / (E[D(training)] - E[D(generated)]): 0 while validation
        images look as real as those trained on, 1 when they look as fake as generated ones.

        Args:
            training, validation, generated: logits `(n, 1)` of a batch of each kind, with equal augmentation.
        """
        training_mean = ops.mean(training)
        for gap, other in ((self.validation_gap, validation), (self.generated_gap, generated)):
            gap.assign(gap + self.momentum * (training_mean - ops.mean(other) - gap))
        # r_v > target without the division. The gap is negative while generated images look more real.
        overfits = self.validation_gap > TARGET_OVERFITTING * ops.abs(self.generated_gap)
        self.p.assign(ops.clip(self.p + self.rise * ops.where(overfits, 1.0, -1.0), 0.0, MAX_PROBABILITY))

    def call(self, images: Any) -> Any:
        """Recolors, moves, stretches, mirrors and cuts images `(B, side, side, C)` at random."""
        # Change colors first, so that the border stays gray and shows how far an image was moved.
        return super().call(self._change_colors(images))

    def _change_colors(self, images: Any) -> Any:
        """Changes brightness, contrast and saturation; a strength of 0 leaves an image unchanged."""
        count, channels = ops.shape(images)[0], images.shape[-1]
        images = cast_to_float32(images)
        images = images + BRIGHTNESS * self._draw_strengths(count)
        middle = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        images = images + CONTRAST * self._draw_strengths(count) * (images - middle)
        if channels > 1:
            gray = ops.mean(images, axis=3, keepdims=True)
            images = images + SATURATION * self._draw_strengths(count) * (images - gray)
        return images

    def _draw_strengths(self, count: Any) -> Any:
        """Draws the random strength of a change for each image, `(B, 1, 1, 1)` in [-1, 1]."""
        strengths = keras.random.uniform((count, 1, 1, 1), -1, 1, seed=self.changes_seed_generator)
        return self._zero_at_random(strengths)

    def _zero_at_random(self, strengths: Any) -> Any:
        """Keeps each strength with probability p, else sets it to 0."""
        uniform = keras.random.uniform(ops.shape(strengths), seed=self.changes_seed_generator)
        return strengths * ops.cast(uniform < self.p, "float32")

    def _draw_source_rows(self, count: Any, flip: bool) -> Any:
        if self.shift or self.flip:
            return super()._draw_source_rows(count, flip)
        return ops.zeros((count, 1), "int32") + ops.arange(self.side)[None]

    def _build_sampling_matrices(self, source_rows: Any) -> Any:
        """Returns matrices of linear interpolation between two rows, `(B, side, side)`; see `Augment`."""
        count, middle = ops.shape(source_rows)[0], (self.side - 1) / 2
        log2_scales, shift_shares = (
            self._zero_at_random(
                keras.random.normal((count, 1), 0, deviation, seed=self.changes_seed_generator)
            )
            for deviation in (STRETCH_DEVIATION, SHIFT_DEVIATION)
        )
        away = (ops.cast(source_rows, "float32") - middle) * ops.power(2.0, log2_scales)
        positions = middle + away + self.side * shift_shares
        return ops.relu(1 - ops.abs(positions[..., None] - ops.arange(self.side, dtype="float32")))
