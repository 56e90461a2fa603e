"""A dream as a task: kept files in, a PNG with its recipe out, or a film whose recipe goes beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.errors import Cancelled
from studio.core.pictures import images
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.dream.ascend import Dreamt, ascend
from studio.dream.layer_terms import look_left_out
from studio.dream.settings import DreamSettings
from studio.dream.zoom import Zoomed, zoom


def run(settings: DreamSettings, inputs: Inputs, progress: Progress) -> Result:
    """Dreams a picture, or zooms into its dream. See `ascend` and `zoom` in the modules of their names."""
    pictures = {slot: [images.read(file.read()) for file in files] for slot, files in inputs.items()}
    content, guide = pictures["content"][0], next(iter(pictures.get("guide", ())), None)
    dreamt: Dreamt | Zoomed = (zoom if settings.zoom else ascend)(content, settings, guide, progress)
    if dreamt.stopped_early and not dreamt.figures["steps"]:
        raise Cancelled  # nothing was dreamt yet
    made = _as_made(settings, dreamt)
    recipe = recipes.make("dream.ascend", made, inputs, dreamt.weights)
    stem = f"{Path(inputs['content'][0].name).stem}-dream"
    if isinstance(dreamt, Zoomed) and made.zoom:
        file = File.keep(dreamt.film, "animation", f"{stem}.{made.film}")
    else:
        file = File.keep(images.encode_png(dreamt.image, recipe), "picture", f"{stem}.png")
    return Result((file,), {**dreamt.figures, "notes": _notes(settings)}, recipe, dreamt.stopped_early)


def _notes(settings: DreamSettings) -> list[str]:
    if not look_left_out(settings.look, settings.layers, settings.backbone):
        return []
    said = f"{settings.backbone} does not have the look {settings.look}: it dreamt of its usual layer."
    return [f"{said} Leave the backbone to the look."]


def _as_made(settings: DreamSettings, dreamt: Dreamt | Zoomed) -> DreamSettings:
    """The settings that make the same again, also where it ended early."""
    change: dict[str, Any] = {}
    if isinstance(dreamt, Zoomed) and not dreamt.film:
        change = {"zoom": 0, "most_steps": dreamt.figures["image_steps"]}
    elif isinstance(dreamt, Zoomed) and dreamt.frames < settings.zoom:
        change = {"zoom": dreamt.frames, "most_steps": None}
    elif dreamt.stopped_early:
        change = {"most_steps": dreamt.figures["steps"]}
    return settings.model_copy(update=change)
