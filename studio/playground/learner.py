"""A network that learns one photo: it maps the positions of pixels to their colors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studio.core.imaging import image_io
from studio.playground import losses
from studio.playground.inputs import make_position_encoding, pixel_positions
from studio.playground.settings import PlaygroundSettings
from studio.playground.trainer import Snapshot, Trainer

_MAX_VALUES = 4_000_000  # values of a layer in memory at once: 16 MB


@dataclass(frozen=True)
class PhotoSnapshot(Snapshot):
    """The state of a network that learns a photo; its image has the size of the training image.

    Attributes:
        psnr_training, psnr_held_out: peak signal-to-noise ratios in dB of training and held-out pixels; None
            without held-out pixels.
    """

    psnr_training: float
    psnr_held_out: float | None

    @property
    def metrics(self) -> dict[str, float]:
        """All values by name; those of layers end in the layer's number, from 1."""
        metrics = super().metrics | {"psnr_training": self.psnr_training}
        return metrics if self.psnr_held_out is None else metrics | {"psnr_held_out": self.psnr_held_out}


class Learner(Trainer[PhotoSnapshot]):
    """A network that learns a photo.

    Args:
        photo: `(H, W, 3) uint8`.
        settings: of the network and its training.
    """

    def __init__(self, photo: np.ndarray, settings: PlaygroundSettings):
        small = image_io.fit(photo, settings.detail)
        self._size = small.shape[:2]
        self._encoding = make_position_encoding(
            settings.fourier_features,
            settings.fourier_scale,
            settings.coordinates,
            settings.detail,
            settings.seed,
        )
        features = self._encoding.encode(pixel_positions(*self._size))
        colors = (small.reshape(-1, 3) / 255).astype("float32")
        super().__init__(features, colors, settings, settings.loss)

    def describe(self, outputs: np.ndarray, gradients: list[float], values: list[float]) -> PhotoSnapshot:
        """Returns the snapshot for the colors of all pixels, `(N, 3)`."""
        psnr, held_out_psnr = (
            losses.compute_psnr(outputs[rows], self.targets[rows]) if len(rows) else None
            for rows in (self.train_rows, self.held_out_rows)
        )
        loss, held_out_loss = (
            self.compute_loss(outputs, rows) for rows in (self.train_rows, self.held_out_rows)
        )
        assert loss is not None and psnr is not None  # at least one pixel is for training
        image = _to_uint8(outputs).reshape(*self._size, 3)
        return PhotoSnapshot(image, loss, held_out_loss, gradients, values, psnr, held_out_psnr)

    def render(
        self, height: int, width: int, after: Callable[[int], None] = lambda _rows: None
    ) -> np.ndarray:
        """Renders an image of any size, in rows, which bounds memory.

        Args:
            after: called after every few rows with the number of rows done.

        Returns:
            `(height, width, 3) uint8`.
        """
        image = np.empty((height, width, 3), "uint8")
        rows = max(1, _MAX_VALUES // (max(self.network.shape) * width))
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, height, rows):
                last = min(height, first + rows)
                features = self._encoding.encode(pixel_positions(height, width, first, last))
                image[first:last] = _to_uint8(self.predict(features)).reshape(-1, width, 3)
                after(last)
        return image


def _to_uint8(colors: np.ndarray) -> np.ndarray:
    """Converts colors from `float32` to `uint8`."""
    return (np.clip(np.nan_to_num(colors), 0, 1) * 255 + 0.5).astype("uint8")
