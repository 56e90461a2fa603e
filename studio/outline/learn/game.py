"""What a painter and its judge lose on a batch, as one Keras model that plain `fit` trains.

Reference:
    Isola et al. 2016, arXiv:1611.07004: likeness in L1, and a judge of patches that sees the drawing, too;
    with the hinge loss of Lim and Ye 2017, arXiv:1705.02894.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import adams, frozen_logits
from studio.core.training import rates
from studio.outline.network import judge, painter
from studio.outline.settings import PainterSettings

_SEEN = ("off", "painter", "judge")


class Game(keras.Model):
    """Both networks, and their game. A subclass says what becomes of the layers, and how unlike it is.

    A batch has "drawing", `(B, size, size, planes) float32 in [0, 1]`, and "picture", `(B, size, size, 3)`
    alike, and what else the subclass needs.

    Args:
        settings: of the networks and how they learn.
    """

    def __init__(self, settings: PainterSettings):
        super().__init__(name="learner")
        self.settings = settings
        self.generator, self.judge = painter(settings), judge(settings)
        self.seen = {name: keras.metrics.Mean(name) for name in _SEEN}
        self.built = True

    def start(self) -> None:
        """Compiles it: a rate for each network, that of the painter down to nothing along a cosine."""
        warm = min(200, max(1, self.settings.steps // 10))
        rate = rates.cosine(self.settings.learning_rate, self.settings.steps, warm)
        self.compile(adams(self.generator.trainable_variables, rate, self.settings.judge_rate))
        self.optimizer.build(self.trainable_variables)

    def painted(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """What becomes of the layers: `(B, size, size, 3)` in [0, 1]."""
        raise NotImplementedError

    def unlikeness(self, layers: Any, made: Any, batch: Mapping[str, Any]) -> Any:
        """What the painter loses, beside the judge: a scalar."""
        raise NotImplementedError

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """What each network loses, as scalars; "off" is the mean error in levels of 255."""
        drawing, truth = batch["drawing"], batch["picture"]
        layers = self.generator(drawing, training=training)
        made = self.painted(layers, batch)
        found = {
            "off": 255 * ops.mean(ops.abs(made - truth)),
            "painter": self.unlikeness(layers, made, batch),
            "judge": ops.zeros(()),
        }
        if self.settings.judged:
            small, real, fake = (ops.average_pool(one, 2, 2) for one in (drawing, truth, made))
            true = self.judge(ops.concatenate([real, small], axis=-1), training=training)
            false = self.judge(ops.concatenate([ops.stop_gradient(fake), small], axis=-1), training=training)
            found["judge"] = ops.mean(ops.relu(1 - true)) + ops.mean(ops.relu(1 + false))
            fooled = frozen_logits(self.judge, ops.concatenate([fake, small], axis=-1))
            found["painter"] = found["painter"] - self.settings.judged * ops.mean(fooled)
        return found

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of both losses; each reaches only its own network."""
        for name, metric in self.seen.items():
            metric.update_state(y_pred[name])
        return y_pred["painter"] + y_pred["judge"]

    @property
    def metrics(self) -> list[keras.Metric]:
        """Of the batch."""
        return list(self.seen.values())
