"""Trains a network to detect damage that is drawn on photos."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from studio.core.imaging import old_photos
from studio.core.imaging.grids import make_grid
from studio.core.progress import Progress
from studio.core.training.photo_trainer import PhotoTrainer
from studio.restore.learn.learner import Learner

PREVIEW_PHOTOS = 8  # photos of a preview


class Trainer(PhotoTrainer):
    """A training run on photos without damage, `(n, side, side, 3) uint8`."""

    most_test_photos = (64, 400)
    loss_names = ("cross-entropy", "Dice loss")

    def build_learner(self) -> Learner:
        """Builds an untrained network with its losses."""
        return Learner(self.settings)

    def cut_windows(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns crops of photos with drawn damage, see `studio.restore.learn.learner.Learner`."""
        return _draw_batch([_crop(self.photos[row], self.settings.window, rng) for row in rows], rng)

    def to_metrics(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Returns precision, recall and F1."""
        return {name: scores[name] for name in ("precision", "recall", "f1")}

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> dict[str, float]:
        """Returns "precision", "recall" and "f1" of all pixels of held-out photos with drawn damage, at a
        probability of one half."""
        metrics = keras.metrics.Precision(), keras.metrics.Recall()
        for n, row in enumerate(rows):
            batch = _draw_batch([self.photos[row]], np.random.default_rng(n))
            probability = self._predict(batch["photo"])
            for metric in metrics:
                metric.update_state(batch["damage"], probability)
        precision, recall = (float(metric.result()) for metric in metrics)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        return {"precision": precision, "recall": recall, "f1": f1}

    def _predict(self, photos: np.ndarray) -> np.ndarray:
        """Returns the probability of damage, `(n, H, W, 1) float32`, in photos in [0, 1]."""
        return np.asarray(ops.sigmoid(self.learner.network.predict_on_batch(photos)))

    def draw_sheet(self) -> np.ndarray:
        """Returns held-out photos with damage, what the network finds, and the truth, in rows."""
        photos = [self.photos[row] for row in self.interim_test_rows[:PREVIEW_PHOTOS]]
        batch = _draw_batch(photos, np.random.default_rng(0))
        probability = self._predict(batch["photo"])
        rows = (batch["photo"], probability.repeat(3, axis=3), batch["damage"].repeat(3, axis=3))
        return make_grid(np.rint(255 * np.concatenate(rows)).astype("uint8"), columns=len(photos), gap=0)


def _draw_batch(photos: list[np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draws damage on photos of one size, `(side, side, 3) uint8`."""
    prints, damage = zip(*(old_photos.draw_example(photo, rng) for photo in photos), strict=True)
    return {
        "photo": np.stack(prints).astype("float32") / 255,
        "damage": np.stack(damage)[..., None].astype("float32"),
    }


def _crop(photo: np.ndarray, window: int, rng: np.random.Generator) -> np.ndarray:
    """Cuts a random square, turned in one of eight ways."""
    down, right = rng.integers(0, len(photo) - window + 1, 2)
    crop = photo[down : down + window, right : right + window]
    crop = np.rot90(crop, int(rng.integers(4)))
    return crop[:, ::-1] if rng.random() < 0.5 else crop
