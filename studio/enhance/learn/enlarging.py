"""Training a network that enlarges."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from keras import ops

from studio.core.progress import Progress
from studio.enhance import bicubic
from studio.enhance.learn import windows
from studio.enhance.learn.learner import EnlargingLearner
from studio.enhance.learn.train import SHOWN, Trainer, gains, sheet
from studio.enhance.psnr import psnr
from studio.enhance.settings import SCALES


class Enlarging(Trainer):
    """Learns to enlarge, from lightness: photos are `(n, side, side, 1) uint8`."""

    channels = 1
    losses = EnlargingLearner
    loss_names = tuple(f"error x{scale}" for scale in SCALES)
    windows = len(SCALES)

    def cut(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """See `studio.enhance.learn.windows.batch`."""
        return windows.batch(self.photos, rows, self.settings.window, rng)

    def metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Gains over bicubic enlarging."""
        return gains(scores, "bicubic")

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Of photos shrunk and enlarged again: "psnr_x2" and so on, "bicubic_x2" of the plain enlargement."""
        found: dict[str, float] = {}
        for n, scale in enumerate(SCALES):
            truth, plain, made = self._enlarged(rows, n)
            for name, images in (("bicubic", plain), ("psnr", made)):
                each = [psnr(a, b, scale) for a, b in zip(truth, images, strict=True)]
                found[f"{name}_x{scale}"] = float(np.mean(each))
        return found

    def _enlarged(self, rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Photos, and those shrunk and enlarged again, plainly and by the network: `(n, side, side)` each."""
        scale = SCALES[n]
        side = self.photos.shape[1] // scale * scale
        truth = self.photos[rows, :side, :side, 0].astype("float32")
        small = np.clip(np.rint(bicubic.shrunken(truth, scale)), 0, 255)
        plain = bicubic.enlarged(small, scale)
        maps = self.learner.network.predict_on_batch(small[..., None] / 255)[n]
        return truth, plain, plain + 255 * np.asarray(ops.depth_to_space(maps, scale)[..., 0], "float32")

    def sheet(self) -> np.ndarray:
        """Held-out photos enlarged: plainly, by the network of now, and the truth below each other.

        `(H, W, 3) uint8`, of the largest scale, where there is most to see.
        """
        truth, plain, made = self._enlarged(self.few_rows[:SHOWN], len(SCALES) - 1)
        return sheet([plain, made, truth])
