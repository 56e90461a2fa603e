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
from studio.outline import palette
from studio.outline.network import judge, painter
from studio.outline.settings import TrainOutlineSettings

_ROLES_COUNT = 6.0  # a nat of doubt about which colour a pixel has is as bad as so many hundredths of it
_SEEN = ("off", "painter", "judge")


class Learner(keras.Model):
    """Both networks, and their game.

    A batch is `{"drawing": (B, size, size, PLANES) float32 in [0, 1], "picture": (B, size, size, 3) float32
    in [0, 1], "colours": (B, ROLES + 1, 3)}` of `palette`, with "roles", `(B, size, size) int32`, which of
    them each pixel has, and "counts", `(B, size, size, 1)`, how much it counts.

    Args:
        settings: of the networks and how they learn.
    """

    def __init__(self, settings: TrainOutlineSettings):
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

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """What each network loses, as scalars; "off" is the mean error in levels of 255."""
        drawing, truth = batch["drawing"], batch["picture"]
        layers = self.generator(drawing, training=training)
        made = painted(layers, batch["colours"])
        away = ops.abs(made - truth)
        counts = batch["counts"]
        unlike = ops.mean(away * counts) / ops.mean(counts)
        missed = keras.losses.sparse_categorical_crossentropy(batch["roles"], layers[..., :-1], True)
        missed = ops.mean(missed * counts[..., 0]) / ops.mean(counts)
        found = {
            "off": 255 * ops.mean(away),
            "painter": self.settings.likeness * unlike + _ROLES_COUNT * missed,
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


def painted(layers: Any, colours: Any) -> Any:
    """What becomes of the layers: `(B, H, W, 3)` in [0, 1]. As `palette.painted`, in Keras.

    Args:
        colours: `(B, ROLES + 1, 3)`.
    """
    masks = ops.softmax(layers[..., :-1])
    depth = palette.DEEPEST * ops.sigmoid(layers[..., -1:])
    _, side, _, roles = masks.shape
    flat = ops.matmul(ops.reshape(masks[..., 1:], (-1, side * side, roles - 1)), colours[:, 1:roles])
    ground, light = colours[:, None, :1], colours[:, None, roles:]
    sky = ground + palette.moon(side) * (light - ground)
    return ops.reshape(flat, (-1, side, side, 3)) * (1 - depth * palette.LOST) + masks[..., :1] * sky
