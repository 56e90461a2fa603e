"""How long a dream takes and how much memory, from the pixels that it works through."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.tasks import Inputs
from studio.dream.gradient import WHOLE
from studio.dream.octaves import octave_sizes
from studio.dream.seamless_loop import overlap
from studio.dream.settings import DreamSettings

FRAME_OCTAVES = 2  # of every frame of a zoom but the first
SECONDS = {"vgg16": 4.2, "resnet50": 1.2, "inceptionv3": 1.2}  # a megapixel-pass, on two cores
IN_BFLOAT16 = 0.25  # times that, where the processor is made for it
_BASE = 0.92 * 2**30  # bytes, of Keras and a small image
_BYTES = {"vgg16": 2.9 * 2**30, "resnet50": 0.95 * 2**30, "inceptionv3": 0.72 * 2**30}  # a megapixel
_TILE = 0.6  # megapixels that are worked on at once in an image too large for one piece


def usual(settings: DreamSettings, inputs: Inputs) -> float:
    """About how many seconds a dream or a zoom video takes on two cores. Loads no Keras.

    Raises:
        InvalidInput: if the settings name layers that there are not.
    """
    height, width = image_io.size(inputs["content"][0].read())
    each = SECONDS[settings.wanted.backbone] * (IN_BFLOAT16 if settings.computed_in == "bfloat16" else 1.0)
    whole = megapixel_passes(settings, height, width) * each
    if settings.most_steps is None:
        return whole
    return whole * min(1.0, settings.most_steps / (settings.octaves * settings.steps))


def needs(settings: DreamSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a dream takes. Loads no Keras. Raises as `usual`."""
    whole = settings.size <= WHOLE
    at_once = image_io.megapixels(inputs["content"][0].read(), settings.size) if whole else _TILE
    return _BASE + _BYTES[settings.wanted.backbone] * at_once


def megapixel_passes(settings: DreamSettings, height: int, width: int) -> float:
    """The pixels that go through the network forward and back, in millions."""
    first, frame = costs(settings, height, width)
    return first + frame * further(settings)


def costs(settings: DreamSettings, height: int, width: int) -> tuple[float, float]:
    """The megapixel-passes of a whole dream, and of one more frame of a zoom."""
    least = backbones.spec(settings.wanted.backbone).least
    size = image_io.fitted(height, width, settings.size)

    def cost(octaves: int, steps: int) -> float:
        sizes = octave_sizes(*size, octaves, settings.octave_scale, least)
        return steps * sum(height * width for height, width in sizes) / 1e6

    return cost(settings.octaves, settings.steps), cost(FRAME_OCTAVES, settings.zoom_steps)


def further(settings: DreamSettings) -> int:
    """How many frames a zoom makes after its first; some more than it shows."""
    return settings.zoom + overlap(settings.zoom) - 1 if settings.zoom else 0
