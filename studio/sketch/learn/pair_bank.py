"""Training data of pairs, with the same random shift and flip for both images."""

from __future__ import annotations

import numpy as np

from studio.sketch.settings import TrainTranslateSettings


class PairBank:
    """Pairs of images.

    Args:
        first, second: `(n, size, size, 3) uint8`, the inputs and the targets.
        rows: those of them to use.
        settings: of the training run.
    """

    def __init__(
        self, first: np.ndarray, second: np.ndarray, rows: np.ndarray, settings: TrainTranslateSettings
    ):
        self.first, self.second, self.rows, self.settings = first, second, rows, settings

    def __len__(self) -> int:
        return len(self.rows)

    def make_batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns pairs with random shifts and flips, see `adversarial_learner.AdversarialLearner`."""
        batch = self.make_plain_batch(rows)
        max_shift = round(self.settings.shift * self.settings.size)
        for n in range(len(rows)):
            down, right = rng.integers(-max_shift, max_shift + 1, 2)
            is_mirrored = self.settings.mirror and rng.random() < 0.5
            for images in batch.values():
                images[n] = _shift(images[n], down, right, is_mirrored)
        return batch

    def make_plain_batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Returns pairs unchanged."""
        selected = self.rows[rows]
        both = {"drawing": self.first, "image": self.second}
        return {name: images[selected].astype("float32") / 255 for name, images in both.items()}


def _shift(image: np.ndarray, down: int, right: int, is_mirrored: bool) -> np.ndarray:
    """Shifts an image, repeating its border, and mirrors it if `is_mirrored`."""
    side = len(image)
    ys, xs = (np.clip(np.arange(side) - by, 0, side - 1) for by in (down, right))
    return image[ys][:, xs[::-1] if is_mirrored else xs]
