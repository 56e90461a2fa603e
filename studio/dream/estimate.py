"""Estimates the seconds and memory of a dream from the pixels it processes."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.tasks import Inputs
from studio.dream.gradient import MAX_WHOLE_SIDE
from studio.dream.octaves import octave_sizes
from studio.dream.seamless_loop import count_overlap
from studio.dream.settings import DreamSettings

FRAME_OCTAVES = 2  # octaves of every zoom frame after the first
MEGAPIXEL_SECONDS = {"vgg16": 4.2, "resnet50": 1.2, "inceptionv3": 1.2}  # s per megapixel pass, on two cores
BFLOAT16_FACTOR = 0.25  # factor, on processors with native bfloat16
_BASE_BYTES = 0.92 * 2**30  # bytes, of Keras and a small image
# Bytes per megapixel.
_MEGAPIXEL_BYTES = {"vgg16": 2.9 * 2**30, "resnet50": 0.95 * 2**30, "inceptionv3": 0.72 * 2**30}
_WINDOW_MEGAPIXELS = 0.6  # megapixels per window of a large image


def estimate_seconds(settings: DreamSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of a dream or a zoom video on two cores. Loads no Keras.

    Raises:
        InvalidInput: if the settings name unknown layers.
    """
    height, width = image_io.read_size(inputs["content"][0].read())
    pass_seconds = MEGAPIXEL_SECONDS[settings.target.backbone] * (
        BFLOAT16_FACTOR if settings.computed_in == "bfloat16" else 1.0
    )
    seconds = count_megapixel_passes(settings, height, width) * pass_seconds
    if settings.most_steps is None:
        return seconds
    return seconds * min(1.0, settings.most_steps / (settings.octaves * settings.steps))


def estimate_bytes(settings: DreamSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of a dream. Loads no Keras. Raises like `estimate_seconds`."""
    megapixels = _WINDOW_MEGAPIXELS
    if settings.size <= MAX_WHOLE_SIDE:
        megapixels = image_io.count_megapixels(inputs["content"][0].read(), settings.size)
    return _BASE_BYTES + _MEGAPIXEL_BYTES[settings.target.backbone] * megapixels


def count_megapixel_passes(settings: DreamSettings, height: int, width: int) -> float:
    """Returns the megapixels that pass through the network forward and backward."""
    first, frame = count_frame_passes(settings, height, width)
    return first + frame * count_further_frames(settings)


def count_frame_passes(settings: DreamSettings, height: int, width: int) -> tuple[float, float]:
    """Returns the megapixel passes of the first dream and of each further zoom frame."""
    min_side = backbones.find_spec(settings.target.backbone).min_side
    size = image_io.fitted_size(height, width, settings.size)

    def count_passes(octaves: int, steps: int) -> float:
        sizes = octave_sizes(*size, octaves, settings.octave_scale, min_side)
        return steps * sum(height * width for height, width in sizes) / 1e6

    return count_passes(settings.octaves, settings.steps), count_passes(FRAME_OCTAVES, settings.zoom_steps)


def count_further_frames(settings: DreamSettings) -> int:
    """Returns the number of zoom frames after the first, including those for the overlap."""
    return settings.zoom + count_overlap(settings.zoom) - 1 if settings.zoom else 0
