"""Training a network of house styles: tests on held-out photos on the way, the averaged weights kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from studio.core.errors import Cancelled
from studio.core.objectives.backbones import Backbone
from studio.core.pictures.grids import grid
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.averaged import AveragedTraining
from studio.core.training.loop import Batches, Curves, to_test
from studio.style.house.film_grain import grained
from studio.style.house.held_out import AT_THE_END, ON_THE_WAY, HeldOut
from studio.style.house.learner import Learner
from studio.style.house.network import widened
from studio.style.house.settings import FARTHEST, TrainStyleSettings


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        learner: holds the network, with its averaged weights.
        curves: how it went.
        steps: batches done.
        tested: what the kept weights lose on photos that no test on the way looked at.
        ended: "" for all of them, else why it ended before: "cancelled" or "nan".
    """

    learner: Learner
    curves: Curves
    steps: int
    tested: HeldOut
    ended: str


class Trainer(AveragedTraining):
    """A training under way.

    Args:
        images: `(n, side, side, 3) uint8` with a side of at least size + FARTHEST.
        learnt, tested: the rows to learn from and to test on: a few on the way, others at the end.
        settings: of the network and what it loses.
        grams: of each style, as in `Learner`.
        taught: the styles to teach, by their place.
        backbone: as in `Learner`.
        run: where checkpoints go.
        start: a network to begin with, that knows the first of these styles.

    Raises:
        StudioError: if that one is of another shape.
    """

    redrawn = 20

    def __init__(
        self,
        images: np.ndarray,
        learnt: np.ndarray,
        tested: np.ndarray,
        settings: TrainStyleSettings,
        grams: Sequence[Mapping[str, np.ndarray]],
        taught: Sequence[int],
        backbone: Backbone,
        run: checkpoints.Run | None = None,
        start: keras.Model | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.images, self.rows, self.settings = images, learnt, settings
        self.on_the_way, self.at_the_end = to_test(tested, ON_THE_WAY, AT_THE_END)
        self.taught = np.asarray(taught, "int32")
        with parallel.on_all_devices():
            self.learner = Learner(settings, grams, backbone)
            if start is not None:
                with start_from.of_its_shape("width and blocks"):
                    self.learner.painter.set_weights(widened(start, self.learner.painter))
            if settings.only_new:
                self.learner.only_styles()
            self.learner.start()
        self.batches = Batches(len(learnt), settings.batch, settings.seed)
        self.begun = self.learner.painter.get_weights()
        self.follow(self.learner, self.learner.painter, settings.averaging)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """What the learner is fed at a step: grained windows of photos, some mirrored, each in a style."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        photos = self._windows(self.rows[self.batches.at(step)], rng)
        mirrored = rng.random(len(photos)) < 0.5
        photos[mirrored] = photos[mirrored, :, ::-1]
        photos = grained(photos, rng)
        # In turns, not at random: with few steps chance would teach one style twice as much as another. Each
        # turn begins one style further, so that none is always at an odd place, without a second view.
        at = step * len(photos) + np.arange(len(photos))
        styles = self.taught[(at + at // len(self.taught)) % len(self.taught)]
        moved = np.tile(rng.integers(0, FARTHEST + 1, 2).astype("int32"), (len(photos), 1))
        return {"photos": photos, "styles": styles, "moved": moved}

    def _windows(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A window of each photo, `(n, size + FARTHEST, size + FARTHEST, 3) uint8`, where chance falls."""
        side = self.settings.size + FARTHEST
        places = rng.integers(0, self.images.shape[1] - side + 1, (len(rows), 2))
        return np.stack(
            [
                self.images[row, down : down + side, right : right + side]
                for row, (down, right) in zip(rows, places, strict=True)
            ]
        )

    def middles(self, rows: np.ndarray) -> np.ndarray:
        """The window in the middle of each photo, with its grain, to test on."""
        side = self.settings.size + FARTHEST
        at = (self.images.shape[1] - side) // 2
        return grained(self.images[rows, at : at + side, at : at + side], np.random.default_rng(0))

    def advance(self) -> Mapping[str, float]:
        """One batch, one step."""
        found = self.stepped(self.batch(self.step))
        return self.means({name: found[name] for name in ("style", "content", "steadiness")})

    def test(self, progress: Progress) -> Mapping[str, float]:
        """What the averaged weights lose on a few photos, each in every style: a look at how it goes."""
        with self.averaged():
            found = self.tested_now(self.on_the_way)
        return {f"validation {name}": found.mean(name) for name in ("style", "content")}

    def tested_now(self, rows: np.ndarray, progress: Progress | None = None) -> HeldOut:
        """What the weights of now lose on photos, each in every style taught.

        A person who stops this gets the figures of the photos so far.
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
        return sheet(self.learner, self.middles(self.on_the_way), self.taught)


def train(trainer: Trainer, progress: Progress | None = None) -> Trained:
    """Trains to the end, or until a person stops it, and takes the averaged weights.

    Where settings keep a share of the network to start from, the two are mixed, weight by weight: what was
    learnt weighs less, and what it was learnt at the expense of comes back (Wortsman et al. 2021,
    arXiv:2109.01903).

    Raises:
        Cancelled: if a person stopped it before the first step.
    """
    progress = progress or Progress()
    ended = trainer.learn(progress)
    share, weights = trainer.settings.kept, trainer.average.arrays
    if share:
        weights = [share * old + (1 - share) * new for old, new in zip(trainer.begun, weights, strict=True)]
    trainer.learner.painter.set_weights(weights)
    if ended == "cancelled":  # who stopped it does not wait for all of them
        tested = trainer.tested_now(trainer.at_the_end[:2])
    else:
        progress.stage("Testing on held-out photos")
        tested = trainer.tested_now(trainer.at_the_end, progress)
    return Trained(trainer.learner, trainer.curves, trainer.step, tested, ended)


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
    shares = np.eye(learner.painter.inputs[1].shape[-1], dtype="float32")[seen]
    painted = learner.painter.predict_on_batch([photos.astype("float32") / 255, shares])
    made = np.rint(np.asarray(painted) * 255).clip(0, 255).astype("uint8")
    return grid(np.concatenate([photos, made]), columns=columns)
