"""Restoring as a task: fills damage itself, and runs other tasks to clean, colorize and enlarge."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from skimage import color

from studio.core import recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import color_management, image_io, transparency
from studio.core.masks import task_masks
from studio.core.progress import Progress, Stages
from studio.core.tasks import File, Inputs, Result
from studio.restore import inpainting, masks, models
from studio.restore.detection import load_detector
from studio.restore.estimate import plan_seconds
from studio.restore.settings import RestoreSettings

TASK_NAME = "restore.apply"
STAGES = {
    "find": "Finding scratches",
    "clean": "Removing noise and artifacts",
    "fill": "Filling scratches",
    "colorize": "Colorizing",
    "enlarge": "Upscaling",
}
_MAX_SATURATION = 2.0  # factor on the chroma of a colorized photo, to match that of its tint
_SMALL_SIDE = 256  # px of the copy whose chroma is measured


def _preview(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(color_management.to_8_bits(image)[..., :3])


def run(settings: RestoreSettings, inputs: Inputs, progress: Progress) -> Result:
    """Restores a photo: finds damage, cleans, fills, colorizes if it is gray or tinted, and enlarges.

    Damage is found in the photo as it is. Noise and artifacts are removed before it is filled, so that the
    filling continues the clean surroundings, and in the file of the user, because its compression says how
    strong the artifacts are.
    """
    start_time = time.monotonic()
    content = inputs["content"][0]
    image = transparency.extend_colors(image_io.read_deep(content.read(), content.name))
    photo = _preview(image)
    megapixels = photo.shape[0] * photo.shape[1] / 1e6
    stages = Stages(progress, plan_seconds(settings, megapixels, bool(inputs.get("damage_mask"))))

    def begin(name: str) -> Progress:
        return stages.begin(name, STAGES[name], lambda: _preview(image))

    if "find" in plan_seconds(settings, megapixels):
        begin("find")
    detector = load_detector(models.find_network(settings, inputs)) if settings.scratches else None
    mask = masks.find_mask(settings, inputs, photo, detector)
    figures: dict[str, Any] = {"damage": float(mask.mean())}
    weights: dict[str, str] = {}
    if detector is not None and not inputs.get("network"):
        weights[settings.network] = detector.digest
    if settings.mask_only:
        levels = task_masks.to_levels(mask.astype("float32"))
        return _store(levels, content, "damage", settings, inputs, figures, weights, start_time)
    with tasks.store_in_memory():  # no step leaves a file of its own
        if settings.clean:
            image, part = _run_task("enhance.enlarge", {"scale": 1.0}, content, begin("clean"), weights)
            figures |= {name: part[name] for name in ("noise", "jpeg_quality") if name in part}
        if settings.colorize and (is_gray := _accepts_colors(content, settings.colorizer)):
            chroma = measure_chroma(_preview(image))
            image = _remove_tint(image)
        if mask.any():
            colors = inpainting.fill(image[..., :3], mask, begin("fill"))
            image = np.dstack([colors, image[..., 3:]])  # transparent stays transparent
        if settings.colorize and is_gray:
            image, part = _run_task(
                "colorize.apply",
                {"vividness": settings.vividness, "network": settings.colorizer},
                _store_step(image),
                begin("colorize"),
                weights,
            )
            image = _saturate(image, chroma)
            figures["colorfulness"] = measure_chroma(_preview(image))
        if settings.scale > 1:
            enlarging = {"scale": settings.scale, "clean": False}
            step = begin("enlarge")
            image, part = _run_task("enhance.enlarge", enlarging, _store_step(image), step, weights)
    return _store(image, content, "restored", settings, inputs, figures, weights, start_time)


def _run_task(
    name: str, values: Mapping[str, Any], content: File, progress: Progress, weights: dict[str, str]
) -> tuple[np.ndarray, Mapping[str, Any]]:
    """Runs another task on an image; adds the SHA-256 of its weights. Returns the result and its figures."""
    settings = tasks.get(name).settings.parse(values)
    result = tasks.run(name, settings, {"content": [content]}, progress)
    weights |= result.recipe.weights
    return image_io.read_deep(result.files[0].read()), result.figures


def _store_step(image: np.ndarray) -> File:
    return File.store(image_io.encode_png(image), "image", "photo.png")


def _accepts_colors(content: File, network: str) -> bool:
    """Returns whether a photo is gray or tinted, as the Colorize task decides.

    Raises:
        InvalidInput: if that task cannot run at all, e.g. without its network.
    """
    task = tasks.get("colorize.apply")
    tasks.check(task.name, task.settings.parse({"network": network, "recolor": True}), {"content": [content]})
    try:
        tasks.check(task.name, task.settings.parse({"network": network}), {"content": [content]})
    except InvalidInput:
        return False
    return True


def _remove_tint(image: np.ndarray) -> np.ndarray:
    """Returns an image, `(H, W, 3 or 4) uint8 or uint16`, in gray, with its alpha."""
    gray = np.rint(image[..., :3] @ image_io.LUMA).astype(image.dtype)
    return np.dstack([gray, gray, gray, image[..., 3:]])


def measure_chroma(image: np.ndarray) -> float:
    """Returns the mean chroma of an image, `(H, W, 3) uint8`: 0 for gray, 15 to 35 for sepia."""
    small = image_io.fit(image, min(_SMALL_SIDE, max(image.shape[:2])))
    return float(np.hypot(*np.moveaxis(color.rgb2lab(small)[..., 1:], -1, 0)).mean())


def _saturate(image: np.ndarray, chroma: float) -> np.ndarray:
    """Raises the saturation of an image until its mean chroma reaches a value.

    Args:
        image: `(H, W, 3 or 4) uint8`.
        chroma: the mean chroma to reach; that of the photo, whose tint was removed.
    """
    own = measure_chroma(_preview(image))
    if own >= chroma or own < 1:  # nothing to raise in a photo that stays gray
        return image
    factor = min(_MAX_SATURATION, chroma / own)
    lab = color.rgb2lab(image[..., :3])
    lab[..., 1:] *= factor
    colors = np.clip(color.lab2rgb(lab), 0, 1)
    return np.dstack([np.rint(255 * colors).astype("uint8"), image[..., 3:]])


def _store(
    image: np.ndarray,
    content: File,
    ending: str,
    settings: RestoreSettings,
    inputs: Inputs,
    figures: Mapping[str, Any],
    weights: Mapping[str, str],
    start_time: float,
) -> Result:
    """Stores a result with its recipe."""
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-{ending}.png"
    file = File.store(image_io.encode_png(image, recipe), "image", name)
    size = {"height": image.shape[0], "width": image.shape[1]}
    return Result((file,), {**size, **figures, "seconds": time.monotonic() - start_time}, recipe)
