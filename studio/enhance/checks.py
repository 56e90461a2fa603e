"""Checks the settings and inputs of enhancing; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.tasks import File
from studio.enhance import models
from studio.enhance.settings import MAX_SCALE, EnhanceSettings
from studio.enhance.sizes import compute_size


def check(settings: EnhanceSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if nothing is to be done, a network does not fit, or the result is too large."""
    task_masks.check(settings, inputs)
    if settings.scale == 1 and not (settings.width or settings.height or settings.cleans):
        raise _nothing_to_do_error("1 without cleaning")
    if settings.cleans:
        models.find_cleaner(settings, inputs)
    if settings.is_enlarging:
        models.find_enlarger(settings, inputs)
    for file in inputs["content"]:
        data = file.read()
        if image_io.try_read_size(data):
            size = image_io.read_upright_size(data)
            if compute_size(settings, *size) == size and not settings.cleans:
                raise _nothing_to_do_error("the size of the photo, without cleaning")


def _nothing_to_do_error(received: str) -> InvalidInput:
    expected, step = f"1 to {MAX_SCALE}, or 1 with clean on", "turn on clean, or choose a larger scale"
    return invalid("`scale`", expected=expected, received=received, next_step=step)
