"""Averages of weights, and a training that keeps those and shows pictures of what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.training import checkpoints, parallel
from studio.core.training.loop import Training, arrays_named
from studio.core.training.stages import Stages

if TYPE_CHECKING:
    import keras


class Average:
    """Weights averaged over the last steps, which draw better than those of any one step.

    Args:
        weights: at the start.
        horizon: about how many steps the average reaches back; at first fewer, so that the random weights of
            the start are soon forgotten.
        every: steps between two looks.

    Reference:
        Polyak and Juditsky 1992; for pictures Yazıcı et al. 2019, arXiv:1806.04498.
    """

    def __init__(self, weights: Sequence[np.ndarray], horizon: int, every: int = 5):
        self.arrays = [np.array(one) for one in weights]
        self.horizon, self.every = horizon, min(every, max(1, horizon))

    def due(self, step: int) -> bool:
        """Whether it wants to see the weights after so many steps."""
        return step % self.every == 0

    def add(self, weights: Sequence[np.ndarray], step: int) -> None:
        """Moves towards the weights after so many steps, unless they are no numbers any more."""
        if not all(np.isfinite(one).all() for one in weights):
            return
        share = self.every / max(self.every, min(self.horizon, step / 2))
        for mean, now in zip(self.arrays, weights, strict=True):
            mean += share * (now - mean)


class AveragedTraining(Training):
    """A training of one Keras model. A subclass calls `follow` once it has built that, and draws a `sheet`.

    Attributes:
        redrawn: steps between which a preview shows the same.
        average: of the weights.
        stages: what it draws as it grows; None for trainings that keep none.
    """

    redrawn = 50
    stages: Stages | None = None

    def follow(
        self, learner: keras.Model, network: keras.Model, averaging: int, *, held: keras.Model | None = None
    ) -> None:
        """Says what is trained, and begins its average.

        Args:
            learner: what takes the steps.
            network: the part of it whose weights are averaged.
            averaging: steps over which they are.
            held: whose variables a checkpoint holds: the network's, unless more than that learns.
        """
        self._learner, self._network = learner, network
        self._held = network if held is None else held
        self.average = Average(network.get_weights(), averaging)
        self._sheet: tuple[int, np.ndarray] | None = None

    def stepped(self, batch: Any) -> Mapping[str, Any]:
        """Takes one step, and looks at the weights if the average is due; gives what the learner tells."""
        found = parallel.step(self._learner, batch, return_dict=True)
        if self.average.due(self.step + 1):
            self.average.add(self._network.get_weights(), self.step + 1)
        return found

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Has the network hold its averaged weights meanwhile."""
        now = self._network.get_weights()
        self._network.set_weights(self.average.arrays)
        try:
            yield
        finally:
            self._network.set_weights(now)

    def keep_stages(self) -> None:
        """Has walls kept as it grows; of several processes none does, for they share their networks."""
        self.stages = Stages(self.steps) if parallel.processes() == 1 else None

    def note_stage(self, measured: Mapping[str, float], pictures: Callable[[], np.ndarray]) -> None:
        """Keeps a wall after the step just taken, if one is due.

        Args:
            measured: in that step.
            pictures: draws `(n, side, side, C) uint8`, always from the same numbers.
        """
        if self.stages is not None and self.stages.due(self.step + 1):
            self.stages.add(self.step + 1, pictures(), measured)

    def sheet(self) -> np.ndarray:
        """What it makes by now, `(H, W, 3) uint8`."""
        raise NotImplementedError

    def preview(self) -> np.ndarray:
        """A sheet that is not older than `redrawn` steps."""
        if self._sheet is None or self.step - self._sheet[0] >= self.redrawn:
            self._sheet = self.step, self.sheet()
        return self._sheet[1]

    def arrays(self) -> dict[str, Sequence[np.ndarray]]:
        """What learns, the optimizer, the average, the walls."""
        return {
            "model": self._held.variables,
            "optimizer": self._learner.optimizer.variables,
            "average": self.average.arrays,
            "wall": self.stages.walls if self.stages else [],
        }

    def notes(self) -> dict[str, object]:
        """What was measured at each wall."""
        return {"stages": self.stages.numbers} if self.stages else {}

    def take(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint."""
        if self.stages is not None:
            numbers = checkpoint.notes.get("stages", {})  # none if several processes trained
            walls = arrays_named("wall", len(numbers.get("steps", ())), checkpoint.arrays)
            self.stages.take(walls, numbers)
        checkpoints.restore("model", self._held.variables, checkpoint.arrays)
        checkpoints.restore("optimizer", self._learner.optimizer.variables, checkpoint.arrays)
        self.average.arrays = arrays_named("average", len(self.average.arrays), checkpoint.arrays)
