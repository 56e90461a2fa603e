"""The task `classify.find_rate`: a learning-rate finder for fine-tuning.

The learning rate rises exponentially from step to step, and the loss of each batch is recorded. The rate at
which the loss falls fastest is a good peak learning rate.

Reference:
    Smith 2015, arXiv:1506.01186 (the learning rate range test).
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import train_head, training_set
from studio.classify.training.rate_curve import (
    HIGHEST_RATE,
    LOWEST_RATE,
    STEPS,
    describe_curve,
    format_report,
    has_diverged,
)
from studio.classify.training.training_set import TrainingSet
from studio.core import recipes
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result


def run(settings: TrainClassifierSettings, inputs: Inputs, progress: Progress) -> Result:
    """Fine-tunes a copy of the network with a rising learning rate, and discards it.

    The activations at the cut stay in the cache, so that the training that follows starts sooner.
    """
    from studio.classify.training import finetune

    began, file = time.monotonic(), inputs["data"][0]
    settings = settings.model_copy(update={"finetune": True})
    samples = training_set.load(
        file,
        settings.backbone,
        settings.size,
        settings.held_out,
        settings.seed,
        progress,
        validation=settings.validation,
    )
    trained_head = train_head.train(samples, settings, progress)
    with finetune.open_tuner(samples, trained_head.weights, settings, progress) as tuner:
        rates, losses = measure_losses(tuner, progress)
    figures: dict[str, Any] = {
        **describe_curve(rates, losses, count_choices(samples)),
        "batch": settings.batch,
        "seconds": time.monotonic() - began,
        "notes": list(samples.notes),
    }
    recipe = recipes.make("classify.find_rate", settings, inputs, samples.weights)
    report = File.store(format_report(figures).encode(), "text", f"{Path(file.name).stem}-learning-rate.md")
    return Result((report,), figures, recipe)


def count_choices(samples: TrainingSet) -> int:
    """Returns the `k` of a uniform guess, whose loss is log(k): the classes, or 2 with multi-hot labels."""
    return 2 if samples.is_multi_label else len(samples.classes)


def measure_losses(tuner: Any, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Takes up to `STEPS` steps with a rising learning rate; ends early when the loss diverges.

    Args:
        tuner: a `finetune.Tuner` before its first step. Its network is trained.
        progress: receives the loss of each step.

    Returns:
        The learning rates and the losses of the steps, `(n,) float64` each.

    Raises:
        Cancelled: if a user asked to stop.
    """
    from keras.optimizers.schedules import ExponentialDecay

    from studio.classify.training.finetune import compile_top

    growth = HIGHEST_RATE / LOWEST_RATE
    independent = tuner.samples.is_multi_label
    compile_top(tuner.top, tuner.settings, ExponentialDecay(LOWEST_RATE, STEPS - 1, growth), independent)
    rates, losses = np.geomspace(LOWEST_RATE, HIGHEST_RATE, STEPS), []
    for tuner.step in range(STEPS):
        tuner.advance()
        loss = float(tuner.logs["loss"])
        if not math.isfinite(loss):
            break
        losses.append(loss)
        metrics = {"loss": loss, "learning_rate": float(rates[tuner.step])}
        progress.report(tuner.step + 1, STEPS, metrics, text="Finding a learning rate")
        if has_diverged(losses, count_choices(tuner.samples)):
            break
    return rates[: len(losses)], np.array(losses)
