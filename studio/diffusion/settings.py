"""The settings of training a diffusion model; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.generators.settings import conditional, flip, image_colors, image_size, scored_images
from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision


class TrainDiffusionSettings(shared.TrainImageSettings):
    """Trains a U-Net to turn noise into images, step by step."""

    warmup_steps = 200
    steps: int = shared.steps(15_000)
    held_out: float = shared.held_out(0.1)
    width: Literal[16, 32, 48, 64] = setting(
        32,
        "Number of channels in the U-Net's finest layers; the coarser layers scale with it. Raise it for "
        "better images but slower training and sampling.",
        tier="main",
    )
    size: Literal[28, 32, 64, 128] = image_size()
    colors: Literal["color", "gray"] = image_colors()
    conditional: bool = conditional()
    flip: bool = flip()
    ema_steps: int = shared.ema_steps(1000)
    scored: int = scored_images()
    precision: Precision = setting("float32", HELP)

    @property
    def channels(self) -> int:
        """Channels of an image: 3 for color, 1 for grayscale."""
        return 3 if self.colors == "color" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an image: height, width, channels."""
        return (self.size, self.size, self.channels)
