"""Trains a network on a photo, with previews, an optional video, and early stopping."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.playground.learner import Learner, PhotoSnapshot
from studio.playground.settings import PlaygroundSettings
from studio.playground.training_run import AfterRows, TrainingResult, run_training

_QUICK_PRODUCTS = 8e9  # multiplications of the final image after the user pressed Stop: a third of a second
_SIZE_STEP = 64  # px, step of sizes


def learn(
    photo: np.ndarray, settings: PlaygroundSettings, progress: Progress | None = None
) -> TrainingResult[PhotoSnapshot]:
    """Fits a network to a photo, from the positions of its pixels to their colors.

    Args:
        photo: `(H, W, 3) uint8`.
        settings: of the network, its training and the result.
        progress: receives snapshots, counted in steps, or in frames of a video.

    Raises:
        Cancelled: if the user stopped it before the first step.
    """
    full_size = size_of(settings, *photo.shape[:2])
    with blas_threads.limit_threads(1):
        learner = Learner(photo, settings)

        def render(is_waiting: bool, after: AfterRows) -> np.ndarray:
            height, width = quick_size(settings, *full_size) if is_waiting else full_size
            return learner.render(height, width, lambda rows: after(rows, height))

        return run_training(learner, settings, progress or Progress(), render)


def size_of(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """Returns height and width of the result for a photo's height and width."""
    return image_io.fitted_size(height, width, settings.size)


def quick_size(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """Returns the result's size, or the largest that renders in a third of a second."""
    pixels = _QUICK_PRODUCTS / (2 * settings.parameters)
    max_size = int((pixels * max(height, width) / min(height, width)) ** 0.5) // _SIZE_STEP * _SIZE_STEP
    size = max(_SIZE_STEP, min(settings.size, max_size))
    return size_of(settings.model_copy(update={"size": size}), height, width)
