"""The size of a result: from a factor, or from its width and height. Loads no Keras."""

from __future__ import annotations

from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.enhance.settings import MAX_SCALE, SCALES, EnhanceSettings


def compute_size(settings: EnhanceSettings, height: int, width: int) -> tuple[int, int]:
    """Returns the height and width of the result in px.

    Args:
        settings: `width` and `height` take precedence over `scale`; the aspect ratio of the photo is kept.
        height, width: of the upright photo in px.

    Raises:
        InvalidInput: if the result would be smaller than the photo, more than MAX_SCALE times as large, or
            have too many pixels.
    """
    sides = {"width": (settings.width, width), "height": (settings.height, height)}
    factors = {name: target / side for name, (target, side) in sides.items() if target is not None}
    name = min(factors, key=lambda name: factors[name]) if factors else "scale"
    factor = factors.get(name, settings.scale)
    if name != "scale" and not 1 <= factor <= MAX_SCALE:
        target, side = sides[name]
        raise invalid(
            f"`{name}`",
            expected=f"{side:,} to {MAX_SCALE * side:,} px for this photo",
            received=f"{target:,} px",
            next_step=f"enhance makes a photo up to {MAX_SCALE} times as large",
        )
    size = round(height * factor), round(width * factor)
    max_pixels = image_io.MAX_PIXELS
    if size[0] * size[1] > max_pixels:
        share = (max_pixels / (size[0] * size[1])) ** 0.5
        raise invalid(
            "result",
            expected=f"at most {max_pixels // 10**6} million pixels",
            received=f"{size[1]:,} x {size[0]:,} px",
            next_step=_advise_scale(settings, height, width, share)
            if name == "scale"
            else f"choose a {name} of {int(share * sides[name][0]):,} px or less",
        )
    return size


def choose_network_scale(height: int, width: int, size: tuple[int, int]) -> int:
    """Returns the smallest of SCALES that reaches a size; 1 if it is the size of the photo."""
    if size == (height, width):
        return 1
    return next((s for s in SCALES if s * height >= size[0] and s * width >= size[1]), MAX_SCALE)


def _advise_scale(settings: EnhanceSettings, height: int, width: int, share: float) -> str:
    """Returns what to do about a factor that is too large.

    Args:
        settings: of the task.
        height, width: of the photo in px.
        share: of the sides of the photo with which the result would fit.
    """
    scales = (1, *SCALES) if settings.cleans else SCALES  # a scale of 1 alone would do nothing
    fitting_scales = [scale for scale in scales if height * width * scale**2 <= image_io.MAX_PIXELS]
    max_side = int(max(height, width) * share)
    downscale_step = f"save the photo with a longer side of {max_side:,} px or less"
    return f"choose scale {fitting_scales[-1]}, or {downscale_step}" if fitting_scales else downscale_step
