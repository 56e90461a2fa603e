"""The losses of networks that enlarge or clean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops

from studio.core.training.loss_model import LossModel
from studio.core.training.precision import as_float32, computing_in
from studio.enhance.network import network
from studio.enhance.settings import SCALES, TrainEnhanceSettings


class Learner(LossModel):
    """A network and its mean absolute errors, which leave less blur than squared ones.

    A subclass says in `call` what they are: by name, in levels of 255.

    Args:
        settings: of the network and how it learns.
        errors: their names.
    """

    def __init__(self, settings: TrainEnhanceSettings, errors: Sequence[str]):
        super().__init__(settings, errors)
        with computing_in(settings.precision):
            self.network = network(settings)

    def total(self, losses: Mapping[str, Any], training: bool) -> Any:
        """The sum of the errors, of images in [0, 1]."""
        return sum(losses.values()) / 255


class EnlargingLearner(Learner):
    """Learns to enlarge.

    A batch is, for each of SCALES, `{"small2": (B, side, side, 1), "lacks2": (B, 2 * side, 2 * side)}`,
    `float32`: lightness in [0, 1], and what its bicubic enlargement lacks. All scales go through the trunk at
    once.
    """

    def __init__(self, settings: TrainEnhanceSettings):
        super().__init__(settings, [f"error x{scale}" for scale in SCALES])

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """The error of each scale."""
        small = [batch[f"small{scale}"] for scale in SCALES]
        maps = as_float32(self.network(ops.concatenate(small), training=training))
        ends = [0]
        for one in small:
            ends.append(ends[-1] + one.shape[0])
        found = {}
        for n, scale in enumerate(SCALES):
            added = ops.depth_to_space(maps[n][ends[n] : ends[n + 1]], scale)[..., 0]
            found[f"error x{scale}"] = 255 * ops.mean(ops.abs(added - batch[f"lacks{scale}"]))
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
