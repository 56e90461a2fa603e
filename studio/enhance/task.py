"""Enlarging as a task: a kept picture in, a larger PNG with its recipe out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.models import presets
from studio.core.pictures import images
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.enhance import bicubic, enlarge, models
from studio.enhance.psnr import psnr
from studio.enhance.settings import SHIPPED, EnhanceSettings

NAME = "enhance.enlarge"
TRIED = 384  # px, at most, of a side of the part of a photo that it is tried on
LEAST = 16  # px of that part when it is shrunk: less tells nothing


def run(settings: EnhanceSettings, inputs: Inputs, progress: Progress) -> Result:
    """Makes the picture larger. See `studio.enhance.enlarge.Enlarger.enlarge`."""
    began = time.monotonic()
    content = inputs["content"][0]
    picture = images.read_transparent(content.read(), content.name)
    enlarger = enlarge.open(models.network_of(settings, inputs))
    how = enlarge.How(settings.scale, settings.sharpness, settings.ensemble)
    made = enlarger.enlarge(picture, how, progress)
    weights = {} if inputs.get("network") else {settings.network: enlarger.digest}
    recipe = recipes.make(NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-x{settings.scale}.png"
    kept = File.keep(images.encode_png(made, recipe), "picture", name)
    figures = {"height": made.shape[0], "width": made.shape[1], **tried(enlarger, picture, how)}
    return Result((kept,), {**figures, "seconds": time.monotonic() - began}, recipe)


def tried(enlarger: enlarge.Enlarger, picture: np.ndarray, how: enlarge.How) -> dict[str, float]:
    """How near the network comes to the photo itself, once its middle is shrunk and enlarged again.

    Args:
        picture: `(H, W, 3 or 4) uint8`.

    Returns:
        PSNR in dB of lightness: "psnr", and "bicubic_psnr" of the plain enlargement; nothing of a photo that
        is too small.
    """
    sides = [min(TRIED, side) // how.scale * how.scale for side in picture.shape[:2]]
    if min(sides) < LEAST * how.scale:
        return {}
    down, right = ((whole - side) // 2 for whole, side in zip(picture.shape[:2], sides, strict=True))
    part = np.ascontiguousarray(picture[down : down + sides[0], right : right + sides[1], :3])
    truth = images.gray(part)[..., 0].astype("float32")
    small = np.clip(np.rint(bicubic.shrunken(truth, how.scale)), 0, 255)
    plain = bicubic.enlarged(small, how.scale)
    made = plain + 255 * how.sharpness * enlarger.lacks(small / 255, how)
    found = {"psnr": psnr(truth, made, how.scale), "bicubic_psnr": psnr(truth, plain, how.scale)}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def prepare(settings: EnhanceSettings) -> None:
    """Loads what pictures are enlarged with."""
    if SHIPPED in presets.names():
        enlarge.open(presets.find(SHIPPED))
