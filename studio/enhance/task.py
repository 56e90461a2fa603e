"""Enhancing as a task: a kept image in, a cleaner or larger PNG with its recipe out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.imaging import image_io, transparency
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.enhance import bicubic, clean, damage, enlarge, models
from studio.enhance.psnr import psnr
from studio.enhance.settings import CLEANER, SHIPPED, EnhanceSettings

NAME = "enhance.enlarge"
TRIED = 384  # px, at most, of a side of the part of a photo that it is tried on
LEAST = 16  # px of that part when it is shrunk: less tells nothing


def run(settings: EnhanceSettings, inputs: Inputs, progress: Progress) -> Result:
    """Cleans the image, makes it larger, or both. See `studio.enhance.clean` and `.enlarge`."""
    began = time.monotonic()
    content = inputs["content"][0]
    data = content.read()
    image = transparency.extend_colors(image_io.read_transparent(data, content.name))
    weights: dict[str, str] = {}
    figures: dict[str, float] = {}
    if settings.cleans:
        wrong = told(settings, damage.measured(data, image))
        figures = {"noise": wrong.noise, "jpeg_quality": wrong.quality}
        how = how_to_clean(settings, wrong)
        if how is not None:
            cleaner = clean.open(models.cleaner_of(settings, inputs))
            progress.stage("Removing noise and artifacts")
            image = cleaner.clean(image, how, progress)
            if not inputs.get("cleaner"):
                weights[settings.cleaner] = cleaner.digest
    if settings.scale > 1:
        enlarger = enlarge.open(models.enlarger_of(settings, inputs))
        larger = enlarge.How(settings.scale, settings.sharpness, settings.ensemble)
        if settings.cleans:
            progress.stage("Upscaling")
        figures |= tried(enlarger, image, larger)
        image = enlarger.enlarge(image, larger, progress)
        if not inputs.get("network"):
            weights[settings.network] = enlarger.digest
    recipe = recipes.make(NAME, settings, inputs, weights)
    ending = f"x{settings.scale}" if settings.scale > 1 else "clean"
    kept = File.keep(image_io.encode_png(image, recipe), "image", f"{Path(content.name).stem}-{ending}.png")
    size = {"height": image.shape[0], "width": image.shape[1]}
    return Result((kept,), {**size, **figures, "seconds": time.monotonic() - began}, recipe)


def told(settings: EnhanceSettings, found: damage.Damage) -> damage.Damage:
    """What is wrong with the image: what the settings say of it, else what was measured."""
    light, color, quality = found.light, found.color, found.quality
    if settings.noise is not None:
        color = min(color * settings.noise / light if light else settings.noise, damage.MOST)
        light = settings.noise
    if settings.jpeg_quality is not None:
        quality = settings.jpeg_quality
    return damage.Damage(light, color, quality)


def how_to_clean(settings: EnhanceSettings, wrong: damage.Damage) -> clean.How | None:
    """How to clean an image; None where nothing that can be seen is wrong with it.

    Noise and quality that the settings give count however small they are.
    """
    noisy = settings.denoise > 0 and (settings.noise is not None or wrong.noise >= damage.LEAST_NOISE)
    given = settings.jpeg_quality is not None
    blocky = settings.deblock == "auto" and (given or wrong.quality < damage.GOOD_QUALITY)
    if not (noisy or blocky):
        return None
    return clean.How(wrong, settings.denoise if noisy else 0.0, blocky, settings.ensemble)


def tried(enlarger: enlarge.Enlarger, image: np.ndarray, how: enlarge.How) -> dict[str, float]:
    """How near the network comes to the photo itself, once its middle is shrunk and enlarged again.

    Args:
        image: `(H, W, 3 or 4) uint8`.

    Returns:
        PSNR in dB of lightness: "psnr", and "bicubic_psnr" of the plain enlargement; nothing of a photo that
        is too small.
    """
    sides = [min(TRIED, side) // how.scale * how.scale for side in image.shape[:2]]
    if min(sides) < LEAST * how.scale:
        return {}
    down, right = ((whole - side) // 2 for whole, side in zip(image.shape[:2], sides, strict=True))
    part = np.ascontiguousarray(image[down : down + sides[0], right : right + sides[1], :3])
    truth = image_io.gray(part)[..., 0].astype("float32")
    small = np.clip(np.rint(bicubic.shrunken(truth, how.scale)), 0, 255)
    plain = bicubic.enlarged(small, how.scale)
    made = plain + 255 * how.sharpness * enlarger.lacks(small / 255, how)
    found = {"psnr": psnr(truth, made, how.scale), "bicubic_psnr": psnr(truth, plain, how.scale)}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def prepare(settings: EnhanceSettings) -> None:
    """Loads what images are enlarged and cleaned with."""
    known = presets.names()
    if SHIPPED in known:
        enlarge.open(presets.find(SHIPPED))
    if CLEANER in known:
        clean.open(presets.find(CLEANER))
