"""What the judge sees of a picture: moved, mirrored, with a hole. Gradients pass through.

Real and made pictures are changed alike, so that the generator learns none of it (Zhao et al. 2020,
arXiv:2006.10738), while the judge cannot learn the real ones by heart.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from studio.dcgan.settings import TrainDcganSettings


class Augment(keras.layers.Layer):
    """Changes each picture of a batch in its own way.

    Args:
        settings: how far: `shift`, `flip`, `cutout`.
    """

    def __init__(self, settings: TrainDcganSettings):
        super().__init__(name="augment")
        self.settings = settings
        self.draws = keras.random.SeedGenerator(settings.seed + 1)

    def call(self, pictures: Any) -> Any:
        """`(B, side, side, C)` -> the same, each one moved, mirrored and cut at random."""
        settings, side = self.settings, self.settings.size
        count = ops.shape(pictures)[0]
        if settings.shift or settings.flip:
            rows = self._chosen(count, side, flip=False)
            columns = self._chosen(count, side, flip=settings.flip)
            pictures = _moved(pictures, rows, columns)
        if settings.cutout:
            pictures = pictures * self._holes(count, side)
        return pictures

    def _chosen(self, count: Any, side: int, flip: bool) -> Any:
        """Which row each row comes from, `(B, side, side)` of 0 and 1; beyond the edge, the edge again."""
        shift = self.settings.shift
        moves = keras.random.randint((count, 1), -shift, shift + 1, seed=self.draws)
        places = ops.clip(ops.arange(side)[None] + moves, 0, side - 1)
        if flip:
            mirrored = keras.random.randint((count, 1), 0, 2, seed=self.draws)
            places = ops.where(mirrored == 1, side - 1 - places, places)
        return ops.one_hot(places, side, dtype="float32")

    def _holes(self, count: Any, side: int) -> Any:
        """`(B, side, side, 1)` of 1, and 0 in a square at any place."""
        half = self.settings.cutout * side / 2
        middles = keras.random.uniform((2, count, 1), 0, side, seed=self.draws)
        far = ops.abs(ops.arange(side, dtype="float32")[None, None] - middles) >= half
        rows, columns = ops.cast(far[0], "float32"), ops.cast(far[1], "float32")
        return 1 - ((1 - rows)[:, :, None] * (1 - columns)[:, None, :])[..., None]


def _moved(pictures: Any, rows: Any, columns: Any) -> Any:
    """Takes rows and columns of pictures as products: their gradient is a product too, where that of a
    gather is a scatter, slow on a CPU."""
    count, side, _, channels = ops.shape(pictures)
    flat = ops.reshape(pictures, (count, side, side * channels))
    down = ops.reshape(ops.matmul(rows, flat), (count, side, side, channels))
    return ops.einsum("bij,bhjc->bhic", columns, down)
