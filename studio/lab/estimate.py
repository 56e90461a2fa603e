"""Estimates training times from the number of multiplications. Does not load NumPy."""

from __future__ import annotations

from studio.core.tasks import Inputs
from studio.lab.settings import PIXELS, AutoencoderSettings, BoltzmannSettings

_PRODUCTS_PER_SECOND = 12e9  # of one core
_OVERHEAD = 0.0005  # seconds per step
_EVALUATIONS = 1.25  # factor for the evaluations in between
_DIGITS = 2.0  # seconds to generate the digits
_CONVOLUTIONS = 20  # multiplications per parameter, because a kernel is used at many positions


def of_autoencoder(settings: AutoencoderSettings, inputs: Inputs) -> float:
    """Estimates the seconds that training an autoencoder takes on one core."""
    cost = _CONVOLUTIONS if settings.kind == "convolutional" else 1
    step = _OVERHEAD + 6 * cost * settings.batch * settings.parameters / _PRODUCTS_PER_SECOND
    return _DIGITS + _EVALUATIONS * settings.last_step * step


def of_boltzmann(settings: BoltzmannSettings, inputs: Inputs) -> float:
    """Estimates the seconds that training a Boltzmann machine takes on one core."""
    step = _OVERHEAD + 12 * settings.batch * settings.units * PIXELS / _PRODUCTS_PER_SECOND
    return _DIGITS + _EVALUATIONS * settings.last_step * step
