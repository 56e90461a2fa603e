"""Trains a network for denoising."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.progress import Progress
from studio.enhance.damage import Damage
from studio.enhance.learn import random_damage
from studio.enhance.learn.learner import CleaningLearner
from studio.enhance.learn.train import PREVIEW_PHOTOS, Trainer, compute_gains, tile_rows
from studio.enhance.planes import FOLD, make_network_input, to_colors, to_planes, unfold
from studio.enhance.psnr import psnr

TESTS = {"noise25": Damage(light=25), "jpeg20": Damage(quality=20)}  # by suffix of the figures' names


class CleaningTrainer(Trainer):
    """Trains a denoiser; photos are `(n, side, side, 3) uint8`."""

    learner_class = CleaningLearner
    loss_names = ("error",)

    def cut_windows(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns training crops, see `studio.enhance.learn.random_damage.make_batch`."""
        return random_damage.make_batch(self.photos, rows, self.settings.window, rng)

    def to_metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Returns the gains over the damaged photos."""
        return compute_gains(scores, "damaged")

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Returns the PSNR of the lightness of damaged photos after cleaning: "psnr_noise25" and
        "psnr_jpeg20"; with "damaged_" the PSNR before cleaning."""
        figures: dict[str, float] = {}
        for name in TESTS:
            truth, damaged, restored = self._clean_photos(rows, name)
            for kind, images in (("damaged", damaged), ("psnr", restored)):
                values = [psnr(a[..., 0], b[..., 0], 0) for a, b in zip(truth, images, strict=True)]
                figures[f"{kind}_{name}"] = float(np.mean(values))
        return figures

    def _clean_photos(self, rows: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns downscaled gray photos, damaged ones and cleaned ones, `(n, side, side, 3)`, 0 to 255."""
        damage, side = TESTS[name], self.photos.shape[1] // (2 * FOLD) * FOLD
        truth = np.stack([random_damage.shrink(self.photos[row], side, gray=True) for row in rows])
        if damage.light:
            noise = np.random.default_rng(0).standard_normal(truth.shape[:3])[..., None]
            damaged = (truth + damage.light * noise).astype("float32")
        else:
            damaged = np.stack(
                [random_damage.compress(image, damage.quality, True, False) for image in truth]
            )
        damaged_planes, conditions = to_planes(damaged / 255), (damage.light, damage.color, damage.quality)
        batch = np.stack([make_network_input(image, *conditions) for image in damaged_planes])
        residual = np.asarray(self.learner.network.predict_on_batch(batch), "float32")
        return truth, damaged, 255 * to_colors(damaged_planes + unfold(residual))

    def draw_sheet(self) -> np.ndarray:
        """Returns held-out photos: noisy, cleaned by the current network, and the truth, in rows."""
        truth, damaged, restored = self._clean_photos(self.interim_test_rows[:PREVIEW_PHOTOS], "noise25")
        return tile_rows([damaged, restored, truth])
