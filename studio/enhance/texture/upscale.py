"""Upscales an image of any size four times with Real-ESRGAN, in tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.core.imaging import image_io
from studio.core.imaging.tiling import TileSpan, cut_tiles
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.enhance.settings import TEXTURE_SCALE as SCALE
from studio.enhance.texture.networks import TAIL, TRUNK

if TYPE_CHECKING:
    import keras

TILE_SIDE = 256  # px of the small image per tile, without overlap
HALO = 24  # px. What lies further away changes little, although the receptive field is larger.
# px on both sides of a border in which two tiles are cross-faded: without it, texture would break off there.
_FADE = 8
_TAIL_SIDE = 64  # px of the small image per tile of the tail, which bounds memory
_TAIL_HALO = 2  # px of the small image, more than the radius of the tail's receptive field


@dataclass(frozen=True)
class TextureNetwork:
    """A network of Real-ESRGAN.

    Attributes:
        trunk, tail: its parts, see `studio.enhance.texture.networks.build_photo_network`.
        digest: identifies the weights in recipes.
    """

    trunk: keras.Model
    tail: keras.Model
    digest: str

    def upscale(
        self, image: np.ndarray, size: tuple[int, int] | None = None, progress: Progress | None = None
    ) -> np.ndarray:
        """Upscales the colors of an image.

        Args:
            image: `(H, W, 3 or 4) uint8 or uint16`, at least 1 x 1 px. Alpha is left out.
            size: height and width of the result in px, to which it is resized with Lanczos; None for four
                times the size.
            progress: receives every tile.

        Returns:
            `(height, width, 3)` of the type of the image.

        Raises:
            Cancelled: if the user stopped the job; no partial result is kept.
        """
        progress, white = progress or Progress(), np.iinfo(image.dtype).max
        height, width = image.shape[:2]
        total = np.zeros((SCALE * height, SCALE * width, 3), "float32")
        tiles = cut_tiles(height, width, TILE_SIDE, HALO)
        for number, tile in enumerate(tiles):
            progress.report(number, len(tiles))
            window = image[tile.rows.window, tile.columns.window, :3].astype("float32") / white
            weights = np.outer(_fade(tile.rows, height), _fade(tile.columns, width))
            total[_enlarge(tile.rows.window), _enlarge(tile.columns.window)] += weights[
                ..., None
            ] * self._upscale_window(window, progress)
        progress.report(len(tiles), len(tiles))
        np.clip(total, 0, 1, out=total)
        total *= white
        result = np.rint(total, out=total).astype(image.dtype)
        del total  # before resizing, which needs memory, too
        return image_io.resize(result, *size) if size else result

    def _upscale_window(self, window: np.ndarray, progress: Progress) -> np.ndarray:
        """Upscales `(h, w, 3) float32 in [0, 1]` to `(4 * h, 4 * w, 3)`, not clipped."""
        features = _predict(self.trunk, window)
        height, width = window.shape[:2]
        result = np.empty((SCALE * height, SCALE * width, 3), "float32")
        for part in cut_tiles(height, width, _TAIL_SIDE, _TAIL_HALO):
            progress.check()
            pixels = _predict(self.tail, features[part.rows.window, part.columns.window])
            own = pixels[_enlarge(part.rows.inner_slice()), _enlarge(part.columns.inner_slice())]
            result[_enlarge(part.rows.own_slice()), _enlarge(part.columns.own_slice())] = own
        return result


def _enlarge(pixels: slice) -> slice:
    """Returns a slice of the small image as one of the result."""
    return slice(SCALE * pixels.start, SCALE * pixels.stop)


def _fade(span: TileSpan, length: int) -> np.ndarray:
    """Returns the weights of a tile's window along one side of the result; those of all tiles add up to 1.

    Args:
        span: of the tile.
        length: of the small image in px.
    """
    positions = (np.arange(SCALE * span.window_length, dtype="float32") + 0.5) / SCALE + span.window_start
    weights, end = np.ones_like(positions), span.start + span.length
    if span.start > 0:
        weights *= np.clip((positions - span.start) / (2 * _FADE) + 0.5, 0, 1)
    if end < length:
        weights *= np.clip((end - positions) / (2 * _FADE) + 0.5, 0, 1)
    return weights


def _predict(network: keras.Model, maps: np.ndarray) -> np.ndarray:
    """Runs a part of a network on one image, `(h, w, C)`."""
    return np.asarray(network.predict_on_batch(np.ascontiguousarray(maps)[None]))[0]


def load(name: str, progress: Progress | None = None) -> TextureNetwork:
    """Loads a network by the name of its weights, after a download if necessary; one copy per process.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    loaded = pretrained.load(name, progress)
    trunk, tail = loaded.model.get_layer(TRUNK), loaded.model.get_layer(TAIL)
    trunk.jit_compile = tail.jit_compile = False  # XLA takes minutes to compile hundreds of convolutions
    return TextureNetwork(trunk, tail, loaded.digest)
