"""A network that separates points in the plane into two classes, and the diagram of its decision boundary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.playground import diagram
from studio.playground.data_sets import Points, compute_features
from studio.playground.settings import ClassificationSettings
from studio.playground.trainer import Snapshot, Trainer
from studio.playground.training_run import AfterRows, TrainingResult, run_training

LOSS = "cross_entropy"
_PREVIEW_SIZE = 360  # px, height of the diagram while training runs


@dataclass(frozen=True)
class ClassificationSnapshot(Snapshot):
    """The state of a network that separates points; its image is a small diagram.

    Attributes:
        accuracy_training, accuracy_held_out: share of training and held-out points on the right side, 0 to 1;
            None without held-out points.
    """

    accuracy_training: float
    accuracy_held_out: float | None

    @property
    def metrics(self) -> dict[str, float]:
        """All values by name; those of layers end in the layer's number, from 1."""
        metrics = super().metrics | {"accuracy_training": self.accuracy_training}
        if self.accuracy_held_out is None:
            return metrics
        return metrics | {"accuracy_held_out": self.accuracy_held_out}


class Classifier(Trainer[ClassificationSnapshot]):
    """A network that separates points.

    Args:
        points: positions `(N, 2) float32` and classes `(N,)`, 0 or 1.
        settings: of the network and its training.
    """

    def __init__(self, points: Points, settings: ClassificationSettings):
        self._positions, self._classes = points
        self._feature_kind = settings.features
        features = compute_features(self._positions, settings.features)
        super().__init__(features, self._classes[:, None].astype("float32"), settings, LOSS)

    def describe(
        self, outputs: np.ndarray, gradients: list[float], values: list[float]
    ) -> ClassificationSnapshot:
        """Returns the snapshot for the probabilities of class 1 of all points, `(N, 1)`."""
        is_right = (outputs[:, 0] > 0.5) == (self._classes == 1)
        accuracy, held_out_accuracy = (
            float(is_right[rows].mean()) if len(rows) else None
            for rows in (self.train_rows, self.held_out_rows)
        )
        loss, held_out_loss = (
            self.compute_loss(outputs, rows) for rows in (self.train_rows, self.held_out_rows)
        )
        assert loss is not None and accuracy is not None  # at least one point is for training
        image = self.render(_PREVIEW_SIZE)
        return ClassificationSnapshot(
            image, loss, held_out_loss, gradients, values, accuracy, held_out_accuracy
        )

    def render(self, height: int) -> np.ndarray:
        """Renders the diagram of the network, `(height, W, 3) uint8`."""
        with np.errstate(over="ignore", invalid="ignore"):
            return diagram.render(
                self.network,
                lambda positions: compute_features(positions, self._feature_kind),
                (self._positions, self._classes),
                self.held_out_rows,
                height,
            )


def train_classifier(
    points: Points, settings: ClassificationSettings, progress: Progress | None = None
) -> TrainingResult[ClassificationSnapshot]:
    """Trains a network to separate points into two classes.

    Args:
        points: positions `(N, 2) float32` in [-1, 1] and classes `(N,)`, 0 or 1.
        settings: of the network, its training and the result.
        progress: receives snapshots, counted in steps, or in frames of a video.

    Raises:
        Cancelled: if the user stopped it before the first step.
    """
    with blas_threads.limit_threads(1):
        classifier = Classifier(points, settings)

        def render(_is_waiting: bool, _after: AfterRows) -> np.ndarray:
            return classifier.render(settings.size)

        return run_training(classifier, settings, progress or Progress(), render)
