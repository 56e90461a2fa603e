"""A dream as a task: from stored files to a PNG with its recipe, or a video with the recipe next to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.errors import Cancelled
from studio.core.imaging import image_io, transparency
from studio.core.masks import task_masks
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.dream.ascend import Dream, ascend
from studio.dream.layer_terms import is_preset_ignored
from studio.dream.settings import DreamSettings
from studio.dream.zoom import ZoomVideo, zoom


def run(settings: DreamSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs DeepDream on an image and keeps its alpha channel, or zooms into the dream, which is opaque.

    See `ascend` and `zoom`.
    """
    content_file = inputs["content"][0]
    content, alpha = transparency.split_alpha(
        image_io.read_transparent(content_file.read(), content_file.name)
    )
    guide = next((image_io.read(file.read(), file.name) for file in inputs.get("guide", ())), None)
    masks = task_masks.resolve(settings, inputs, content, progress)
    dream: Dream | ZoomVideo = (zoom if settings.zoom else ascend)(content, settings, guide, progress)
    if dream.stopped_early and not dream.figures["steps"]:
        raise Cancelled  # there is no result yet
    if isinstance(dream, Dream):
        image, weights = masks.blend(dream.image, content), dream.weights | masks.weights
        dream = replace(dream, image=image, weights=weights)
    final_settings = _make_reproducible_settings(settings, dream)
    recipe = recipes.make("dream.ascend", final_settings, inputs, dream.weights)
    stem = f"{Path(content_file.name).stem}-dream"
    if isinstance(dream, ZoomVideo) and final_settings.zoom:
        file = File.store(dream.video, "animation", f"{stem}.{final_settings.video}")
    else:
        image = transparency.join_alpha(dream.image, alpha)
        file = File.store(image_io.encode_png(image, recipe), "image", f"{stem}.png")
    return Result(
        (file,), {**dream.figures, "notes": _describe_missing_preset(settings)}, recipe, dream.stopped_early
    )


def _describe_missing_preset(settings: DreamSettings) -> list[str]:
    """Returns a note if the backbone lacks the preset."""
    if not is_preset_ignored(settings.look, settings.layers, settings.backbone):
        return []
    note = (
        f"{settings.backbone} does not have the preset {settings.look}. Its default layer was used instead."
    )
    return [f"{note} Set the backbone to auto for the preset."]


def _make_reproducible_settings(settings: DreamSettings, dream: Dream | ZoomVideo) -> DreamSettings:
    """Returns the settings that reproduce the result, also if it ended early."""
    updates: dict[str, Any] = {}
    if isinstance(dream, ZoomVideo) and not dream.video:
        updates = {"zoom": 0, "most_steps": dream.figures["image_steps"]}
    elif isinstance(dream, ZoomVideo) and dream.frames < settings.zoom:
        updates = {"zoom": dream.frames, "most_steps": None}
    elif dream.stopped_early:
        updates = {"most_steps": dream.figures["steps"]}
    return settings.model_copy(update=updates)
