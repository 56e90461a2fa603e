"""Estimates training times from the number of multiplications. Does not load NumPy."""

from __future__ import annotations

from studio.core.tasks import Inputs
from studio.lab.settings import PIXELS, AutoencoderSettings, BoltzmannSettings

_PRODUCTS_PER_SECOND = 12e9  # of one core
_STEP_SECONDS = 0.0005  # overhead of a step
_EVALUATION_FACTOR = 1.25  # for the evaluations in between
_DIGITS_SECONDS = 2.0  # to generate the digits
_CONVOLUTION_FACTOR = 20  # multiplications per parameter, because a kernel is used at many positions


def estimate_autoencoder_seconds(settings: AutoencoderSettings, inputs: Inputs) -> float:
    """Estimates the seconds that training an autoencoder takes on one core."""
    products_per_parameter = _CONVOLUTION_FACTOR if settings.kind == "convolutional" else 1
    step_seconds = (
        _STEP_SECONDS
        + 6 * products_per_parameter * settings.batch * settings.parameters / _PRODUCTS_PER_SECOND
    )
    return _DIGITS_SECONDS + _EVALUATION_FACTOR * settings.last_step * step_seconds


def estimate_boltzmann_seconds(settings: BoltzmannSettings, inputs: Inputs) -> float:
    """Estimates the seconds that training a Boltzmann machine takes on one core."""
    step_seconds = _STEP_SECONDS + 12 * settings.batch * settings.units * PIXELS / _PRODUCTS_PER_SECOND
    return _DIGITS_SECONDS + _EVALUATION_FACTOR * settings.last_step * step_seconds
