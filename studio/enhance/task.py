"""Enhancing as a task: from a stored image to a cleaner or larger PNG with its recipe."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import recipes
from studio.core.imaging import color_management, exif, image_io, transparency
from studio.core.masks import task_masks
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.enhance import bicubic, clean, damage, enlarge, models
from studio.enhance.psnr import psnr
from studio.enhance.settings import SHIPPED_CLEANER, SHIPPED_ENLARGER, EnhanceSettings
from studio.enhance.sizes import choose_network_scale, compute_size
from studio.enhance.texture import upscale as texture

TASK_NAME = "enhance.enlarge"
MAX_TEST_SIDE = 384  # px, largest side of the center crop that PSNR is measured on
MIN_TEST_SIDE = 16  # px, smallest side of the downscaled crop
TEXTURE_NOTE = "Texture mode: the fine detail of this result is invented."


def run(settings: EnhanceSettings, inputs: Inputs, progress: Progress) -> Result:
    """Cleans an image, upscales it, or both. See `studio.enhance.clean`, `.enlarge` and `.texture`."""
    start_time = time.monotonic()
    content = inputs["content"][0]
    data = content.read()
    photo = image = transparency.extend_colors(image_io.read_deep(data, content.name))
    size = compute_size(settings, *photo.shape[:2])
    pixels = color_management.to_8_bits(photo)
    masks = task_masks.resolve(settings, inputs, pixels, progress)
    weights = dict(masks.weights)
    figures: dict[str, Any] = {}
    if settings.cleans:
        image_damage = resolve_damage(settings, damage.measure_damage(data, pixels))
        figures = {"noise": image_damage.noise, "jpeg_quality": image_damage.quality}
        clean_options = choose_clean_options(settings, image_damage)
        if clean_options is not None:
            cleaner = clean.load_cleaner(models.find_cleaner(settings, inputs))
            progress.report_stage("Removing noise and artifacts")
            image = cleaner.clean(image, clean_options, progress)
            if not inputs.get("cleaner"):
                weights[settings.cleaner] = cleaner.digest
    if size != photo.shape[:2]:
        image, outcome = _upscale(image, size, settings, inputs, progress)
        weights |= outcome.weights
        figures |= outcome.figures
    image = masks.blend(image, photo)
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    exif_data = exif.read(data) if settings.keep_metadata else b""
    name = f"{Path(content.name).stem}-{_name_size(settings, size)}.png"
    file = File.store(image_io.encode_png(image, recipe, exif_data), "image", name)
    shown_size = {"height": image.shape[0], "width": image.shape[1]}
    return Result((file,), {**shown_size, **figures, "seconds": time.monotonic() - start_time}, recipe)


def _name_size(settings: EnhanceSettings, size: tuple[int, int]) -> str:
    """Returns the end of a result's name: "x2", "1920px", or "clean" for the size of the photo."""
    if settings.width or settings.height:
        return f"{size[1]}px"
    return f"x{settings.scale:g}" if settings.scale > 1 else "clean"


@dataclass
class _Outcome:
    """What an upscaling adds to the result besides the image: SHA-256 of weights by name, and figures."""

    weights: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)


def _upscale(
    image: np.ndarray, size: tuple[int, int], settings: EnhanceSettings, inputs: Inputs, progress: Progress
) -> tuple[np.ndarray, _Outcome]:
    """Upscales an image to a size, as the mode of the settings says.

    Args:
        image: `(H, W, 3 or 4) uint8 or uint16`.
        size: height and width of the result in px.
        settings, inputs, progress: of the task.
    """
    outcome = _Outcome()
    if not settings.texture_weights:
        return _upscale_faithfully(image, size, settings, inputs, progress, outcome), outcome
    network = texture.load(settings.texture_weights, progress)
    progress.report_stage("Adding texture")
    textured = network.upscale(image, size, progress)
    outcome.weights[settings.texture_weights] = network.digest
    # Also for alpha, which the networks for texture do not know.
    if settings.texture_strength < 1 or image.shape[2] == 4:
        faithful = _upscale_faithfully(image, size, settings, inputs, progress, outcome)
        textured = _mix(textured, faithful, settings.texture_strength)
    outcome.figures = {"notes": [TEXTURE_NOTE]}
    return textured, outcome


