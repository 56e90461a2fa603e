"""How long training takes, from its products. Loads no NumPy."""

from __future__ import annotations

from studio.core.tasks import Inputs
from studio.lab.settings import PIXELS, BoltzmannSettings, TeachSettings

_PRODUCTS = 12e9  # a second, of one core
_OVERHEAD = 0.0005  # s of a step
_LOOKS = 1.25
_DIGITS = 2.0  # s until they are drawn
_CONVOLUTIONS = 20  # times the products that its numbers tell, for a kernel is used at many places


def of_teaching(settings: TeachSettings, inputs: Inputs) -> float:
    """About how many seconds an autoencoder takes on one core."""
    times = _CONVOLUTIONS if settings.kind == "convolutional" else 1
    step = _OVERHEAD + 6 * times * settings.batch * settings.parameters / _PRODUCTS
    return _DIGITS + _LOOKS * settings.last_step * step


def of_boltzmann(settings: BoltzmannSettings, inputs: Inputs) -> float:
    """About how many seconds a Boltzmann machine takes on one core."""
    step = _OVERHEAD + 12 * settings.batch * settings.units * PIXELS / _PRODUCTS
    return _DIGITS + _LOOKS * settings.last_step * step
