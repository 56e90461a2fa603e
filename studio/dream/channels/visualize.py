"""What a channel likes best: an image that grows from noise until one channel answers loudly everywhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled, Unavailable
from studio.core.imaging import image_io
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import ANY_SIZE, Evaluator
from studio.core.objectives.terms import channel
from studio.core.progress import Progress
from studio.dream.channels import leaky_relu
from studio.dream.channels.canvas import Canvas
from studio.dream.channels.transforms import Lens, any_view
from studio.dream.settings import ChannelSettings

SEEN = 128  # px of the image's side that the network sees at each step: enough for one motif, and quick
STEP = 0.1  # of a wave; Adam
STARTS = (0.05, 0.5, 1.0)  # how loud the noise begins, one after the other while a channel sleeps
WAKING = 24  # steps until a channel that still sleeps gets another start
VIVID = 0.9  # the standard deviation of the colors before the sigmoid, at least, at the end


@dataclass(frozen=True)
class Visualized:
    """The image of a channel.

    Attributes:
        image: `(size, size, 3) uint8`; continues seamlessly where its other side begins.
        figures: seconds, steps, and the channel's mean activation `before`, at noise, and `after`.
        weights: SHA-256 of the weights that took part, by name.
        stopped_early: whether a user cancelled, and this is as far as it got.
    """

    image: np.ndarray
    figures: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    stopped_early: bool = False


def visualize(settings: ChannelSettings, progress: Progress | None = None) -> Visualized:
    """Draws what a channel likes best.

    Raises:
        StudioError: for layers or channels that there are not, weights that cannot be had, or a channel that
            stays silent whatever is drawn.
        Cancelled: if a user stopped it before the first step.

    Reference:
        Olah et al. 2017, "Feature Visualization".
    """
    progress, name = progress or Progress(), settings.wanted.backbone
    return grow(leaky_relu.load(name, progress), settings, progress)


def grow(backbone: Backbone, settings: ChannelSettings, progress: Progress) -> Visualized:
    """As `visualize`, with a backbone at hand; its gradient should leak."""
    term = settings.wanted.terms[0]
    progress.stage(f"Visualizing {term}")
    began = time.monotonic()
    goal = Evaluator(backbone, channel(settings.layer, settings.channel), whole=ANY_SIZE)
    for loudness in STARTS:
        growth = Growth(goal, settings, loudness)
        stopped = growth.run(progress)
        if stopped or growth.awake:
            figures = {"seconds": time.monotonic() - began, **growth.figures}
            weights = {settings.wanted.backbone: backbone.digest}
            return Visualized(growth.image(), figures, weights, stopped)
    raise Unavailable(
        f"Channel {term} of {backbone.spec.title} stayed inactive from {len(STARTS)} starts. "
        "Choose another channel, or try another seed or more steps."
    )


class Growth:
    """One image that grows from noise.

    Args:
        goal: what is climbed.
        loudness: of the noise, in waves as loud as a photo's.
    """

    def __init__(self, goal: Evaluator, settings: ChannelSettings, loudness: float):
        self._goal, self._settings = goal, settings
        self._rng = np.random.default_rng(settings.seed)
        self._canvas = Canvas(settings.size)
        shape = (settings.size, settings.size, 3)
        self._waves = self._rng.normal(0, loudness, shape).astype("float32")
        self._mean, self._square = np.zeros(shape, "float32"), np.zeros(shape, "float32")
        self._values: list[float] = []

    def run(self, progress: Progress) -> bool:
        """Climbs all steps, or until the channel did not wake. Returns whether a user stopped it."""
        steps = self._settings.steps
        try:
            while len(self._values) < steps and (self.awake or len(self._values) < WAKING):
                self._step()
                told = {"activation": self._values[-1]}
                progress.report(len(self._values), steps, told, self.image)
        except Cancelled:
            return True
        return False

    @property
    def awake(self) -> bool:
        """Whether the channel has answered anywhere in one of the last steps."""
        return any(value > 0 for value in self._values[-WAKING // 3 :])

    @property
    def figures(self) -> dict[str, float]:
        """Steps, and the mean activation at noise and of the last four views."""
        last = float(np.mean(self._values[-4:]))
        return {"steps": len(self._values), "before": self._values[0], "after": last}

    def image(self) -> np.ndarray:
        """The image so far, `(size, size, 3) uint8`, at least so vivid that it can be seen."""
        return image_io.to_uint8(self._canvas.image(self._waves, VIVID))

    def _step(self) -> None:
        images_01 = self._canvas.image(self._waves)
        size = self._settings.size
        lens = Lens(any_view(size, self._rng), size, min(size, SEEN))
        found = self._goal(lens.through(images_01))
        gradient = self._canvas.pull(images_01, lens.back(found.gradient))
        self._values.append(found.value)
        self._adam(gradient / (np.sqrt(np.mean(np.square(gradient))) + 1e-30))

    def _adam(self, gradient: np.ndarray) -> None:
        """One step up by Kingma & Ba 2014 (arXiv:1412.6980), with their own decays."""
        count = len(self._values)
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (np.square(gradient) - self._square)
        mean, square = self._mean / (1 - 0.9**count), self._square / (1 - 0.999**count)
        self._waves += STEP * mean / (np.sqrt(square) + 1e-8)
