"""Trains a network of house styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging.grids import make_grid
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.core.training.photo_trainer import PhotoTrainer
from studio.style.house.film_grain import add_training_grain
from studio.style.house.held_out_losses import FINAL_PHOTOS, INTERIM_PHOTOS, HeldOutLosses
from studio.style.house.learner import Learner
from studio.style.house.network import widen_weights
from studio.style.house.settings import MAX_SHIFT, TrainStyleSettings


class Trainer(PhotoTrainer):
    """A training run.

    Args:
        images: `(n, side, side, 3) uint8` with a side of at least size + MAX_SHIFT.
        train_rows, test_rows: rows of `images` to train and to test on.
        settings: of the network and its losses.
        grams: one per style, as in `Learner`.
        style_indices: styles to train.
        backbone: as in `Learner`.
        run: stores checkpoints.
        start: network to start from, with the first of these styles.

    Raises:
        StudioError: if `start` has another shape.
    """

    preview_every = 20
    most_test_photos = (INTERIM_PHOTOS, FINAL_PHOTOS)
    loss_names = ("style", "content", "steadiness")
    shape_settings = "width and blocks"

    def __init__(
        self,
        images: np.ndarray,
        train_rows: np.ndarray,
        test_rows: np.ndarray,
        settings: TrainStyleSettings,
        grams: Sequence[Mapping[str, np.ndarray]],
        style_indices: Sequence[int],
        backbone: Backbone,
        run: checkpoints.Run | None = None,
        start: keras.Model | None = None,
    ):
        self.grams, self.backbone = grams, backbone
        self.trained_styles = np.asarray(style_indices, "int32")
        super().__init__(images, train_rows, test_rows, settings, run, start)
        self.initial_weights = self.network.get_weights()

    def build_learner(self) -> Learner:
        """Builds an untrained network with its losses."""
        learner = Learner(self.settings, self.grams, self.backbone)
        if self.settings.only_new:
            learner.freeze_shared_weights()
        return learner

    def select_start_weights(self, start: keras.Model) -> list[np.ndarray]:
        """Returns the weights of the network to start from, widened for all styles."""
        return widen_weights(start, self.learner.network)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """Returns crops of photos with film grain, some mirrored, and the style of each."""
        batch = super().make_batch(step)
        # Cycle instead of sampling: over few steps, random styles would be trained unevenly. Shift each cycle
        # by one, so that no style always falls on odd positions, which have no second view.
        positions = step * len(batch["photos"]) + np.arange(len(batch["photos"]))
        count = len(self.trained_styles)
        batch["styles"] = self.trained_styles[(positions + positions // count) % count]
        return batch

    def cut_windows(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns random crops of photos, and the shift of their second view."""
        photos = self._crop_windows(rows, rng)
        is_mirrored = rng.random(len(photos)) < 0.5
        photos[is_mirrored] = photos[is_mirrored, :, ::-1]
        photos = add_training_grain(photos, rng)
        shift = np.tile(rng.integers(0, MAX_SHIFT + 1, 2).astype("int32"), (len(photos), 1))
        return {"photos": photos, "shift": shift}

    def _crop_windows(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns a random crop of each photo, `(n, size + MAX_SHIFT, size + MAX_SHIFT, 3) uint8`."""
        side = self.settings.size + MAX_SHIFT
        corners = rng.integers(0, self.photos.shape[1] - side + 1, (len(rows), 2))
        return np.stack(
            [
                self.photos[row, down : down + side, right : right + side]
                for row, (down, right) in zip(rows, corners, strict=True)
            ]
        )

    def crop_centers(self, rows: np.ndarray) -> np.ndarray:
        """Returns the center crop of each photo, with the same film grain in every test."""
        side = self.settings.size + MAX_SHIFT
        start = (self.photos.shape[1] - side) // 2
        photos = self.photos[rows, start : start + side, start : start + side]
        return add_training_grain(photos, np.random.default_rng(0))

    def to_metrics(self, scores: HeldOutLosses) -> Mapping[str, float]:
        """Returns the style and content losses."""
        return {f"validation {name}": scores.mean(name) for name in ("style", "content")}

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> HeldOutLosses:
        """Measures losses of the current weights on photos, each in every trained style.

        If stopped, returns the losses of the photos so far.
        """
        progress = progress or Progress()
        losses_by_photo: list[dict[str, float]] = []
        for photo in self.crop_centers(rows):
            try:
                progress.report(len(losses_by_photo), len(rows))
            except Cancelled:
                if losses_by_photo:
                    break
            style_losses = [self.learner.measure_photo(photo, int(style)) for style in self.trained_styles]
            losses_by_photo.append(
                {name: float(np.mean([losses[name] for losses in style_losses])) for name in style_losses[0]}
            )
        return HeldOutLosses(tuple(losses_by_photo))

    def draw_sheet(self) -> np.ndarray:
        """Returns held-out photos, each above its current result, `(H, W, 3) uint8`."""
        return draw_results(self.learner, self.crop_centers(self.interim_test_rows), self.trained_styles)

    def select_final_weights(self) -> list[np.ndarray]:
        """Returns the EMA weights, interpolated with the starting weights by the share `kept` (Wortsman et
        al. 2021, arXiv:2109.01903), which recovers part of what training forgot."""
        share, pairs = self.settings.kept, zip(self.initial_weights, self.ema.arrays, strict=True)
        return [share * old + (1 - share) * new for old, new in pairs]

    def finish(self, progress: Progress) -> None:
        """Selects the final weights and tests them, on only two photos if the user stopped training."""
        if self.stop_reason == "cancelled":
            self.final_test_rows, progress = self.final_test_rows[:2], Progress()
        super().finish(progress)


def draw_results(
    learner: Learner, photos: np.ndarray, styles: Sequence[int] | np.ndarray, max_columns: int = 8
) -> np.ndarray:
    """Draws a preview, `(H, W, 3) uint8`: photos, each above its result in one of the styles.

    Args:
        photos: `(k, side, side, 3) uint8`, repeated if there are more styles.
        styles: indices of the styles, repeated if there are more photos.
        max_columns: largest number of columns.
    """
    columns = min(max_columns, max(len(styles), len(photos)))
    style_indices = np.resize(np.asarray(styles), columns)
    side = learner.settings.size
    photos = photos[np.resize(np.arange(len(photos)), columns)][:, :side, :side]
    shares = np.eye(learner.network.inputs[1].shape[-1], dtype="float32")[style_indices]
    results = learner.network.predict_on_batch([photos.astype("float32") / 255, shares])
    levels = np.rint(np.asarray(results) * 255).clip(0, 255).astype("uint8")
    return make_grid(np.concatenate([photos, levels]), columns=columns)
