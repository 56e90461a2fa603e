"""Checks the settings and inputs of restoring; importing this loads no Keras."""

from __future__ import annotations

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.restore import models
from studio.restore.settings import RestoreSettings


def check(settings: RestoreSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if nothing is to be done, the result is too large, or there is no network."""
    has_work = settings.scratches or settings.clean or settings.colorize or settings.scale > 1
    if not settings.mask_only and not (has_work or inputs.get("damage_mask")):
        raise InvalidInput("All steps are off. Turn on scratches, clean or colorize, or raise the scale.")
    if settings.scratches:
        models.find_network(settings, inputs)
    for file in inputs["content"]:
        data = file.read()
        if not settings.mask_only and image_io.try_read_size(data):
            height, width = image_io.read_upright_size(data)
            if height * width * settings.scale**2 > image_io.MAX_PIXELS:
                fitting = (image_io.MAX_PIXELS / (height * width)) ** 0.5
                raise invalid(
                    "`scale`",
                    expected=f"at most {int(4 * fitting) / 4:g} for this photo",
                    received=f"{settings.scale:g}",
                    next_step="choose a smaller one",
                )
