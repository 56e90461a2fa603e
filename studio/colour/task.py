"""Colouring as a task: a kept grey picture in, a PNG in colour with its recipe out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.colour import colourer, lab, models, odds, tint
from studio.colour.settings import SHIPPED, ColourSettings
from studio.core import recipes
from studio.core.models import presets
from studio.core.pictures import images, transparency
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

NAME = "colour.picture"


def run(settings: ColourSettings, inputs: Inputs, progress: Progress) -> Result:
    """Colours the picture. See `studio.colour.colourer.Colourer.colour`."""
    began = time.monotonic()
    content = inputs["content"][0]
    picture = transparency.extend_colors(images.read_transparent(content.read(), content.name))
    network = colourer.open(models.network_of(settings, inputs))
    asked = how(settings, inputs)
    made, answer = network.colour(picture, asked, progress), network.answer(_opaque(picture), asked)
    weights = {} if inputs.get("network") else {settings.network: network.digest}
    recipe = recipes.make(NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem}-coloured.png"
    kept = File.keep(images.encode_png(made, recipe), "picture", name)
    figures = {
        "height": made.shape[0],
        "width": made.shape[1],
        "was": tint.kind_of(_opaque(picture)),
        "colourfulness": colourfulness(_opaque(made)),
        "sure": np.rint(100 * odds.sureness(answer.logits)).astype(int).tolist(),
        "seconds": time.monotonic() - began,
    }
    return Result((kept,), figures, recipe)


def how(settings: ColourSettings, inputs: Inputs) -> colourer.How:
    """What the settings and the files ask for."""
    examples = [images.read(file.read(), file.name) for file in inputs.get("examples", ())]
    layers = [images.read_transparent(file.read(), file.name) for file in inputs.get("dabs", ())]
    return colourer.How(
        settings.vividness, settings.variant, settings.likeness, examples, layers[0] if layers else None
    )


def colourfulness(picture: np.ndarray) -> float:
    """The mean distance of a* and b* from grey, of a picture `(H, W, 3) uint8`."""
    small = images.fit(picture, min(256, max(picture.shape[:2])))
    return float(lab.chroma(small).mean())


def _opaque(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture[..., :3])


def prepare(settings: ColourSettings) -> None:
    """Loads what pictures are coloured with."""
    if SHIPPED in presets.names():
        colourer.open(presets.find(SHIPPED))
