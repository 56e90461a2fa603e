"""Training a network that enlarges: tests on held-out photos on the way, the averaged weights kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel, start_from
from studio.core.training.averaged import AveragedTraining
from studio.core.training.loop import Batches, Curves, to_test
from studio.enhance import bicubic
from studio.enhance.learn import windows
from studio.enhance.learn.learner import Learner
from studio.enhance.network import side_by_side
from studio.enhance.psnr import psnr
from studio.enhance.settings import SCALES, TrainEnhanceSettings

ON_THE_WAY = 8  # photos: enough to see how a training goes
AT_THE_END = 40  # others
SHOWN = 4  # photos of a preview


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: with its averaged weights.
        curves: how it went.
        steps: batches done.
        tested: by name, mean PSNR in dB over photos that no test on the way looked at: "psnr_x2" and so on,
            and "bicubic_x2" of the plain enlargement.
        ended: "" for all of them, else why it ended before: "cancelled" or "nan".
    """

    network: keras.Model
    curves: Curves
    steps: int
    tested: Mapping[str, float]
    ended: str


class Trainer(AveragedTraining):
    """A training under way.

    Args:
        photos: `(n, side, side) uint8`, lightness.
        learnt, tested: the rows to learn from and to test on: a few on the way, others at the end.
        settings: of the network and how it learns.
        run: where checkpoints go.
        start: the weights to begin with.

    Raises:
        StudioError: if those are of another shape.
    """

    def __init__(
        self,
        photos: np.ndarray,
        learnt: np.ndarray,
        tested: np.ndarray,
        settings: TrainEnhanceSettings,
        run: checkpoints.Run | None = None,
        start: Sequence[np.ndarray] | None = None,
    ):
        super().__init__(settings.steps, settings.test_every, run)
        self.photos, self.rows, self.settings = photos, learnt, settings
        self.on_the_way, self.at_the_end = to_test(tested, ON_THE_WAY, AT_THE_END)
        with parallel.on_all_devices():
            self.learner = Learner(settings)
            if start is not None:
                with start_from.of_its_shape("width and blocks"):
                    self.learner.network.set_weights(list(start))
            self.learner.start()
        self.batches = Batches(len(learnt), len(SCALES) * settings.batch, settings.seed)
        self.follow(self.learner, self.learner.network, settings.averaging)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """What the learner is fed at a step."""
        rng = np.random.default_rng([self.settings.seed, 1, step])
        rows = rng.permutation(self.rows[self.batches.at(step)])
        each = np.resize(rows, len(SCALES) * self.settings.batch)  # a small set has fewer photos than windows
        return windows.batch(self.photos, each, self.settings.window, rng)

    def advance(self) -> Mapping[str, float]:
        """One batch, one step."""
        found = self.stepped(self.batch(self.step))
        return self.means({f"error x{scale}": found[f"x{scale}"] for scale in SCALES})

    def test(self, progress: Progress) -> Mapping[str, float]:
        """What the averaged weights win over bicubic enlarging on a few photos: a look at how it goes."""
        with self.averaged():
            found = self.tested_now(self.on_the_way)
        return {f"gain x{scale}": found[f"psnr_x{scale}"] - found[f"bicubic_x{scale}"] for scale in SCALES}

    def tested_now(self, rows: np.ndarray) -> dict[str, float]:
        """Mean PSNR of photos enlarged by the weights of now, and by bicubic enlarging; see `Trained`."""
        found: dict[str, float] = {}
        for n, scale in enumerate(SCALES):
            truth, plain, made = self._enlarged(rows, n)
            for name, pictures in (("bicubic", plain), ("psnr", made)):
                each = [psnr(a, b, scale) for a, b in zip(truth, pictures, strict=True)]
                found[f"{name}_x{scale}"] = float(np.mean(each))
        return found

    def _enlarged(self, rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Photos, and those shrunk and enlarged again, plainly and by the network: `(n, side, side)` each."""
        scale = SCALES[n]
        side = self.photos.shape[1] // scale * scale
        truth = self.photos[rows, :side, :side].astype("float32")
        small = np.clip(np.rint(bicubic.shrunken(truth, scale)), 0, 255)
        plain = bicubic.enlarged(small, scale)
        maps = self.learner.network.predict_on_batch(small[..., None] / 255)[n]
        return truth, plain, plain + 255 * np.asarray(side_by_side(maps, scale))

    def sheet(self) -> np.ndarray:
        """Held-out photos enlarged: plainly, by the network of now, and the truth below each other.

        `(H, W, 3) uint8`, of the largest scale, where there is most to see.
        """
        truth, plain, made = self._enlarged(self.on_the_way[:SHOWN], len(SCALES) - 1)
        rows = [np.concatenate(list(pictures), axis=1) for pictures in (plain, made, truth)]
        sheet = np.rint(np.concatenate(rows)).clip(0, 255).astype("uint8")
        return np.repeat(sheet[..., None], 3, axis=2)


def train(trainer: Trainer, progress: Progress | None = None) -> Trained:
    """Trains to the end, or until a person stops it, and takes the averaged weights.

    Raises:
        Cancelled: if a person stopped it before the first step.
    """
    progress = progress or Progress()
    ended = trainer.learn(progress)
    trainer.learner.network.set_weights(trainer.average.arrays)
    if ended != "cancelled":
        progress.stage("Testing on held-out photos")
    tested = trainer.tested_now(trainer.at_the_end)
    return Trained(trainer.learner.network, trainer.curves, trainer.step, tested, ended)
