"""Painting from a drawing as a task: from a stored drawing to a PNG with its recipe."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.sketch import drawings, models, paint, palette
from studio.sketch.settings import SHIPPED_NETWORK, SketchSettings

TASK_NAME = "sketch.paint"


def run(settings: SketchSettings, inputs: Inputs, progress: Progress) -> Result:
    """Paints an avatar from the drawing."""
    start_time = time.monotonic()
    content = inputs["content"][0]
    drawing = image_io.read(content.read(), content.name)
    generator = paint.load_generator(models.find_network(settings, inputs))
    image = paint_avatar(generator, drawing, settings)
    weights = {} if inputs.get("network") else {settings.network: generator.digest}
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-{settings.kind}.png"
    file = File.store(image_io.encode_png(image, recipe), "image", name)
    return Result((file,), {"side": len(image), "seconds": time.monotonic() - start_time}, recipe)


def paint_avatar(generator: paint.Generator, drawing: np.ndarray, settings: SketchSettings) -> np.ndarray:
    """Paints an avatar from a drawing, `(H, W, 3) uint8`, as `(side, side, 3) uint8`.

    Raises:
        InvalidInput: if the drawing is empty.
    """
    size = generator.settings.size
    inputs = drawings.prepare_drawing(drawing, settings.kind, size)
    layers = generator.predict_layers(drawings.make_network_input(inputs, settings.kind, settings.night))
    colors = palette.choose_random_colors(settings.seed)
    return paint.render_avatar(layers, palette.make_color_table(colors, settings.night), settings.side)


def prepare(settings: SketchSettings) -> None:
    """Loads the shipped network, if it is installed."""
    if SHIPPED_NETWORK in presets.list_names():
        paint.load_generator(presets.find(SHIPPED_NETWORK))
