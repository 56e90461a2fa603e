"""Colorizing as a task: a kept gray image in, a PNG in color with its recipe out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.colorize import colorizer, lab, models, odds, tint
from studio.colorize.settings import SHIPPED, ColorizeSettings
from studio.core import recipes
from studio.core.imaging import image_io, transparency
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

NAME = "colorize.apply"


def run(settings: ColorizeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Colors the image. See `studio.colorize.colorizer.Colorizer.color`."""
    began = time.monotonic()
    content = inputs["content"][0]
    image = transparency.extend_colors(image_io.read_transparent(content.read(), content.name))
    network = colorizer.open(models.network_of(settings, inputs))
    made, answer = network.color(image, how(settings, inputs), progress)
    weights = {} if inputs.get("network") else {settings.network: network.digest}
    recipe = recipes.make(NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-colored.png"
    kept = File.keep(image_io.encode_png(made, recipe), "image", name)
    figures = {
        "height": made.shape[0],
        "width": made.shape[1],
        "was": tint.kind_of(_opaque(image)),
        "colorfulness": colorfulness(_opaque(made)),
        "sure": np.rint(100 * odds.sureness(answer.logits)).astype(int).tolist(),
        "seconds": time.monotonic() - began,
    }
    return Result((kept,), figures, recipe)


def how(settings: ColorizeSettings, inputs: Inputs) -> colorizer.How:
    """What the settings and the files ask for."""
    examples = [image_io.read(file.read(), file.name) for file in inputs.get("examples", ())]
    layers = [image_io.read_transparent(file.read(), file.name) for file in inputs.get("color_hints", ())]
    return colorizer.How(
        settings.vividness, settings.variant, settings.likeness, examples, layers[0] if layers else None
    )


def colorfulness(image: np.ndarray) -> float:
    """The mean distance of a* and b* from gray, of an image `(H, W, 3) uint8`."""
    small = image_io.fit(image, min(256, max(image.shape[:2])))
    return float(lab.chroma(small).mean())


def _opaque(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[..., :3])


def prepare(settings: ColorizeSettings) -> None:
    """Loads what images are colored with."""
    if SHIPPED in presets.names():
        colorizer.open(presets.find(SHIPPED))
