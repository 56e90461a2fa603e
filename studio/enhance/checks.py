"""Whether what is asked of enhancing can be made; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from studio.core.errors import invalid
from studio.core.pictures import images
from studio.core.tasks import File
from studio.enhance import models
from studio.enhance.settings import SCALES, EnhanceSettings


def check(settings: EnhanceSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless there is something to do, by the right networks, and not too large."""
    if settings.scale == 1 and not settings.cleans:
        expected, step = "2, 3 or 4, or something to clean", "choose denoise, deblock or a larger scale"
        raise invalid("`scale`", expected=expected, received="1 alone", next_step=step)
    if settings.cleans:
        models.cleaner_of(settings, inputs)
    if settings.scale > 1:
        models.enlarger_of(settings, inputs)
    for file in inputs["content"]:
        if sides := images.size_of(file.read()):
            _check_size(settings.scale, *sides)


def _check_size(scale: int, height: int, width: int) -> None:
    most = images.MOST_PIXELS
    if height * width * scale**2 <= most:
        return
    fits = [one for one in (1, *SCALES) if height * width * one**2 <= most]
    shrunk = int(max(height, width) * (most / (height * width * scale**2)) ** 0.5)
    smaller = f"save the photo with a longer side of {shrunk:,} px or less"
    raise invalid(
        "result",
        expected=f"at most {most // 10**6} million pixels",
        received=f"{width * scale:,} x {height * scale:,} px",
        next_step=f"choose {fits[-1]} times, or {smaller}" if fits else smaller,
    )
