"""Training a network of house styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging.grids import grid
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.core.training.photo_trainer import PhotoTrainer
from studio.style.house.film_grain import grained
from studio.style.house.held_out import AT_THE_END, ON_THE_WAY, HeldOut
from studio.style.house.learner import Learner
from studio.style.house.network import widened
from studio.style.house.settings import FARTHEST, TrainStyleSettings


class Trainer(PhotoTrainer):
    """A training run.

    Args:
        images: `(n, side, side, 3) uint8` with a side of at least size + FARTHEST.
        train_rows, test_rows: the rows to learn from and to test on.
        settings: of the network and its losses.
        grams: of each style, as in `Learner`.
        taught: the styles to train, by their place.
        backbone: as in `Learner`.
        run: where checkpoints go.
        start: a network to start from, that knows the first of these styles.

    Raises:
        StudioError: if that one is of another shape.
    """

    redraw_every = 20
    tests = (ON_THE_WAY, AT_THE_END)
    loss_names = ("style", "content", "steadiness")
    shape = "width and blocks"

    def __init__(
        self,
        images: np.ndarray,
        train_rows: np.ndarray,
        test_rows: np.ndarray,
        settings: TrainStyleSettings,
        grams: Sequence[Mapping[str, np.ndarray]],
        taught: Sequence[int],
        backbone: Backbone,
        run: checkpoints.Run | None = None,
        start: keras.Model | None = None,
    ):
        self.grams, self.backbone = grams, backbone
        self.taught = np.asarray(taught, "int32")
        super().__init__(images, train_rows, test_rows, settings, run, start)
        self.start = self.network.get_weights()

    def build(self) -> Learner:
        """A fresh network with its losses."""
        learner = Learner(self.settings, self.grams, self.backbone)
        if self.settings.only_new:
            learner.only_styles()
        return learner

    def start_weights(self, start: keras.Model) -> list[np.ndarray]:
        """Those of a network that knows fewer styles, with room for all."""
        return widened(start, self.learner.network)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """Windows of photos with film grain, some mirrored, and the style of each."""
        batch = super().batch(step)
        # In turn, not at random: with few steps chance would train one style twice as much as another. Each
        # turn begins one style later, so that none is always at an odd place, without a second view.
        at = step * len(batch["photos"]) + np.arange(len(batch["photos"]))
        batch["styles"] = self.taught[(at + at // len(self.taught)) % len(self.taught)]
        return batch

    def cut(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Windows of photos at random places, and by how much their second view is moved."""
        photos = self._windows(rows, rng)
        mirrored = rng.random(len(photos)) < 0.5
        photos[mirrored] = photos[mirrored, :, ::-1]
        photos = grained(photos, rng)
        moved = np.tile(rng.integers(0, FARTHEST + 1, 2).astype("int32"), (len(photos), 1))
        return {"photos": photos, "moved": moved}

    def _windows(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A window of each photo, `(n, size + FARTHEST, size + FARTHEST, 3) uint8`, where chance falls."""
        side = self.settings.size + FARTHEST
        places = rng.integers(0, self.photos.shape[1] - side + 1, (len(rows), 2))
        return np.stack(
            [
                self.photos[row, down : down + side, right : right + side]
                for row, (down, right) in zip(rows, places, strict=True)
            ]
        )

    def middles(self, rows: np.ndarray) -> np.ndarray:
        """The window in the middle of each photo, with its grain, to test on."""
        side = self.settings.size + FARTHEST
        at = (self.photos.shape[1] - side) // 2
        return grained(self.photos[rows, at : at + side, at : at + side], np.random.default_rng(0))

    def metrics(self, scores: HeldOut) -> Mapping[str, float]:
        """Style and content losses."""
        return {f"validation {name}": scores.mean(name) for name in ("style", "content")}

    def measure(self, rows: np.ndarray, progress: Progress | None = None) -> HeldOut:
        """Losses of the current weights on photos, each in every style trained.

        When stopped, those of the photos so far.
        """
        progress = progress or Progress()
        photos: list[dict[str, float]] = []
        for photo in self.middles(rows):
            try:
                progress.report(len(photos), len(rows))
            except Cancelled:
                if photos:
                    break
            found = [self.learner.photo_losses(photo, int(style)) for style in self.taught]
            photos.append({name: float(np.mean([one[name] for one in found])) for name in found[0]})
        return HeldOut(tuple(photos))

    def sheet(self) -> np.ndarray:
        """Held-out photos, below each what the network of now makes of it, `(H, W, 3) uint8`."""
        return sheet(self.learner, self.middles(self.few_rows), self.taught)

    def final_weights(self) -> list[np.ndarray]:
        """The EMA weights, mixed with a share of those that training started from, if settings ask for it:
        what was learned counts less, and what it was learned at the expense of comes back (Wortsman et al.
        2021, arXiv:2109.01903)."""
        share = self.settings.kept
        return [share * old + (1 - share) * new for old, new in zip(self.start, self.ema.arrays, strict=True)]

    def finish(self, progress: Progress) -> None:
        """Takes the weights to keep, and measures them; when stopped, on two photos, which is quick."""
        if self.ended == "cancelled":
            self.end_rows, progress = self.end_rows[:2], Progress()
        super().finish(progress)


def sheet(
    learner: Learner, photos: np.ndarray, styles: Sequence[int] | np.ndarray, most: int = 8
) -> np.ndarray:
    """A preview, `(H, W, 3) uint8`: photos, below each the painting of it in one of the styles.

    Args:
        photos: `(k, side, side, 3) uint8`, taken in turns, as the styles are where there are fewer.
        styles: by their place; the first `most`.
    """
    columns = min(most, max(len(styles), len(photos)))
    seen = np.resize(np.asarray(styles), columns)
    side = learner.settings.size
    photos = photos[np.resize(np.arange(len(photos)), columns)][:, :side, :side]
    shares = np.eye(learner.network.inputs[1].shape[-1], dtype="float32")[seen]
    painted = learner.network.predict_on_batch([photos.astype("float32") / 255, shares])
    made = np.rint(np.asarray(painted) * 255).clip(0, 255).astype("uint8")
    return grid(np.concatenate([photos, made]), columns=columns)
