"""What a network loses on a batch, as one Keras model that plain `fit` trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from studio.core.training import optimizers, rates
from studio.core.training.precision import as_float32, computing_in
from studio.enhance.network import network, side_by_side
from studio.enhance.settings import SCALES, TrainEnhanceSettings

COMPILED = keras.backend.backend() == "jax"  # by XLA, whose convolutions are slow with TensorFlow on a CPU


class Learner(keras.Model):
    """A network and its mean absolute errors, which leave less blur than squared ones.

    A subclass says in `call` what they are: by name, in levels of 255.

    Args:
        settings: of the network and how it learns.
        errors: their names.
    """

    def __init__(self, settings: TrainEnhanceSettings, errors: Sequence[str]):
        super().__init__(name="learner")
        self.settings = settings
        with computing_in(settings.precision):
            self.network = network(settings)
        self.seen = {name: keras.metrics.Mean(name) for name in errors}
        self.built = True

    def start(self) -> None:
        """Compiles it: Adam, its rate down to nothing along a cosine after a short warm-up."""
        warm = min(100, max(1, self.settings.steps // 10))
        rate = rates.cosine(self.settings.learning_rate, self.settings.steps, warm)
        self.compile(optimizers.adam(rate, global_clipnorm=1.0), jit_compile=COMPILED)
        self.optimizer.build(self.trainable_variables)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of the errors."""
        for name, metric in self.seen.items():
            metric.update_state(y_pred[name])
        return sum(y_pred.values()) / 255

    @property
    def metrics(self) -> list[keras.Metric]:
        """Of the batch."""
        return list(self.seen.values())


class EnlargingLearner(Learner):
    """Learns to enlarge.

    A batch is, for each of SCALES, `{"small2": (B, side, side, 1), "lacks2": (B, 2 * side, 2 * side)}`,
    `float32`: lightness in [0, 1], and what its bicubic enlargement lacks. All scales go through the trunk at
    once.
    """

    def __init__(self, settings: TrainEnhanceSettings):
        super().__init__(settings, [f"x{scale}" for scale in SCALES])

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """The error of each scale."""
        small = [batch[f"small{scale}"] for scale in SCALES]
        maps = as_float32(self.network(ops.concatenate(small), training=training))
        ends = [0]
        for one in small:
            ends.append(ends[-1] + one.shape[0])
        found = {}
        for n, scale in enumerate(SCALES):
            added = side_by_side(maps[n][ends[n] : ends[n + 1]], scale)
            found[f"x{scale}"] = 255 * ops.mean(ops.abs(added - batch[f"lacks{scale}"]))
        return found


class CleaningLearner(Learner):
    """Learns to clean. A batch is `{"shown": (B, h, w, 15), "lacks": (B, h, w, 12)}`, `float32`: damaged
    planes as `studio.enhance.planes.shown` folds them, and the true ones less these, folded."""

    def __init__(self, settings: TrainEnhanceSettings):
        super().__init__(settings, ["error"])

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """The error of all planes together."""
        added = as_float32(self.network(batch["shown"], training=training))
        return {"error": 255 * ops.mean(ops.abs(added - batch["lacks"]))}
