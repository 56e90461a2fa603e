"""Dreams on plain arrays: the Python API."""

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
from studio.dream.gradient import StepDirection
from studio.dream.objective import build_objective
from studio.dream.octaves import octave_sizes, resize_01
from studio.dream.settings import DreamSettings


@dataclass(frozen=True)
class Dream:
    """A dream image.

    Attributes:
        image: `(H, W, 3) uint8`.
        figures: seconds, steps, and `octaves`: for each, height and width in px and the objective's value
            before its first and after its last step.
        weights: SHA-256 of the weights used, by name.
        stopped_early: whether the user stopped it and this is the result so far.
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
) -> Dream:
    """Runs DeepDream: gradient ascent on an image that amplifies what a network responds to.

    Args:
        content: `(H, W, 3) uint8`.
        settings: None for the defaults; `zoom` is ignored here, see `studio.dream.zoom`.
        guide: an image whose features the dream takes up, `(h, w, 3) uint8` of any size.
        progress: receives every step, with the share of the work done.

    Raises:
        StudioError: for unknown layers, an image too small for the network, or weights that cannot be loaded.
        Cancelled: if the user stopped it before the first step.

    Reference:
        Mordvintsev et al. 2015, "Inceptionism: Going Deeper into Neural Networks".
    """
    settings, progress = settings or DreamSettings(), progress or Progress()
    target = settings.target
    spec = backbones.find_spec(target.backbone)
    image = fit_content(content, settings, spec)
    backbone = backbones.load(target.backbone, progress)
    start_time = time.monotonic()
    ascent = Ascent(backbone, settings, image, guide, progress)
    image_01 = ascent.run_octaves(image, settings.octaves, settings.steps)
    figures = {
        "seconds": time.monotonic() - start_time,
        "steps": ascent.steps,
        "octaves": ascent.octave_figures,
    }
    return Dream(
        image_io.to_uint8(image_01), figures, {target.backbone: backbone.digest}, ascent.stopped_early
    )


def fit_content(content: np.ndarray, settings: DreamSettings, spec: backbones.Spec) -> np.ndarray:
    """Resizes the content to the result's size, `(1, H, W, 3) float32`; `InvalidInput` if too small."""
    height, width = content.shape[:2]
    checks.check_sides(height, width, settings, spec)
    return image_io.to_01(image_io.fit(content, settings.size))


class Ascent:
    """Gradient ascent of one image, or of the frames of a video, on one objective.

    Args:
        image: reference of the objective, `(1, H, W, 3) float32 in [0, 1]`.
    """

    def __init__(
        self,
        backbone: backbones.Backbone,
        settings: DreamSettings,
        image: np.ndarray,
        guide: np.ndarray | None,
        progress: Progress,
    ):
        self._settings, self._progress, self._min_side = settings, progress, backbone.spec.min_side
        sizes = self._octave_sizes(image, settings.octaves)
        first = resize_01(image, sizes[0])
        progress.report_stage("Looking at the image")
        goal = build_objective(settings, backbone, first, guide)
        network = backbone.with_precision(settings.computed_in)
        rng = np.random.default_rng(settings.seed)
        self._direction = StepDirection(
            network, goal, settings.gradient_smoothing, settings.jitter, rng, progress
        )
        self.steps, self._max_steps = 0, settings.most_steps or sys.maxsize
        # Of a single image: a small one has fewer octaves than the settings.
        self._planned_steps = min(settings.steps * len(sizes), self._max_steps)
        self.octave_figures: list[dict[str, float]] = []
        self.stopped_early = False

    def run_octaves(
        self,
        image: np.ndarray,
        octaves: int,
        steps: int,
        report: Callable[[float, float, dict[str, float], np.ndarray], None] | None = None,
    ) -> np.ndarray:
        """Runs all octaves from coarse to fine; between octaves only the change is enlarged.

        Args:
            image: `(1, H, W, 3) float32 in [0, 1]`.
            steps: at each octave.
            report: receives every step instead of the progress: steps done and in total, both in steps of the
                last octave, the metrics, and the current image.

        Returns:
            `(1, H, W, 3) float32 in [0, 1]`, the result so far if the user stops it.
        """
        report = report or self._report
        sizes = self._octave_sizes(image, octaves)
        costs = [(height * width) / (sizes[-1][0] * sizes[-1][1]) for height, width in sizes]
        total_steps, done_steps = steps * sum(costs), 0.0
        change = np.zeros((1, *sizes[0], 3), "float32")
        try:
            for size, cost in zip(sizes, costs, strict=True):
                base = resize_01(image, size)
                image_01 = np.clip(base + resize_01(change, size), 0.0, 1.0)
                value_before = None
                self._direction.reset_momentum()
                for n in range(min(steps, self._max_steps - self.steps)):
                    # Rolling hides the network's grid, because patterns grow at every position of it. The
                    # second half of an octave does not roll, which sharpens the patterns.
                    value, direction = self._direction(image_01, is_rolled=2 * n < steps)
                    image_01 = np.clip(image_01 + self._settings.step_size * direction, 0.0, 1.0)
                    change = image_01 - base
                    value_before = value if value_before is None else value_before
                    done_steps, self.steps = done_steps + cost, self.steps + 1
                    report(done_steps, total_steps, {"activation": value}, image_01)
                if value_before is not None and report == self._report:  # not for videos
                    value_after = self._direction.measure(image_01)
                    self.octave_figures.append(
                        {"height": size[0], "width": size[1], "before": value_before, "after": value_after}
                    )
        except Cancelled:
            self.stopped_early = True
        return np.clip(image + resize_01(change, sizes[-1]), 0.0, 1.0)

    def _octave_sizes(self, image: np.ndarray, octaves: int) -> list[tuple[int, int]]:
        height, width = image.shape[1:3]
        return octave_sizes(height, width, octaves, self._settings.octave_scale, self._min_side)

    def _report(self, done: float, total: float, metrics: dict[str, float], image_01: np.ndarray) -> None:
        # Report the work, so that the remaining time is right from the first octave, which costs less.
        preview, work = lambda: image_io.to_uint8(image_01), done / total
        self._progress.report(self.steps, self._planned_steps, metrics, preview, work=work)
