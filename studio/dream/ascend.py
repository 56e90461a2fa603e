"""Dreams on plain arrays: the Python face of this capability."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.dream import checks
from studio.dream.gradient import MOMENTUM, Slope
from studio.dream.objective import objective
from studio.dream.octaves import octave_sizes, resize_01
from studio.dream.settings import DreamSettings


@dataclass(frozen=True)
class Dreamed:
    """A dreamed image.

    Attributes:
        image: `(H, W, 3) uint8`.
        figures: seconds, steps, and `octaves`: of each its height and width in px and what it climbed, before
            its first and after its last step.
        weights: SHA-256 of the weights that took part, by name.
        stopped_early: whether a user cancelled, and this is as far as it got.
    """

    image: np.ndarray
    figures: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    stopped_early: bool = False


def ascend(
    content: np.ndarray,
    settings: DreamSettings | None = None,
    guide: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Dreamed:
    """Lets a network dream: changes an image until it shows more of what the network sees in it.

    Args:
        content: `(H, W, 3) uint8`.
        settings: None for the defaults; `zoom` is left to `studio.dream.zoom`.
        guide: an image whose parts the dream takes up, `(h, w, 3) uint8` of any size.
        progress: told of every step, counted by what it cost.

    Raises:
        StudioError: for layers that there are not, an image too small for the network, or weights that
            cannot be had.
        Cancelled: if a user stopped it before the first step.

    Reference:
        Mordvintsev et al. 2015, "Inceptionism: Going Deeper into Neural Networks".
    """
    settings, progress = settings or DreamSettings(), progress or Progress()
    wanted = settings.wanted
    spec = backbones.spec(wanted.backbone)
    image = fitted(content, settings, spec)
    backbone = backbones.load(wanted.backbone, progress)
    began = time.monotonic()
    climb = Climb(backbone, settings, image, guide, progress)
    image_01 = climb.through(image, settings.octaves, settings.steps)
    figures = {
        "seconds": time.monotonic() - began,
        "steps": climb.steps,
        "octaves": climb.climbed,
    }
    return Dreamed(
        image_io.to_uint8(image_01), figures, {wanted.backbone: backbone.digest}, climb.stopped_early
    )


def fitted(content: np.ndarray, settings: DreamSettings, spec: backbones.Spec) -> np.ndarray:
    """The content at the size of the result, `(1, H, W, 3) float32`; raises `InvalidInput` if too small."""
    height, width = content.shape[:2]
    checks.check_sides(height, width, settings, spec)
    return image_io.to_01(image_io.fit(content, settings.size))


class Climb:
    """The ascent of one image, or of frame after frame of a video, towards one objective.

    Args:
        image: what the objective is measured at, `(1, H, W, 3) float32 in [0, 1]`.
        guide: as in `ascend`.
    """

    def __init__(
        self,
        backbone: backbones.Backbone,
        settings: DreamSettings,
        image: np.ndarray,
        guide: np.ndarray | None,
        progress: Progress,
    ):
        self._settings, self._progress, self._least = settings, progress, backbone.spec.least
        first = resize_01(image, self._sizes(image, settings.octaves)[0])
        progress.stage("Looking at the image")
        goal = objective(settings, backbone, first, guide)
        network = backbone.computing(settings.computed_in)
        rng = np.random.default_rng(settings.seed)
        self._slope = Slope(network, goal, settings.softness, settings.jitter, rng, progress, MOMENTUM)
        self.steps, self._most = 0, settings.most_steps or sys.maxsize
        self.climbed: list[dict[str, float]] = []
        self.stopped_early = False

    def through(
        self,
        image: np.ndarray,
        octaves: int,
        steps: int,
        tell: Callable[[float, float, dict[str, float], np.ndarray], None] | None = None,
    ) -> np.ndarray:
        """Climbs from coarse to fine; between octaves the dream grows, and the image's own detail returns.

        Args:
            image: `(1, H, W, 3) float32 in [0, 1]`.
            steps: at each octave.
            tell: told of every step instead of the progress: steps done and steps in all, both in steps of
                the last octave, what is climbed, and the image so far.

        Returns:
            `(1, H, W, 3) float32 in [0, 1]`, as far as it got if a user stops it.
        """
        tell = tell or self._tell
        sizes = self._sizes(image, octaves)
        costs = [(height * width) / (sizes[-1][0] * sizes[-1][1]) for height, width in sizes]
        total, done = steps * sum(costs), 0.0
        dreamed = np.zeros((1, *sizes[0], 3), "float32")  # what was added to the image so far
        try:
            for size, cost in zip(sizes, costs, strict=True):
                base = resize_01(image, size)
                image_01 = np.clip(base + resize_01(dreamed, size), 0.0, 1.0)
                before = None
                self._slope.begin()
                for n in range(min(steps, self._most - self.steps)):
                    value, direction = self._slope(image_01, _is_rolled(n, steps))
                    image_01 = np.clip(image_01 + self._settings.step_size * direction, 0.0, 1.0)
                    dreamed = image_01 - base
                    before = value if before is None else before
                    done, self.steps = done + cost, self.steps + 1
                    tell(done, total, {"activation": value}, image_01)
                if before is not None and tell == self._tell:  # a video tells of no octave
                    after = self._slope.value(image_01)
                    self.climbed.append(
                        {"height": size[0], "width": size[1], "before": before, "after": after}
                    )
        except Cancelled:
            self.stopped_early = True
        return np.clip(image + resize_01(dreamed, sizes[-1]), 0.0, 1.0)

    def _sizes(self, image: np.ndarray, octaves: int) -> list[tuple[int, int]]:
        height, width = image.shape[1:3]
        return octave_sizes(height, width, octaves, self._settings.octave_scale, self._least)

    def _tell(self, done: float, total: float, metrics: dict[str, float], image_01: np.ndarray) -> None:
        # As many steps as there are, but of equal cost, so that the time left is right from the first octave.
        steps = self._settings.steps * self._settings.octaves
        step = round(steps * done / total)
        self._progress.report(step, steps, metrics, lambda: image_io.to_uint8(image_01))


def _is_rolled(n: int, steps: int) -> bool:
    """Whether the image is rolled about before step `n` of the `steps` of an octave.

    Rolled, it grows what the network sees wherever its grid lies, and no grid shows. The second half of an
    octave is worked out where the image lies, which makes clear what has begun to grow.
    """
    return 2 * n < steps
