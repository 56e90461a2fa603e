"""Colorizing as a task: from a stored gray image to a PNG in color with its recipe."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.colorize import backbone, color_logits, colorizer, lab, models, tint
from studio.colorize.settings import SHIPPED_NETWORK, ColorizeSettings
from studio.core import recipes
from studio.core.imaging import image_io, transparency
from studio.core.masks import task_masks
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

TASK_NAME = "colorize.apply"


def run(settings: ColorizeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Colorizes an image; see `studio.colorize.colorizer.Colorizer.colorize`."""
    start_time = time.monotonic()
    content = inputs["content"][0]
    image = transparency.extend_colors(image_io.read_transparent(content.read(), content.name))
    masks = task_masks.resolve(settings, inputs, image, progress)
    preset = models.find_network(settings, inputs)
    backbone.fetch(preset, progress)
    colorizer_network = colorizer.load_colorizer(preset)
    result, prediction = colorizer_network.colorize(image, make_options(settings, inputs), progress)
    result = masks.blend(result, image)
    weights = {} if inputs.get("network") else {settings.network: colorizer_network.digest}
    weights |= backbone.read_digest(preset) | masks.weights
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-colored.png"
    file = File.store(image_io.encode_png(result, recipe), "image", name)
    figures = {
        "height": result.shape[0],
        "width": result.shape[1],
        "was": tint.kind_of(_drop_alpha(image)),
        "colorfulness": measure_colorfulness(_drop_alpha(result)),
        "sure": np.rint(100 * color_logits.compute_confidence(prediction.logits)).astype(int).tolist(),
        "seconds": time.monotonic() - start_time,
    }
    return Result((file,), figures, recipe)


def make_options(settings: ColorizeSettings, inputs: Inputs) -> colorizer.Options:
    """Builds the options from the settings and the files."""
    examples = [image_io.read(file.read(), file.name) for file in inputs.get("examples", ())]
    layers = [image_io.read_transparent(file.read(), file.name) for file in inputs.get("color_hints", ())]
    return colorizer.Options(
        settings.vividness, settings.variant, settings.likeness, examples, layers[0] if layers else None
    )


def measure_colorfulness(image: np.ndarray) -> float:
    """Returns the mean chroma of an image, `(H, W, 3) uint8`."""
    small = image_io.fit(image, min(256, max(image.shape[:2])))
    return float(lab.chroma(small).mean())


def _drop_alpha(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[..., :3])


def prepare(settings: ColorizeSettings) -> None:
    """Loads the shipped network, if it is installed and has been converted."""
    if SHIPPED_NETWORK in presets.list_names():
        preset = presets.find(SHIPPED_NETWORK)
        if not backbone.list_needs(preset):
            colorizer.load_colorizer(preset)
