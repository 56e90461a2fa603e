"""How long a painting takes: the pixels that go through VGG16, forward and back."""

from __future__ import annotations

from studio.core import images
from studio.core.tasks import Inputs
from studio.style.house.settings import TrainStyleSettings
from studio.style.scene import scales, schedule
from studio.style.settings import TransferSettings

MEGAPIXEL_PASS = 4.2  # s, on two cores
INSTANT, HOUSE = 3.0, 4.0  # s a megapixel, with AdaIN and with a network of house styles
_SEEN = 20.0  # s a million pixels that a network of house styles practises on
_STEADY = 1.4  # times that where it sees each photo twice


def usual(settings: TransferSettings, inputs: Inputs) -> float:
    """About how many seconds a painting takes on two cores. Loads no Keras."""
    height, width = images.size(inputs["content"][0].read())
    shape = height * width / max(height, width) ** 2  # of a square whose side is the longer one
    sizes = scales(settings.size)
    first = (HOUSE if settings.house else INSTANT) * min(sizes[0], settings.size) ** 2
    passes = zip(sizes, schedule(sizes, settings.passes), strict=True) if settings.passes else ()
    return shape * (first + MEGAPIXEL_PASS * sum(count * size**2 for size, count in passes)) / 1e6


def usual_training(settings: TrainStyleSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to teach house styles on two cores. Loads no Keras."""
    seen = settings.steps * settings.batch * settings.size**2 / 1e6
    return seen * _SEEN * (_STEADY if settings.steadiness else 1)
