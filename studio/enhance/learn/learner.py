"""The training losses of networks for upscaling and denoising."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from keras import ops

from studio.core.training.loss_model import LossModel
from studio.core.training.precision import cast_to_float32, use_precision
from studio.enhance.network import build_network
from studio.enhance.settings import SCALES, TrainEnhanceSettings


class Learner(LossModel):
    """A network and its mean absolute errors, which blur less than squared errors.

    Subclasses compute them in `call`, by name, in levels of 255.

    Args:
        settings: of the network and its training.
        errors: names of the errors.
    """

    def __init__(self, settings: TrainEnhanceSettings, errors: Sequence[str]):
        super().__init__(settings, errors)
        with use_precision(settings.precision):
            self.network = build_network(settings)

    def sum_losses(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Returns the sum of the errors, scaled to images in [0, 1]."""
        return sum(losses.values()) / 255


class EnlargingLearner(Learner):
    """Trains upscaling.

    A batch is, for each of SCALES, `{"small2": (B, side, side, 1), "residual2": (B, 2 * side, 2 * side)}`,
    `float32`: lightness in [0, 1], and the residual of its bicubic upscaling. All scales pass through the
    trunk together.
    """

    def __init__(self, settings: TrainEnhanceSettings):
        super().__init__(settings, [f"error x{scale}" for scale in SCALES])

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns the error of each scale."""
        small = [batch[f"small{scale}"] for scale in SCALES]
        maps = cast_to_float32(self.network(ops.concatenate(small), training=training))
        bounds = [0, *accumulate(images.shape[0] for images in small)]
        errors = {}
        for n, scale in enumerate(SCALES):
            residual = ops.depth_to_space(maps[n][bounds[n] : bounds[n + 1]], scale)[..., 0]
            errors[f"error x{scale}"] = 255 * ops.mean(ops.abs(residual - batch[f"residual{scale}"]))
        return errors


class CleaningLearner(Learner):
    """Trains denoising.

    A batch is `{"input": (B, h, w, 15), "residual": (B, h, w, 12)}`, `float32`: the network inputs of damaged
    planes (`studio.enhance.planes.make_network_input`), and the folded residuals.
    """

    def __init__(self, settings: TrainEnhanceSettings):
        super().__init__(settings, ["error"])

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns the mean error of all planes."""
        residual = cast_to_float32(self.network(batch["input"], training=training))
        return {"error": 255 * ops.mean(ops.abs(residual - batch["residual"]))}
