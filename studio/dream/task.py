"""A dream as a task: kept files in, a PNG with its recipe out."""

from __future__ import annotations

from pathlib import Path

from studio.core import images, recipes
from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.dream.ascend import ascend
from studio.dream.settings import DreamSettings


def run(settings: DreamSettings, inputs: Inputs, progress: Progress) -> Result:
    """Dreams a picture. See `studio.dream.ascend.ascend`."""
    pictures = {slot: [images.read(file.read()) for file in files] for slot, files in inputs.items()}
    guide = next(iter(pictures.get("guide", ())), None)
    dreamt = ascend(pictures["content"][0], settings, guide, progress)
    if dreamt.stopped_early and not dreamt.figures["steps"]:
        raise Cancelled  # nothing was dreamt yet
    if dreamt.stopped_early:
        settings = settings.model_copy(update={"most_steps": dreamt.figures["steps"]})
    recipe = recipes.make("dream.ascend", settings, inputs, dreamt.weights)
    name = f"{Path(inputs['content'][0].name).stem}-dream.png"
    file = File.keep(images.encode_png(dreamt.image, recipe), "picture", name)
    return Result((file,), dreamt.figures, recipe, dreamt.stopped_early)
