"""Painting from a drawing as a task: a kept drawing in, a PNG with its recipe out."""

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
from studio.sketch.settings import SHIPPED, SketchSettings

NAME = "sketch.paint"


def run(settings: SketchSettings, inputs: Inputs, progress: Progress) -> Result:
    """Paints what was drawn."""
    began = time.monotonic()
    content = inputs["content"][0]
    drawing = image_io.read(content.read(), content.name)
    painter = paint.open(models.network_of(settings, inputs))
    made = painted(painter, drawing, settings)
    weights = {} if inputs.get("network") else {settings.network: painter.digest}
    recipe = recipes.make(NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-{settings.kind}.png"
    kept = File.keep(image_io.encode_png(made, recipe), "image", name)
    return Result((kept,), {"side": len(made), "seconds": time.monotonic() - began}, recipe)


def painted(painter: paint.Painter, drawing: np.ndarray, settings: SketchSettings) -> np.ndarray:
    """What a network paints of a drawing, `(H, W, 3) uint8` -> `(side, side, 3) uint8`.

    Raises:
        InvalidInput: if nothing is drawn.
    """
    size = painter.settings.size
    seen = drawings.read(drawing, settings.kind, size)
    layers = painter.layers(drawings.shown(seen, settings.kind, settings.night))
    look = palette.drawn_by_lot(settings.seed)
    return paint.avatar(layers, palette.colors_of(look, settings.night), settings.side)


def prepare(settings: SketchSettings) -> None:
    """Loads what avatars are painted with."""
    if SHIPPED in presets.names():
        paint.open(presets.find(SHIPPED))
