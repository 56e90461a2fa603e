"""Removes noise and JPEG artifacts from an image of any size, in tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.imaging.tiling import cut_tiles
from studio.core.litert import network
from studio.core.models.lru import load_cached
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.enhance import models
from studio.enhance.damage import Damage
from studio.enhance.planes import FOLD, make_network_input, to_colors, to_planes, unfold
from studio.enhance.self_ensemble import predict_with_ensemble
from studio.enhance.settings import CLEAN

TILE_SIDE = 512  # px per tile, without overlap; a multiple of FOLD
_PREPARED_SIZES = 2  # tile sizes that a network is prepared for: portrait and landscape


@dataclass(frozen=True)
class Options:
    """Options for cleaning.

    Attributes:
        damage: noise and compression of the image.
        denoise: share of the noise to remove, 0 to 1.
        deblock: removes JPEG artifacts.
        ensemble: averages eight flips and rotations, see `studio.enhance.self_ensemble`.
    """

    damage: Damage
    denoise: float = 1.0
    deblock: bool = True
    ensemble: bool = False


class Cleaner:
    """A network that removes noise and JPEG artifacts, loaded for inference.

    Args:
        preset: to load it from.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset, CLEAN)
        self._network = network.load(preset, max_shapes=_PREPARED_SIZES)

    def clean(self, image: np.ndarray, options: Options, progress: Progress | None = None) -> np.ndarray:
        """Cleans an image in overlapping tiles, without visible seams.

        Args:
            image: `(H, W, 3) uint8 or uint16`, or `(H, W, 4)`; alpha is unchanged. Gray images stay gray.
            options: damage and strength.
            progress: receives every tile.

        Returns:
            An image of the same shape and type.

        Raises:
            Cancelled: if the user stopped the job.
        """
        progress = progress or Progress()
        (height, width), white = image.shape[:2], np.iinfo(image.dtype).max
        padding = [(0, -side % FOLD) for side in (height, width)]
        padded = np.pad(image, (*padding, (0, 0)), "edge")
        is_gray = not np.ptp(image[..., :3], axis=2).any()
        result = padded.copy()
        halo = FOLD * models.receptive_radius(self.settings)
        tiles = cut_tiles(padded.shape[0], padded.shape[1], TILE_SIDE, halo, equal_size=True)
        for n, tile in enumerate(tiles):
            progress.report(n, len(tiles))
            patch = to_planes(padded[tile.rows.window, tile.columns.window, :3].astype("float32") / white)
            residual = self.predict_residual(patch, options)
            if is_gray:
                residual[..., 1:] = 0
            levels = np.rint(np.clip(to_colors(patch + residual), 0, 1) * white).astype(image.dtype)
            own = levels[tile.rows.inner_slice(), tile.columns.inner_slice()]
            result[tile.rows.own_slice(), tile.columns.own_slice(), :3] = own
        progress.report(len(tiles), len(tiles))
        return result[:height, :width]

    def predict_residual(self, planes: np.ndarray, options: Options) -> np.ndarray:
        """Predicts the residual of damaged planes, to add to them.

        To remove only a part of the noise, the network runs twice and the results are mixed.

        Args:
            planes: `(h, w, 3) float32`, even sides, from `studio.enhance.planes.to_planes`.

        Returns:
            `(h, w, 3) float32`.
        """
        damage, quality = options.damage, options.damage.quality if options.deblock else 100.0
        has_noise, has_artifacts = options.denoise > 0 and damage.light + damage.color > 0, quality < 100
        residual = np.zeros_like(planes)
        if has_artifacts and not (has_noise and options.denoise == 1):
            residual = self._predict(planes, Damage(quality=quality), options)
        if has_noise:
            without_noise = self._predict(planes, Damage(damage.light, damage.color, quality), options)
            residual += np.float32(options.denoise) * (without_noise - residual)
        return residual

    def _predict(self, planes: np.ndarray, damage: Damage, options: Options) -> np.ndarray:
        if options.ensemble:
            return predict_with_ensemble(planes, lambda turned: self._predict_once(turned, damage))
        return self._predict_once(planes, damage)

    def _predict_once(self, planes: np.ndarray, damage: Damage) -> np.ndarray:
        maps = make_network_input(planes, damage.light, damage.color, damage.quality)
        (residual,) = self._network(maps[None])
        return unfold(residual[0])


def load_cleaner(preset: Preset) -> Cleaner:
    """Loads the network of a preset, cached in memory. Raises like `Cleaner`."""
    return load_cached(Cleaner, preset)
