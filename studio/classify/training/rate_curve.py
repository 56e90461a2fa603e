"""The loss by learning rate, and the rate that it suggests. Importing this module does not load Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.classify.settings import TrainClassifierSettings

STEPS = 100
LOWEST_RATE, HIGHEST_RATE = 1e-6, 0.1
_SMOOTHING_STEPS = 4.0  # standard deviation of the Gaussian that smooths the losses
_DIVERGENCE_STEPS = 5  # the mean loss of so many steps decides whether training diverges
_DIVERGENCE_RATIO = 4.0  # of that loss to the lowest one
_SMALL_DESCENT = 0.1  # of the loss, as a share of that of a uniform guess


def has_diverged(losses: Sequence[float], class_count: int) -> bool:
    """Returns whether the loss is several times the lowest one and worse than that of a uniform guess."""
    if len(losses) < _DIVERGENCE_STEPS:
        return False
    means = np.convolve(losses, np.full(_DIVERGENCE_STEPS, 1 / _DIVERGENCE_STEPS), "valid")
    return bool(means[-1] > max(_DIVERGENCE_RATIO * means.min(), math.log(class_count)))


def describe_curve(rates: np.ndarray, losses: np.ndarray, class_count: int) -> dict[str, Any]:
    """Finds the learning rate of the steepest descent of the smoothed loss.

    Args:
        rates, losses: `(n,)`, from `rate_finder.measure_losses`.
        class_count: number of classes.

    Returns:
        `rates`, `losses` and `smoothed` as lists; `suggestion`, None if the loss did not fall by more than
        its noise; `lowest`, the rate of the lowest smoothed loss, None without steps; `verdict`, in words.
    """
    from scipy.ndimage import gaussian_filter1d

    smoothed, suggestion, lowest, is_small = losses, None, None, False
    if len(losses):
        smoothed = gaussian_filter1d(losses, _SMOOTHING_STEPS, mode="nearest")
        suggestion = _find_steepest_descent(rates, losses, smoothed)
        lowest = float(f"{rates[smoothed.argmin()]:.2g}")
        is_small = smoothed[0] - smoothed.min() < _SMALL_DESCENT * math.log(class_count)
    return {
        "rates": [float(f"{rate:.4g}") for rate in rates],
        "losses": [round(float(loss), 5) for loss in losses],
        "smoothed": [round(float(loss), 5) for loss in smoothed],
        "suggestion": suggestion,
        "lowest": lowest,
        "verdict": _describe_suggestion(suggestion, lowest, is_small),
    }


def _find_steepest_descent(rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray) -> float | None:
    """Returns the rate at which the loss falls fastest, within the range of the setting; None without one."""
    lowest = int(smoothed.argmin())
    noise = float(np.std((losses - smoothed)[: lowest + 1]))
    if lowest < 2 or smoothed[0] - smoothed[lowest] <= noise:
        return None
    slopes = np.gradient(smoothed[: lowest + 1], np.log(rates[: lowest + 1]))
    maximum = TrainClassifierSettings.describe()["learning_rate"].maximum or HIGHEST_RATE
    return float(f"{min(rates[slopes.argmin()], maximum):.2g}")


def _describe_suggestion(suggestion: float | None, lowest: float | None, is_small: bool) -> str:
    if lowest is None:
        return "No suggestion: the loss was not finite at the first step."
    if suggestion is None:
        return (
            "No suggestion: the loss did not fall by more than its noise. The trained head may already fit "
            f"the training images, or the batches are small. Stay below {lowest:g}: above it, the loss rises."
        )
    verdict = (
        f"Suggested learning rate: {suggestion:g}, where the loss falls fastest. It is lowest at {lowest:g}."
    )
    if not is_small:
        return verdict
    return f"{verdict} It falls only a little, because the trained head already fits the training images."


def format_report(figures: Mapping[str, Any]) -> str:
    """Returns the verdict and the curve in Markdown."""
    lines = [figures["verdict"], "", "| learning rate | loss | smoothed loss |", "|---|---|---|"]
    for rate, loss, smoothed in zip(figures["rates"], figures["losses"], figures["smoothed"], strict=True):
        lines.append(f"| {rate:g} | {loss:.4f} | {smoothed:.4f} |")
    return "\n".join(lines) + "\n"
