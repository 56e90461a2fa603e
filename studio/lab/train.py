"""Trains a network from the first to the last step, with evaluations in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from studio.core.errors import Cancelled
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.core.training.curves import thin
from studio.lab import images
from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann, BoltzmannTrainer
from studio.lab.corrupt import compute_mean_absolute_error, corrupt
from studio.lab.digits import Digits
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings
from studio.lab.trainer import AutoencoderTrainer

EVALUATION_SECONDS = 0.15
_CHECK_SECONDS = 0.03
_MAX_POINTS = 120
CORRUPTION_STREAM = 7  # random number stream that corrupts test digits


class _Trainer(Protocol):
    steps: int
    error: float

    def step(self) -> None: ...


@dataclass(frozen=True)
class TrainedNetwork:
    """The result of a training run.

    Attributes:
        network: an `Autoencoder` or a `Boltzmann`.
        steps: number of training steps.
        history: `{"step", "training", "validation"}` of some evaluations: training and test error, 0 to 255;
            includes the first and the last.
        stopped_early: whether a user stopped it.
        seconds: training time.
    """

    network: Any
    steps: int
    history: list[dict[str, float]] = field(repr=False)
    stopped_early: bool
    seconds: float


def train_autoencoder(
    digits: Digits, settings: AutoencoderSettings, progress: Progress | None = None
) -> TrainedNetwork:
    """Trains an autoencoder.

    Args:
        digits: training and test digits.
        settings: of the network and its training.
        progress: receives errors, and images of originals, corrupted digits and reconstructions.

    Raises:
        Cancelled: if a user stopped it before the first step.
    """
    trainer = AutoencoderTrainer(digits.train, settings)
    rng = np.random.default_rng([settings.seed, CORRUPTION_STREAM])
    inputs = digits.test
    if settings.kind == "denoising":
        inputs = corrupt(inputs, settings.training_noise, settings.training_holes, rng)
    sample = slice(0, images.ROW_DIGITS)

    def evaluate() -> tuple[float, Callable[[], np.ndarray]]:
        outputs = trainer.network.reconstruct(inputs)
        originals = [digits.test[sample]] + ([inputs[sample]] if inputs is not digits.test else [])
        error = compute_mean_absolute_error(outputs, digits.test)
        return error, lambda: images.draw_rows(*originals, outputs[sample])

    return _train(trainer, trainer.network, settings, evaluate, progress or Progress())


def train_boltzmann(
    digits: Digits, settings: BoltzmannSettings, progress: Progress | None = None
) -> TrainedNetwork:
    """Trains a restricted Boltzmann machine, see `train_autoencoder`; previews show its persistent chains."""
    trainer = BoltzmannTrainer(digits.train, settings)
    network = trainer.network
    test_digits = (digits.test >= 0.5).astype("float32")

    def evaluate() -> tuple[float, Callable[[], np.ndarray]]:
        units = network.compute_unit_probabilities(test_digits)
        particles = trainer.particles[: 2 * images.ROW_DIGITS]
        samples = network.compute_pixel_probabilities(network.compute_unit_probabilities(particles))
        error = compute_mean_absolute_error(network.compute_pixel_probabilities(units), test_digits)
        return error, lambda: images.draw_grid(samples, images.ROW_DIGITS)

    return _train(trainer, network, settings, evaluate, progress or Progress())


def _train(
    trainer: _Trainer,
    network: Autoencoder | Boltzmann,
    settings: AutoencoderSettings | BoltzmannSettings,
    evaluate: Callable[[], tuple[float, Callable[[], np.ndarray]]],
    progress: Progress,
) -> TrainedNetwork:
    """Trains until the last step or until a user stops it; see `train_autoencoder`.

    Args:
        trainer: trains the network.
        network: the network.
        settings: of the training.
        evaluate: returns the test error, and a function that draws a preview.
        progress: receives errors and previews.
    """
    start_time, history, is_stopped = time.monotonic(), [], False
    next_evaluation = next_check = 0.0

    def report() -> None:
        error, preview = evaluate()
        metrics = {"validation": error} | ({"training": trainer.error} if trainer.steps else {})
        history.append({"step": trainer.steps, **metrics})
        progress.report(trainer.steps, settings.planned_steps, metrics, preview)

    with blas_threads.limit_threads(1):
        try:
            while trainer.steps < settings.last_step:
                now = time.monotonic()
                if now >= next_evaluation:
                    report()
                    next_evaluation = now + max(EVALUATION_SECONDS, 5 * (time.monotonic() - now))
                elif now >= next_check:
                    progress.check()
                    next_check = now + _CHECK_SECONDS
                trainer.step()
        except Cancelled:
            if not trainer.steps:
                raise
            is_stopped = True
        else:
            progress = progress.without_cancel()
            report()
    points = [
        {name: round(value, 4) for name, value in point.items()} for point in thin(history, _MAX_POINTS)
    ]
    return TrainedNetwork(network, trainer.steps, points, is_stopped, time.monotonic() - start_time)
