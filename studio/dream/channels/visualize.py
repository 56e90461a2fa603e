"""Feature visualization: optimizes an image from noise until one channel is highly active."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled, Unavailable
from studio.core.imaging import image_io
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.terms import channel
from studio.core.progress import Progress
from studio.dream.channels import leaky_relu
from studio.dream.channels.canvas import Canvas
from studio.dream.channels.transforms import Lens, draw_view
from studio.dream.settings import ChannelSettings

VIEW_SIDE = 128  # px, side of the crop that the network gets in each step: fits one motif and is fast
LEARNING_RATE = 0.1  # of Adam, on Fourier coefficients
# Amplitudes of the initial noise, tried in turn while the channel stays inactive.
NOISE_LEVELS = (0.05, 0.5, 1.0)
PATIENCE_STEPS = 24  # steps until an inactive channel gets another start
MIN_CONTRAST = 0.9  # smallest standard deviation of the final colors, before the sigmoid


@dataclass(frozen=True)
class Visualization:
    """The image of a channel.

    Attributes:
        image: `(size, size, 3) uint8`; tiles seamlessly.
        figures: seconds, steps, and the channel's mean activation `before`, on noise, and `after`.
        weights: SHA-256 of the weights used, by name.
        stopped_early: whether the user stopped it and this is the result so far.
    """

    image: np.ndarray
    figures: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    stopped_early: bool = False


def visualize(settings: ChannelSettings, progress: Progress | None = None) -> Visualization:
    """Optimizes an image that maximizes the activation of a channel.

    Raises:
        StudioError: for unknown layers or channels, weights that cannot be loaded, or a channel that stays
            inactive.
        Cancelled: if the user stopped it before the first step.

    Reference:
        Olah et al. 2017, "Feature Visualization".
    """
    progress, name = progress or Progress(), settings.target.backbone
    return visualize_on(leaky_relu.load_leaky(name, progress), settings, progress)


def visualize_on(backbone: Backbone, settings: ChannelSettings, progress: Progress) -> Visualization:
    """Runs `visualize` with a loaded backbone, whose gradient should leak."""
    term = settings.target.terms[0]
    progress.report_stage(f"Visualizing {term}")
    start_time = time.monotonic()
    evaluator = Evaluator(backbone, channel(settings.layer, settings.channel))
    for amplitude in NOISE_LEVELS:
        optimization = ChannelOptimization(evaluator, settings, amplitude)
        stopped_early = optimization.run(progress)
        if stopped_early or optimization.is_active:
            figures = {"seconds": time.monotonic() - start_time, **optimization.figures}
            weights = {settings.target.backbone: backbone.digest}
            return Visualization(optimization.render(), figures, weights, stopped_early)
    raise Unavailable(
        f"Channel {term} of {backbone.spec.title} stayed inactive from {len(NOISE_LEVELS)} starts. "
        "Choose another channel, or try another seed or more steps."
    )


class ChannelOptimization:
    """The optimization of one image from noise.

    Args:
        evaluator: of the objective.
        amplitude: of the noise, relative to the spectrum of photos.
    """

    def __init__(self, evaluator: Evaluator, settings: ChannelSettings, amplitude: float):
        self._evaluator, self._settings = evaluator, settings
        self._rng = np.random.default_rng(settings.seed)
        self._canvas = Canvas(settings.size)
        shape = (settings.size, settings.size, 3)
        self._waves = self._rng.normal(0, amplitude, shape).astype("float32")
        self._mean, self._square = np.zeros(shape, "float32"), np.zeros(shape, "float32")
        self._values: list[float] = []

    def run(self, progress: Progress) -> bool:
        """Runs all steps, or until the channel stays inactive. Returns whether the user stopped it."""
        steps = self._settings.steps
        try:
            while len(self._values) < steps and (self.is_active or len(self._values) < PATIENCE_STEPS):
                self._step()
                metrics = {"activation": self._values[-1]}
                progress.report(len(self._values), steps, metrics, self.render)
        except Cancelled:
            return True
        return False

    @property
    def is_active(self) -> bool:
        """Whether the channel was active in one of the last steps."""
        return any(value > 0 for value in self._values[-PATIENCE_STEPS // 3 :])

    @property
    def figures(self) -> dict[str, float]:
        """The steps, and the mean activation on noise and on the last four views."""
        last = float(np.mean(self._values[-4:]))
        return {"steps": len(self._values), "before": self._values[0], "after": last}

    def render(self) -> np.ndarray:
        """Renders the current image, `(size, size, 3) uint8`, with at least MIN_CONTRAST."""
        return image_io.to_uint8(self._canvas.render(self._waves, MIN_CONTRAST))

    def _step(self) -> None:
        """Takes a step of gradient ascent on a random view."""
        images_01 = self._canvas.render(self._waves)
        size = self._settings.size
        lens = Lens(draw_view(size, self._rng), size, min(size, VIEW_SIDE))
        result = self._evaluator(lens.crop(images_01))
        gradient = self._canvas.map_gradient(images_01, lens.map_gradient(result.gradient))
        self._values.append(result.value)
        self._take_adam_step(gradient / (np.sqrt(np.mean(np.square(gradient))) + 1e-30))

    def _take_adam_step(self, gradient: np.ndarray) -> None:
        """Takes one ascent step of Adam (Kingma and Ba 2014, arXiv:1412.6980) with default decay rates."""
        count = len(self._values)
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (np.square(gradient) - self._square)
        mean, square = self._mean / (1 - 0.9**count), self._square / (1 - 0.999**count)
        self._waves += LEARNING_RATE * mean / (np.sqrt(square) + 1e-8)
