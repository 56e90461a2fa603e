"""Translating as a task: a drawing or photo in, what the network makes of it out, with its recipe."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.sketch import drawings, models, paint
from studio.sketch.settings import TranslateSettings

NAME = "sketch.translate"


def run(settings: TranslateSettings, inputs: Inputs, progress: Progress) -> Result:
    """Paints what a network makes of an image."""
    began = time.monotonic()
    content = inputs["content"][0]
    preset = models.pairs_network_of(settings, inputs)
    shown = seen(image_io.read(content.read(), content.name), preset)
    painter = paint.open(preset)
    made = paint.colored(painter.layers(shown.astype("float32") / 255), settings.side)
    weights = {} if inputs.get("network") else {settings.network: painter.digest}
    recipe = recipes.make(NAME, settings, inputs, weights)
    kept = File.keep(image_io.encode_png(made, recipe), "image", f"{Path(content.name).stem}-translated.png")
    return Result((kept,), {"side": len(made), "seconds": time.monotonic() - began}, recipe)


def seen(image: np.ndarray, preset: Preset) -> np.ndarray:
    """An image as a network is shown it, `(H, W, 3) uint8` -> `(size, size, 3) uint8`.

    One that was trained on edges is shown lines: a photo's edges, or those that are drawn. One that was
    trained on drawings is shown them on the ground that those had.

    Raises:
        InvalidInput: if nothing is drawn, or a photo has no edges.
    """
    settings = models.pairs_settings_of(preset)
    if settings.edges and not settings.reverse:
        if drawings.is_drawn(image):
            return drawings.read(image, "outline", settings.size)
        return drawings.edges_of(image, settings.size)
    ground = preset.data().get("ground", "")
    if ground and drawings.is_drawn(image) and drawings.is_on_paper(image) != (ground == "light"):
        image = 255 - image
    return drawings.middle(image, settings.size)


def ground_of(images: np.ndarray) -> str:
    """What most of some images are drawn on, `(n, H, W, 3) uint8`: "light", "dark", "" if not drawn."""
    drawn = [one for one in images if drawings.is_drawn(one)]
    if len(drawn) < 0.8 * len(images):
        return ""
    return "light" if np.mean([drawings.is_on_paper(one) for one in drawn]) > 0.5 else "dark"
