"""A dream as a task: kept files in, a PNG with its recipe out, or a video whose recipe goes next to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.dream.ascend import Dreamed, ascend
from studio.dream.layer_terms import look_left_out
from studio.dream.settings import DreamSettings
from studio.dream.zoom import Zoomed, zoom


def run(settings: DreamSettings, inputs: Inputs, progress: Progress) -> Result:
    """Dreams an image, or zooms into its dream. See `ascend` and `zoom` in the modules of their names."""
    images = {slot: [image_io.read(file.read()) for file in files] for slot, files in inputs.items()}
    content, guide = images["content"][0], next(iter(images.get("guide", ())), None)
    dreamed: Dreamed | Zoomed = (zoom if settings.zoom else ascend)(content, settings, guide, progress)
    if dreamed.stopped_early and not dreamed.figures["steps"]:
        raise Cancelled  # nothing was dreamed yet
    made = _as_made(settings, dreamed)
    recipe = recipes.make("dream.ascend", made, inputs, dreamed.weights)
    stem = f"{Path(inputs['content'][0].name).stem}-dream"
    if isinstance(dreamed, Zoomed) and made.zoom:
        file = File.keep(dreamed.video, "animation", f"{stem}.{made.video}")
    else:
        file = File.keep(image_io.encode_png(dreamed.image, recipe), "image", f"{stem}.png")
    return Result((file,), {**dreamed.figures, "notes": _notes(settings)}, recipe, dreamed.stopped_early)


def _notes(settings: DreamSettings) -> list[str]:
    if not look_left_out(settings.look, settings.layers, settings.backbone):
        return []
    said = (
        f"{settings.backbone} does not have the preset {settings.look}. Its default layer was used instead."
    )
    return [f"{said} Set the backbone to auto for the preset."]


def _as_made(settings: DreamSettings, dreamed: Dreamed | Zoomed) -> DreamSettings:
    """The settings that make the same again, also where it ended early."""
    change: dict[str, Any] = {}
    if isinstance(dreamed, Zoomed) and not dreamed.video:
        change = {"zoom": 0, "most_steps": dreamed.figures["image_steps"]}
    elif isinstance(dreamed, Zoomed) and dreamed.frames < settings.zoom:
        change = {"zoom": dreamed.frames, "most_steps": None}
    elif dreamed.stopped_early:
        change = {"most_steps": dreamed.figures["steps"]}
    return settings.model_copy(update=change)
