"""Translating as a task: from a drawing or photo to the network's image with its recipe."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.imaging import crops, image_io
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.sketch import drawings, models, paint
from studio.sketch.settings import TranslateSettings

TASK_NAME = "sketch.translate"


def run(settings: TranslateSettings, inputs: Inputs, progress: Progress) -> Result:
    """Translates an image with a network trained on pairs."""
    start_time = time.monotonic()
    content = inputs["content"][0]
    preset = models.find_pairs_network(settings, inputs)
    pixels = prepare_image(image_io.read(content.read(), content.name), preset)
    generator = paint.load_generator(preset)
    image = paint.render_image(generator.predict_layers(pixels.astype("float32") / 255), settings.side)
    weights = {} if inputs.get("network") else {settings.network: generator.digest}
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    file = File.store(
        image_io.encode_png(image, recipe), "image", f"{Path(content.name).stem}-translated.png"
    )
    return Result((file,), {"side": len(image), "seconds": time.monotonic() - start_time}, recipe)


def prepare_image(image: np.ndarray, preset: Preset) -> np.ndarray:
    """Prepares an image for a network, `(H, W, 3) uint8` to `(size, size, 3) uint8`.

    A network trained on edges gets lines: a drawing, or the edges of a photo. A network trained on drawings
    gets them on a light or dark ground as in training.

    Raises:
        InvalidInput: if a drawing is empty, or a photo has no edges.
    """
    settings = models.pairs_settings_of(preset)
    if settings.edges and not settings.reverse:
        if drawings.is_drawn(image):
            return drawings.prepare_drawing(image, "outline", settings.size)
        return drawings.detect_edges(image, settings.size)
    ground = preset.read_data().get("ground", "")
    if ground and drawings.is_drawn(image) and drawings.is_on_paper(image) != (ground == "light"):
        image = 255 - image
    return crops.crop_and_resize(image, settings.size)


def detect_ground(images: np.ndarray) -> str:
    """Returns the ground of most drawings, `(n, H, W, 3) uint8`: "light", "dark", or "" for photos."""
    sketches = [image for image in images if drawings.is_drawn(image)]
    if len(sketches) < 0.8 * len(images):
        return ""
    return "light" if np.mean([drawings.is_on_paper(image) for image in sketches]) > 0.5 else "dark"
