"""What a network learns from that is trained on pairs: both images, moved and mirrored alike."""

from __future__ import annotations

import numpy as np

from studio.sketch.settings import TrainTranslateSettings


class PairBank:
    """Pairs of images.

    Args:
        first, second: `(n, size, size, 3) uint8`, what is shown and what is to be painted.
        rows: those of them to draw from.
        settings: of the training.
    """

    def __init__(
        self, first: np.ndarray, second: np.ndarray, rows: np.ndarray, settings: TrainTranslateSettings
    ):
        self.first, self.second, self.rows, self.settings = first, second, rows, settings

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, each moved and mirrored in its own way, see `game.Game`."""
        found = self.plain(rows)
        most = round(self.settings.shift * self.settings.size)
        for n in range(len(rows)):
            down, right = rng.integers(-most, most + 1, 2)
            mirrored = self.settings.mirror and rng.random() < 0.5
            for one in found.values():
                one[n] = _moved(one[n], down, right, mirrored)
        return found

    def plain(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Some of them as they are."""
        kept = self.rows[rows]
        both = {"drawing": self.first, "image": self.second}
        return {name: one[kept].astype("float32") / 255 for name, one in both.items()}


def _moved(image: np.ndarray, down: int, right: int, mirrored: bool) -> np.ndarray:
    """An image moved by some px, its rim drawn out, and mirrored if wanted."""
    side = len(image)
    ys, xs = (np.clip(np.arange(side) - by, 0, side - 1) for by in (down, right))
    return image[ys][:, xs[::-1] if mirrored else xs]