def _upscale_faithfully(
    image: np.ndarray,
    size: tuple[int, int],
    settings: EnhanceSettings,
    inputs: Inputs,
    progress: Progress,
    outcome: _Outcome,
) -> np.ndarray:
    """Upscales with the next larger scale of the network, and resizes. Adds to the outcome."""
    enlarger = enlarge.load_enlarger(models.find_enlarger(settings, inputs))
    scale = choose_network_scale(image.shape[0], image.shape[1], size)
    options = enlarge.Options(scale, settings.sharpness, settings.ensemble)
    progress.report_stage("Upscaling")
    outcome.figures = measure_psnr(enlarger, color_management.to_8_bits(image), options)
    if not inputs.get("network"):
        outcome.weights[settings.network] = enlarger.digest
    return image_io.resize(enlarger.enlarge(image, options, progress), *size)


def _mix(textured: np.ndarray, result: np.ndarray, share: float) -> np.ndarray:
    """Mixes colors, `(H, W, 3)`, with those of a result, `(H, W, 3 or 4)`, whose alpha stays."""
    colors = result[..., :3].astype("float32")
    colors += share * (textured - colors)
    return np.dstack([np.rint(colors).astype(result.dtype), result[..., 3:]])


def resolve_damage(settings: EnhanceSettings, measured: damage.Damage) -> damage.Damage:
    """Returns the damage of an image: from the settings if set, else as measured."""
    light, color, quality = measured.light, measured.color, measured.quality
    if settings.noise is not None:
        color = min(color * settings.noise / light if light else settings.noise, damage.MAX_NOISE)
        light = settings.noise
    if settings.jpeg_quality is not None:
        quality = settings.jpeg_quality
    return damage.Damage(light, color, quality)


def choose_clean_options(settings: EnhanceSettings, image_damage: damage.Damage) -> clean.Options | None:
    """Returns the options for cleaning, or None if nothing is to be cleaned.

    Noise is removed with `denoise` above 0, JPEG artifacts with `deblock` "auto": if they are visible, or if
    the settings state the noise or the quality.
    """
    has_noise = settings.denoise > 0 and (
        settings.noise is not None or image_damage.noise >= damage.MIN_NOISE
    )
    is_quality_set = settings.jpeg_quality is not None
    has_artifacts = settings.deblock == "auto" and (
        is_quality_set or image_damage.quality < damage.GOOD_QUALITY
    )
    if not (has_noise or has_artifacts):
        return None
    return clean.Options(
        image_damage, settings.denoise if has_noise else 0.0, has_artifacts, settings.ensemble
    )


def measure_psnr(enlarger: enlarge.Enlarger, image: np.ndarray, options: enlarge.Options) -> dict[str, float]:
    """Measures the network on the photo itself: downscales its center crop and upscales it again.

    Args:
        image: `(H, W, 3 or 4) uint8`.

    Returns:
        PSNR of the lightness in dB: "psnr" of the network and "bicubic_psnr" of bicubic upscaling; empty if
        the photo is too small.
    """
    sides = [min(MAX_TEST_SIDE, side) // options.scale * options.scale for side in image.shape[:2]]
    if min(sides) < MIN_TEST_SIDE * options.scale:
        return {}
    down, right = ((whole - side) // 2 for whole, side in zip(image.shape[:2], sides, strict=True))
    crop = np.ascontiguousarray(image[down : down + sides[0], right : right + sides[1], :3])
    truth = image_io.to_gray(crop)[..., 0].astype("float32")
    small = np.clip(np.rint(bicubic.shrink(truth, options.scale)), 0, 255)
    plain = bicubic.enlarge(small, options.scale)
    restored = plain + 255 * options.sharpness * enlarger.predict_residual(small / 255, options)
    figures = {
        "psnr": psnr(truth, restored, options.scale),
        "bicubic_psnr": psnr(truth, plain, options.scale),
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def prepare(settings: EnhanceSettings) -> None:
    """Loads the shipped networks, if they are installed."""
    names = presets.list_names()
    if SHIPPED_ENLARGER in names:
        enlarge.load_enlarger(presets.find(SHIPPED_ENLARGER))
    if SHIPPED_CLEANER in names:
        clean.load_cleaner(presets.find(SHIPPED_CLEANER))
