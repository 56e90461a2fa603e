"""Enlarging an image of any size in tiles: bicubic enlarging, and what a network says that it lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from studio.core.imaging import image_io
from studio.core.imaging.tiling import Tile, tiles
from studio.core.litert import network
from studio.core.litert.network import Network
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.progress import Progress
from studio.enhance import bicubic, models
from studio.enhance.planes import LIGHT
from studio.enhance.settings import ENLARGE, SCALES, SHIPPED
from studio.enhance.ways import in_eight_ways

SIDE = 512  # px of the small image that a tile answers for
_HELD: dict[str, Enlarger] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 2
_STRAY = 0.02  # share of an edge of transparency below which a network's error is as likely
_SIZES = 2  # of tiles, for which a network is held: upright and lying


@dataclass(frozen=True)
class How:
    """How to enlarge.

    Attributes:
        scale: so many times larger each side becomes: one of `studio.enhance.settings.SCALES`.
        sharpness: how much of what the network adds; 0 is plain bicubic enlarging.
        ensemble: whether it looks in eight ways, see `studio.enhance.ways`.
    """

    scale: int
    sharpness: float = 1.0
    ensemble: bool = False


class Enlarger:
    """A network that enlarges, ready to work.

    Args:
        preset: what it is loaded from.

    Raises:
        InvalidInput: if it is no such network, or its files are not whole.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset, ENLARGE)
        preset.weights()  # which checks them now, and not in the middle of an image
        self._preset = preset
        self._networks: dict[int, Network] = {}

    def enlarge(self, image: np.ndarray, how: How, progress: Progress | None = None) -> np.ndarray:
        """Enlarges an image; tiles see beyond their borders, so that none of these shows.

        Args:
            image: `(H, W, 3) uint8`, or `(H, W, 4)` with transparency, which is enlarged by itself. Colors
                below it count as all others do, see `transparency.extend_colors`.
            how: by how much, and how well.
            progress: told of every tile.

        Returns:
            `(scale * H, scale * W, 3 or 4) uint8`.

        Raises:
            Cancelled: if a user stopped it: half of an image is of no use.
        """
        progress, scale = progress or Progress(), how.scale
        height, width, channels = image.shape
        made = np.empty((height * scale, width * scale, channels), "uint8")
        halo = max(models.reach(self.settings), bicubic.REACH)
        parts = tiles(height, width, SIDE, halo, alike=True)
        for n, tile in enumerate(parts):
            progress.report(n, len(parts))
            seen = image[tile.rows.seen, tile.columns.seen]
            made[_place(tile, scale)] = self._tile(seen, how)[_within(tile, scale)]
        progress.report(len(parts), len(parts))
        return made

    def _tile(self, seen: np.ndarray, how: How) -> np.ndarray:
        """A part of an image, `(h, w, C) uint8` -> `(scale * h, scale * w, C) uint8`."""
        planes = np.moveaxis(seen.astype("float32") / 255, 2, 0)
        large = bicubic.enlarged(planes, how.scale)
        if how.sharpness:
            large[:3] += how.sharpness * self.lacks(np.tensordot(LIGHT, planes[:3], 1), how)
        if len(planes) == 4 and np.ptp(planes[3]):
            if how.sharpness:
                large[3] += how.sharpness * self.lacks(planes[3], how)
            large[3] = _without_ringing(large[3], planes[3], how.scale)
        return np.moveaxis(np.rint(np.clip(large, 0, 1) * 255).astype("uint8"), 0, 2)

    def lacks(self, light: np.ndarray, how: How) -> np.ndarray:
        """What the bicubic enlargement of lightness lacks, as the network sees it.

        Args:
            light: `(h, w) float32 in [0, 1]`.

        Returns:
            `(scale * h, scale * w) float32`, to be added.
        """
        if not how.ensemble:
            return self._seen(light, how.scale)
        return in_eight_ways(light, lambda turned: self._seen(turned, how.scale))

    def _seen(self, light: np.ndarray, scale: int) -> np.ndarray:
        if scale not in self._networks:
            self._networks[scale] = network.load(self._preset, models.part_of(scale), _SIZES)
        (lacks,) = self._networks[scale](np.ascontiguousarray(light)[None, :, :, None])
        return lacks[0, :, :, 0]


def _without_ringing(large: np.ndarray, alpha: np.ndarray, scale: int) -> np.ndarray:
    """Enlarged transparency, kept between the least and the most of the pixels around: no stray haze is left.

    Args:
        large: `(scale * h, scale * w) float32`.
        alpha: `(h, w) float32 in [0, 1]`, what it was enlarged from.
    """
    least, most = _around(alpha, 1, scale)
    clipped = np.clip(large, least, most)
    least, most = _around(alpha, bicubic.REACH, scale)
    stray = _STRAY * (most - least)
    return np.where(clipped < least + stray, least, np.where(clipped > most - stray, most, clipped))


def _around(alpha: np.ndarray, reach: int, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most of the pixels up to `reach` px away, at the size that `alpha` is enlarged to."""
    side = 2 * reach + 1
    found = ndimage.minimum_filter(alpha, side), ndimage.maximum_filter(alpha, side)
    least, most = (one.repeat(scale, 0).repeat(scale, 1) for one in found)
    return least, most


def _place(tile: Tile, scale: int) -> tuple[slice, slice]:
    """Where the part that a tile answers for lies in the large image."""
    rows, columns = (_scaled(one.start, one.length, scale) for one in (tile.rows, tile.columns))
    return rows, columns


def _within(tile: Tile, scale: int) -> tuple[slice, slice]:
    """Where that part lies within what the tile sees, enlarged."""
    rows, columns = (_scaled(one.offset, one.length, scale) for one in (tile.rows, tile.columns))
    return rows, columns


def _scaled(start: int, length: int, scale: int) -> slice:
    return slice(start * scale, (start + length) * scale)


def to_size(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Enlarges by the studio's own network as far as its scales reach, and by Lanczos from there.

    Args:
        image: `(h, w, 3) uint8`.
        height, width: of the result in px; of nearly the same proportions.

    Returns:
        `(height, width, 3) uint8`.
    """
    if scales := [scale for scale in SCALES if scale * max(image.shape[:2]) <= max(height, width)]:
        image = open(presets.find(SHIPPED)).enlarge(image, How(scales[-1]))
    return image_io.resize(image, height, width)


def weights() -> dict[str, str]:
    """SHA-256 of the weights that `to_size` uses, by name, for recipes."""
    return {SHIPPED: presets.find(SHIPPED).digest}


def open(preset: Preset) -> Enlarger:
    """The enlarger of a preset; kept in memory for the next time. Raises as `Enlarger`."""
    return get_or_make(_HELD, preset.key, lambda: Enlarger(preset), _MOST_HELD)
