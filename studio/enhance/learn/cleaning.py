"""Training a network that cleans."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.progress import Progress
from studio.enhance.damage import Damage
from studio.enhance.learn import damaging
from studio.enhance.learn.learner import CleaningLearner
from studio.enhance.learn.train import SHOWN, Trainer, gains, sheet
from studio.enhance.planes import FOLD, colors, planes, shown, unfolded
from studio.enhance.psnr import psnr

TESTS = {"noise25": Damage(light=25), "jpeg20": Damage(quality=20)}  # by the ends of the figures' names


class Cleaning(Trainer):
    """Learns to clean: photos are `(n, side, side, 3) uint8`."""

    losses = CleaningLearner
    loss_names = ("error",)

    def cut(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """See `studio.enhance.learn.damaging.batch`."""
        return damaging.batch(self.photos, rows, self.settings.window, rng)

    def metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Gains over the damaged photos."""
        return gains(scores, "damaged")

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Of the lightness of photos that were damaged: "psnr_noise25" and "psnr_jpeg20", and "damaged_" of
        each before it was cleaned."""
        found: dict[str, float] = {}
        for name in TESTS:
            truth, seen, made = self._cleaned(rows, name)
            for kind, images in (("damaged", seen), ("psnr", made)):
                each = [psnr(a[..., 0], b[..., 0], 0) for a, b in zip(truth, images, strict=True)]
                found[f"{kind}_{name}"] = float(np.mean(each))
        return found

    def _cleaned(self, rows: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gray photos, shrunk to be clean, then damaged, then cleaned: `(n, side, side, 3)` each, levels."""
        damage, side = TESTS[name], self.photos.shape[1] // (2 * FOLD) * FOLD
        truth = np.stack([damaging.shrunk(self.photos[row], side, gray=True) for row in rows])
        if damage.light:
            noise = np.random.default_rng(0).standard_normal(truth.shape[:3])[..., None]
            seen = (truth + damage.light * noise).astype("float32")
        else:
            seen = np.stack([damaging.compressed(one, damage.quality, True, False) for one in truth])
        seen_planes, told = planes(seen / 255), (damage.light, damage.color, damage.quality)
        batch = np.stack([shown(one, *told) for one in seen_planes])
        added = np.asarray(self.learner.network.predict_on_batch(batch), "float32")
        return truth, seen, 255 * colors(seen_planes + unfolded(added))

    def sheet(self) -> np.ndarray:
        """Held-out photos: noisy, cleaned by the network of now, and the truth below each other."""
        truth, seen, made = self._cleaned(self.few_rows[:SHOWN], "noise25")
        return sheet([seen, made, truth])
