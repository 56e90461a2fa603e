"""What a network of avatars learns from: drawings by hand, and what should be painted of them."""

from __future__ import annotations

import numpy as np

from studio.core.progress import Progress
from studio.outline import drawings, palette
from studio.outline.drawn import doodles
from studio.outline.drawn.lots import Lot, draw_lot
from studio.outline.settings import KINDS, Kind, TrainOutlineSettings

_SHARES = (0.55, 0.27, 0.18)  # of each of KINDS
_FINE = (palette.CHOSEN.index("iris"), palette.CHOSEN.index("frame"))
# How much each pixel counts by its role: what is seen first is small.
_COUNTS = np.array(
    [9 if role in _FINE or role >= len(palette.CHOSEN) else 1 for role in range(palette.ROLES)]
)
HELD_OUT_SEED = 1_000_003  # of avatars that no training sees, beside any seed of a training


class Bank:
    """Avatars and their pictures.

    Attributes:
        lots: the avatars.
        pictures: `(n, size, size, 3) uint8`.
        colours: `(n, ROLES + 1, 3) float32 in [0, 1]`.
        roles: `(n, size, size) uint8`, which of these each pixel has.

    Args:
        seed: of the avatars.
        count: how many.
        settings: of the training.
        progress: told of every avatar.

    Raises:
        Cancelled: if a person asked to stop.
    """

    def __init__(self, seed: int, count: int, settings: TrainOutlineSettings, progress: Progress):
        self.size = settings.size
        self.lots: list[Lot] = []
        self.pictures = np.empty((count, self.size, self.size, 3), "uint8")
        self.roles = np.empty((count, self.size, self.size), "uint8")
        self.colours = np.empty((count, palette.ROLES + 1, 3), "float32")
        for n in range(count):
            progress.report(n, count)
            lot = draw_lot(seed, n, settings.by_night)
            self.lots.append(lot)
            self.pictures[n] = lot.scene.picture(self.size, lot.night)
            self.roles[n] = lot.scene.roles(self.size)
            self.colours[n] = palette.colours_of(lot.scene.look, lot.night)

    def __len__(self) -> int:
        return len(self.lots)

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, each drawn anew by a hand of its own, see `learner.Learner`."""
        kinds = rng.choice(len(KINDS), len(rows), p=_SHARES)
        return self.drawn(rows, [KINDS[n] for n in kinds], rng)

    def drawn(self, rows: np.ndarray, kinds: list[Kind], rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, drawn in these kinds."""
        planes = []
        for row, kind in zip(rows, kinds, strict=True):
            lot = self.lots[row]
            made = doodles.drawing(lot, kind, self.size, np.random.default_rng(rng.integers(2**63)))
            planes.append(drawings.shown(made, kind, lot.night))
        return {
            "drawing": np.stack(planes),
            "picture": self.pictures[rows].astype("float32") / 255,
            "colours": self.colours[rows],
            "roles": self.roles[rows].astype("int32"),
            "counts": _COUNTS[self.roles[rows]][..., None].astype("float32"),
        }
