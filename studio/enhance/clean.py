"""Taking noise and the blocks of JPEG out of an image of any size, in tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.imaging.tiling import tiles
from studio.core.litert import network
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.progress import Progress
from studio.enhance import models
from studio.enhance.damage import Damage
from studio.enhance.planes import FOLD, colors, planes, shown, unfolded
from studio.enhance.settings import CLEAN
from studio.enhance.ways import in_eight_ways

SIDE = 512  # px that a tile answers for; a multiple of FOLD
_HELD: dict[str, Cleaner] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 2
_SIZES = 2  # of tiles, for which a network is held: upright and lying


@dataclass(frozen=True)
class How:
    """How to clean.

    Attributes:
        damage: what is wrong with the image.
        denoise: how much of the noise is taken away: 0 to 1.
        deblock: whether the blocks of JPEG are.
        ensemble: whether it looks in eight ways, see `studio.enhance.ways`.
    """

    damage: Damage
    denoise: float = 1.0
    deblock: bool = True
    ensemble: bool = False


class Cleaner:
    """A network that cleans, ready to work.

    Args:
        preset: what it is loaded from.

    Raises:
        InvalidInput: if it is no such network, or its files are not whole.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset, CLEAN)
        self._network = network.load(preset, sizes=_SIZES)

    def clean(self, image: np.ndarray, how: How, progress: Progress | None = None) -> np.ndarray:
        """Cleans an image; tiles see beyond their borders, so that none of these shows.

        Args:
            image: `(H, W, 3) uint8`, or `(H, W, 4)`: what is transparent stays so. Gray stays gray.
            how: of what, and how thoroughly.
            progress: told of every tile.

        Returns:
            The same size and channels.

        Raises:
            Cancelled: if a user stopped it.
        """
        progress = progress or Progress()
        height, width = image.shape[:2]
        even = [(0, -side % FOLD) for side in (height, width)]
        whole = np.pad(image, (*even, (0, 0)), "edge")
        gray = not np.ptp(image[..., :3], axis=2).any()
        made = whole.copy()
        halo = FOLD * models.reach(self.settings)
        parts = tiles(whole.shape[0], whole.shape[1], SIDE, halo, alike=True)
        for n, tile in enumerate(parts):
            progress.report(n, len(parts))
            seen = planes(whole[tile.rows.seen, tile.columns.seen, :3].astype("float32") / 255)
            added = self.lacks(seen, how)
            if gray:
                added[..., 1:] = 0
            levels = np.rint(np.clip(colors(seen + added), 0, 1) * 255).astype("uint8")
            rows, columns = (slice(one.offset, one.offset + one.length) for one in (tile.rows, tile.columns))
            made[tile.rows.own(1), tile.columns.own(1), :3] = levels[rows, columns]
        progress.report(len(parts), len(parts))
        return made[:height, :width]

    def lacks(self, planes: np.ndarray, how: How) -> np.ndarray:
        """What damaged planes lack, as the network sees it, to be added.

        Noise that is to be taken in part alone takes two looks: what remains is mixed from both.

        Args:
            planes: `(h, w, 3) float32`, even sides, as `studio.enhance.planes.planes` gives.

        Returns:
            `(h, w, 3) float32`.
        """
        noise, quality = how.damage, how.damage.quality if how.deblock else 100.0
        noisy, blocky = how.denoise > 0 and noise.light + noise.color > 0, quality < 100
        added = np.zeros_like(planes)
        if blocky and not (noisy and how.denoise == 1):
            added = self._looked(planes, Damage(quality=quality), how)
        if noisy:
            both = self._looked(planes, Damage(noise.light, noise.color, quality), how)
            added += np.float32(how.denoise) * (both - added)
        return added

    def _looked(self, planes: np.ndarray, damage: Damage, how: How) -> np.ndarray:
        if how.ensemble:
            return in_eight_ways(planes, lambda turned: self._seen(turned, damage))
        return self._seen(planes, damage)

    def _seen(self, planes: np.ndarray, damage: Damage) -> np.ndarray:
        maps = shown(planes, damage.light, damage.color, damage.quality)
        (added,) = self._network(maps[None])
        return unfolded(added[0])


def open(preset: Preset) -> Cleaner:
    """The cleaner of a preset; kept in memory for the next time. Raises as `Cleaner`."""
    return get_or_make(_HELD, preset.key, lambda: Cleaner(preset), _MOST_HELD)
