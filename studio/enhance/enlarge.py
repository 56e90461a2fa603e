"""Upscales an image of any size in tiles: bicubic upscaling plus the residual of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from studio.core.imaging import image_io
from studio.core.imaging.tiling import cut_tiles
from studio.core.litert import network
from studio.core.litert.network import Network
from studio.core.models import presets
from studio.core.models.lru import load_cached
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.enhance import bicubic, models
from studio.enhance.planes import LIGHT
from studio.enhance.self_ensemble import predict_with_ensemble
from studio.enhance.settings import ENLARGE, SCALES, SHIPPED_ENLARGER

TILE_SIDE = 512  # px of the small image per tile, without overlap
_STRAY_SHARE = 0.02  # share of an alpha edge below which values are more likely network errors
_PREPARED_SIZES = 2  # tile sizes that a network is prepared for: portrait and landscape


@dataclass(frozen=True)
class Options:
    """Options for upscaling.

    Attributes:
        scale: upscaling factor, one of `studio.enhance.settings.SCALES`.
        sharpness: factor of the network's residual; 0 is bicubic upscaling.
        ensemble: averages eight flips and rotations, see `studio.enhance.self_ensemble`.
    """

    scale: int
    sharpness: float = 1.0
    ensemble: bool = False


class Enlarger:
    """A network for upscaling, loaded for inference.

    Args:
        preset: to load it from.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset, ENLARGE)
        preset.check_weights()  # check the files now, not in the middle of an image
        self._preset = preset
        self._networks: dict[int, Network] = {}

    def enlarge(self, image: np.ndarray, options: Options, progress: Progress | None = None) -> np.ndarray:
        """Upscales an image in overlapping tiles, without visible seams.

        Args:
            image: `(H, W, 3) uint8 or uint16`, or `(H, W, 4)` with an alpha channel, which is upscaled
                separately. Colors of transparent pixels count like all others, see
                `transparency.extend_colors`.
            options: scale and quality.
            progress: receives every tile.

        Returns:
            `(scale * H, scale * W, 3 or 4)` of the same type.

        Raises:
            Cancelled: if the user stopped the job; no partial result is kept.
        """
        progress, scale = progress or Progress(), options.scale
        height, width, channels = image.shape
        result = np.empty((height * scale, width * scale, channels), image.dtype)
        halo = max(models.receptive_radius(self.settings), bicubic.KERNEL_REACH)
        tiles = cut_tiles(height, width, TILE_SIDE, halo, equal_size=True)
        for n, tile in enumerate(tiles):
            progress.report(n, len(tiles))
            patch = image[tile.rows.window, tile.columns.window]
            rows, columns = tile.rows, tile.columns
            offsets = rows.offset * scale, columns.offset * scale
            enlarged = self._enlarge_tile(patch, options)[offsets[0] :, offsets[1] :]
            top, left = rows.start * scale, columns.start * scale
            tile_height, tile_width = rows.length * scale, columns.length * scale
            result[top : top + tile_height, left : left + tile_width] = enlarged[:tile_height, :tile_width]
        progress.report(len(tiles), len(tiles))
        return result

    def _enlarge_tile(self, patch: np.ndarray, options: Options) -> np.ndarray:
        """Upscales a tile, `(h, w, C) uint8 or uint16`, to `(scale * h, scale * w, C)`."""
        white = np.iinfo(patch.dtype).max
        planes = np.moveaxis(patch.astype("float32") / white, 2, 0)
        large = bicubic.enlarge(planes, options.scale)
        if options.sharpness:
            large[:3] += options.sharpness * self.predict_residual(
                np.tensordot(LIGHT, planes[:3], 1), options
            )
        if len(planes) == 4 and np.ptp(planes[3]):
            if options.sharpness:
                large[3] += options.sharpness * self.predict_residual(planes[3], options)
            large[3] = _remove_ringing(large[3], planes[3], options.scale)
        return np.moveaxis(np.rint(np.clip(large, 0, 1) * white).astype(patch.dtype), 0, 2)

    def predict_residual(self, light: np.ndarray, options: Options) -> np.ndarray:
        """Predicts the residual of bicubically upscaled lightness.

        Args:
            light: `(h, w) float32 in [0, 1]`.

        Returns:
            `(scale * h, scale * w) float32`, to add to it.
        """
        if not options.ensemble:
            return self._predict(light, options.scale)
        return predict_with_ensemble(light, lambda turned: self._predict(turned, options.scale))

    def _predict(self, light: np.ndarray, scale: int) -> np.ndarray:
        if scale not in self._networks:
            self._networks[scale] = network.load(self._preset, models.network_name(scale), _PREPARED_SIZES)
        (residual,) = self._networks[scale](np.ascontiguousarray(light)[None, :, :, None])
        return residual[0, :, :, 0]


def _remove_ringing(large: np.ndarray, alpha: np.ndarray, scale: int) -> np.ndarray:
    """Clips upscaled alpha to the range of the surrounding pixels, which removes haze and ringing.

    Args:
        large: `(scale * h, scale * w) float32`.
        alpha: `(h, w) float32 in [0, 1]`, before upscaling.
    """
    low, high = _compute_local_range(alpha, 1, scale)
    clipped = np.clip(large, low, high)
    low, high = _compute_local_range(alpha, bicubic.KERNEL_REACH, scale)
    stray = _STRAY_SHARE * (high - low)
    return np.where(clipped < low + stray, low, np.where(clipped > high - stray, high, clipped))


def _compute_local_range(alpha: np.ndarray, reach: int, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the minimum and maximum within `reach` px of each pixel, repeated to the upscaled size."""
    side = 2 * reach + 1
    extremes = ndimage.minimum_filter(alpha, side), ndimage.maximum_filter(alpha, side)
    low, high = (values.repeat(scale, 0).repeat(scale, 1) for values in extremes)
    return low, high


def enlarge_to_size(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Upscales with the shipped network as far as its scales allow, then resizes with Lanczos.

    Args:
        image: `(h, w, 3) uint8`.
        height, width: of the result in px; nearly the same aspect ratio.

    Returns:
        `(height, width, 3) uint8`.
    """
    if scales := [scale for scale in SCALES if scale * max(image.shape[:2]) <= max(height, width)]:
        image = load_enlarger(presets.find(SHIPPED_ENLARGER)).enlarge(image, Options(scales[-1]))
    return image_io.resize(image, height, width)


def weight_digests() -> dict[str, str]:
    """Returns the SHA-256 of the weights that `enlarge_to_size` uses, by name, for recipes."""
    return {SHIPPED_ENLARGER: presets.find(SHIPPED_ENLARGER).digest}


def load_enlarger(preset: Preset) -> Enlarger:
    """Loads the network of a preset, cached in memory. Raises like `Enlarger`."""
    return load_cached(Enlarger, preset)
