"""Trains a network for upscaling."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from keras import ops

from studio.core.progress import Progress
from studio.enhance import bicubic
from studio.enhance.learn import windows
from studio.enhance.learn.learner import EnlargingLearner
from studio.enhance.learn.train import PREVIEW_PHOTOS, Trainer, compute_gains, tile_rows
from studio.enhance.psnr import psnr
from studio.enhance.settings import SCALES


class EnlargingTrainer(Trainer):
    """Trains upscaling on lightness; photos are `(n, side, side, 1) uint8`."""

    channels = 1
    learner_class = EnlargingLearner
    loss_names = tuple(f"error x{scale}" for scale in SCALES)
    windows_per_photo = len(SCALES)

    def cut_windows(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns training crops, see `studio.enhance.learn.windows.make_batch`."""
        return windows.make_batch(self.photos, rows, self.settings.window, rng)

    def to_metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Returns the gains over bicubic upscaling."""
        return compute_gains(scores, "bicubic")

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Returns the PSNR of downscaled and upscaled photos: "psnr_x2" etc., "bicubic_x2" of bicubic."""
        figures: dict[str, float] = {}
        for n, scale in enumerate(SCALES):
            truth, plain, result = self._upscale_photos(rows, n)
            for name, images in (("bicubic", plain), ("psnr", result)):
                values = [psnr(a, b, scale) for a, b in zip(truth, images, strict=True)]
                figures[f"{name}_x{scale}"] = float(np.mean(values))
        return figures

    def _upscale_photos(self, rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns photos, upscaled ones by bicubic and by the network, `(n, side, side)` each."""
        scale = SCALES[n]
        side = self.photos.shape[1] // scale * scale
        truth = self.photos[rows, :side, :side, 0].astype("float32")
        small = np.clip(np.rint(bicubic.shrink(truth, scale)), 0, 255)
        plain = bicubic.enlarge(small, scale)
        maps = self.learner.network.predict_on_batch(small[..., None] / 255)[n]
        return truth, plain, plain + 255 * np.asarray(ops.depth_to_space(maps, scale)[..., 0], "float32")

    def draw_sheet(self) -> np.ndarray:
        """Returns held-out photos at the largest scale, `(H, W, 3) uint8`: bicubic, the current network and
        the truth, in rows.
        """
        truth, plain, result = self._upscale_photos(self.interim_test_rows[:PREVIEW_PHOTOS], len(SCALES) - 1)
        return tile_rows([plain, result, truth])
