"""A Keras model whose outputs are the losses of a batch, so one class can train any number of networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras

from studio.core.training import optimizers

# XLA compiles slowly and gains nothing with TensorFlow on a CPU.
JIT_COMPILE = keras.backend.backend() == "jax"


class LossModel(keras.Model):
    """Networks and their losses. `call` of a subclass returns the scalar losses of a batch, by name.

    Args:
        settings: of the training; `start` uses its learning rate, steps and warm-up.
        names: names of the losses and metrics that each step reports.
        name: the model's name. TensorFlow orders operations by it, so another name rounds differently.
    """

    jit: bool | str = JIT_COMPILE  # "auto" lets Keras choose

    def __init__(self, settings: Any, names: Iterable[str], name: str = "learner"):
        super().__init__(name=name, dtype="float32")
        self.settings = settings
        self.means = {name: keras.metrics.Mean(name) for name in names}
        self.built = True

    def compile_with_schedule(self) -> None:
        """Compiles the model with a learning rate that warms up, then decays to 0 along a cosine."""
        self.compile(self.make_optimizer(), jit_compile=self.jit)
        self.optimizer.build(self.trainable_variables)

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam with clipped gradients, because a single batch may have a very large loss."""
        return optimizers.adam(self.make_schedule(self.settings.learning_rate), global_clipnorm=1.0)

    def make_schedule(self, rate: float) -> Any:
        """Returns the learning rate over all steps: linear warm-up to `rate`, then cosine decay to 0."""
        return optimizers.make_schedule(rate, self.settings.steps, self.settings.warmup_steps)

    def sum_losses(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Returns the scalar to minimize, by default the sum of all losses."""
        return sum(losses.values())

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Updates the means and returns the total loss. `y_pred` is the output of `call`."""
        for name, mean in self.means.items():
            mean.update_state(y_pred.get(name, 0.0))
        return self.sum_losses(y_pred, training)

    @property
    def metrics(self) -> list[keras.Metric]:
        """One mean per reported name."""
        return list(self.means.values())
