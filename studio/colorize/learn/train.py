"""Training a network that colorizes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.colorize import bins, lab, odds
from studio.colorize.learn import windows
from studio.colorize.learn.learner import Learner
from studio.colorize.models import OUTPUT_STRIDE
from studio.colorize.settings import VIVIDNESS
from studio.core.progress import Progress
from studio.core.training.batches import evenly_spaced
from studio.core.training.photo_trainer import PhotoTrainer

AT_ONCE = 16  # photos that are tested together
SHOWN = 8  # photos of a preview


class Trainer(PhotoTrainer):
    """A training run on photos in color, `(n, side, side, 3) uint8`."""

    tests = (48, 400)
    loss_names = ("loss_nats",)

    def build(self) -> Learner:
        """A fresh network with its loss, which counts rare colors more."""
        self.prior = prior(self.photos, self.rows)
        return Learner(self.settings, self.prior)

    def cut(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """See `studio.colorize.learn.windows.batch`."""
        return windows.batch(self.photos, rows, self.settings.window, self.settings.hinted, rng)

    def metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """The error, as a multiple of that of gray."""
        return {"error over gray's": scores["error"] / scores["gray_error"]}

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Mean distances of a* and b* from those of photos: "error"; "pale_error", the same at no vividness;
        "gray_error", of no color at all."""
        sums = np.zeros(3)
        for start in range(0, len(rows), AT_ONCE):
            logits, truth = self._answered(rows[start : start + AT_ONCE])
            for n, found in enumerate((self._colors(logits), self._colors(logits, 0.0), 0)):
                sums[n] += np.linalg.norm(found - truth, axis=-1).mean(axis=(1, 2)).sum()
        return dict(zip(("error", "pale_error", "gray_error"), map(float, sums / len(rows)), strict=True))

    def _answered(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits of photos, and their true a* and b*: `(n, side / 4, side / 4, bins)` and `(..., 2)`."""
        seen, truth = windows.whole(self.photos[rows])
        return np.asarray(self.learner.network.predict_on_batch(seen)), truth

    def _colors(self, logits: np.ndarray, vividness: float = VIVIDNESS) -> np.ndarray:
        vivid = odds.vivid(logits, self.prior, self.settings.rebalance, vividness)
        return odds.annealed_mean(vivid)

    def sheet(self) -> np.ndarray:
        """Held-out photos in gray, colored by the network of now, and as they were, below each other.

        `(H, W, 3) uint8`.
        """
        rows = evenly_spaced(self.few_rows, SHOWN)
        photos = self.photos[rows]
        found = self._colors(self._answered(rows)[0])
        light = lab.from_rgb(photos)[..., :1]
        colors = found.repeat(OUTPUT_STRIDE, axis=1).repeat(OUTPUT_STRIDE, axis=2)
        made = [lab.to_levels(lab.to_linear(np.concatenate([light, n * colors], axis=-1))) for n in (0, 1)]
        return np.concatenate([np.concatenate(list(one), axis=1) for one in (*made, photos)])


def prior(photos: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How often each color is seen in photos: `(bins,) float32`, none of them 0, which add up to 1."""
    total = np.zeros(len(bins.centers()))
    for start in range(0, len(rows), AT_ONCE):
        _, colors = windows.whole(photos[rows[start : start + AT_ONCE]])
        total += bins.shares(colors).sum(axis=(0, 1, 2))
    total += 1e-4 * total.mean()
    return np.asarray(total / total.sum(), "float32")
