"""Checks the settings and inputs of enhancing; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.tasks import File
from studio.enhance import models
from studio.enhance.settings import SCALES, EnhanceSettings


def check(settings: EnhanceSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if nothing is to be done, a network does not fit, or the result is too large."""
    task_masks.check(settings, inputs)
    if settings.scale == 1 and not settings.cleans:
        expected, step = "2, 3 or 4, or 1 with clean on", "turn on clean, or choose a larger scale"
        raise invalid("`scale`", expected=expected, received="1 without cleaning", next_step=step)
    if settings.cleans:
        models.find_cleaner(settings, inputs)
    if settings.scale > 1:
        models.find_enlarger(settings, inputs)
    for file in inputs["content"]:
        if sides := image_io.try_read_size(file.read()):
            _check_size(settings, *sides)


def _check_size(settings: EnhanceSettings, height: int, width: int) -> None:
    """Raises `InvalidInput` if the result would have too many pixels."""
    max_pixels, scale = image_io.MAX_PIXELS, settings.scale
    if height * width * scale**2 <= max_pixels:
        return
    scales = (1, *SCALES) if settings.cleans else SCALES  # a scale of 1 alone would do nothing
    fitting_scales = [scale for scale in scales if height * width * scale**2 <= max_pixels]
    max_side = int(max(height, width) * (max_pixels / (height * width * scale**2)) ** 0.5)
    downscale_step = f"save the photo with a longer side of {max_side:,} px or less"
    raise invalid(
        "result",
        expected=f"at most {max_pixels // 10**6} million pixels",
        received=f"{width * scale:,} x {height * scale:,} px",
        next_step=f"choose scale {fitting_scales[-1]}, or {downscale_step}"
        if fitting_scales
        else downscale_step,
    )
