"""Estimates the seconds and memory of restoring and of training. Loads no Keras."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.restore import detection
from studio.restore.settings import RestoreSettings, TrainRestoreSettings

SECONDS = {"find": 0.9, "fill": 0.7, "clean": 1.9, "colorize": 0.6, "enlarge": 1.4}  # s per megapixel
_STORING_SECONDS = 0.12  # s per megapixel of the result
_BASE_BYTES = 0.6 * 2**30  # bytes, of Python, its libraries and a tile
_SEARCHED_BYTES = 400  # bytes per pixel of the copy that damage is searched in
_PHOTO_BYTES, _RESULT_BYTES = 40, 16  # bytes per pixel

_TRAINING_SECONDS = 5e-9  # s per training pixel and squared width, on two cores
_DRAWING_SECONDS = 4e-7  # s per training pixel, to draw damage
_TRAINING_BYTES = 1.0 * 2**30  # bytes, of Keras and the photos
_ACTIVATION_BYTES = 100.0  # bytes per channel and pixel of a batch


def plan_seconds(
    settings: RestoreSettings, megapixels: float, marks_damage: bool = False
) -> dict[str, float]:
    """Returns the estimated seconds of each step on two cores, in their order.

    Args:
        settings: of the task.
        megapixels: of the photo.
        marks_damage: whether a damage mask is given.
    """
    steps = {
        "find": settings.scratches,
        "clean": settings.clean,
        "fill": settings.scratches or marks_damage,
        "colorize": settings.colorize,
        "enlarge": settings.scale > 1,
    }
    if settings.mask_only:
        steps = {"find": True}
    return {name: SECONDS[name] * megapixels for name, is_on in steps.items() if is_on}


def estimate_seconds(settings: RestoreSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of restoring a photo on two cores."""
    photo = _count_megapixels(inputs)
    seconds = sum(plan_seconds(settings, photo, bool(inputs.get("damage_mask"))).values())
    return seconds + _STORING_SECONDS * photo * settings.scale**2


def estimate_bytes(settings: RestoreSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of restoring a photo."""
    photo = 1e6 * _count_megapixels(inputs)
    searched = min(photo, detection.MAX_SIDE**2)
    return (
        _BASE_BYTES
        + _SEARCHED_BYTES * searched
        + _PHOTO_BYTES * photo
        + _RESULT_BYTES * photo * settings.scale**2
    )


def _count_megapixels(inputs: Inputs) -> float:
    height, width = image_io.read_upright_size(inputs["content"][0].read())
    return height * width / 1e6


def estimate_training_seconds(settings: TrainRestoreSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on two cores."""
    pixel_seconds = _DRAWING_SECONDS + settings.width**2 * _TRAINING_SECONDS
    return settings.steps * _count_batch_pixels(settings) * pixel_seconds


def estimate_training_bytes(settings: TrainRestoreSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training."""
    return _TRAINING_BYTES + _count_batch_pixels(settings) * settings.width * _ACTIVATION_BYTES


def _count_batch_pixels(settings: TrainRestoreSettings) -> int:
    return settings.batch * settings.window**2
