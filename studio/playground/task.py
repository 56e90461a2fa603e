"""Training on one photo as a task: from a photo to the network's image, or a video of the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.playground.learn import TrainingResult, learn
from studio.playground.settings import PlaygroundSettings

DIVERGED = (
    "Training diverged after step {steps}: the weights overflowed float32. "
    "This is the last valid image. "
    "Try a lower learning rate."
)
WORSE = "The loss rose above its first value. Try a lower learning rate."
_WORSE_FACTOR = 1.05  # factor of the first loss


def run(settings: PlaygroundSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network on a photo; see `studio.playground.learn.learn`."""
    photo = inputs["content"][0]
    result = learn(image_io.read(photo.read(), photo.name), settings, progress)
    final_settings = _make_reproducible_settings(settings, result)
    recipe = recipes.make("playground.train", final_settings, inputs)
    stem = f"{Path(photo.name).stem}-painted"
    if result.video:
        file = File.store(result.video, "animation", f"{stem}.{final_settings.video}")
    else:
        file = File.store(image_io.encode_png(result.image, recipe), "image", f"{stem}.png")
    return Result((file,), collect_figures(settings, result), recipe, result.stopped_early)


def collect_figures(settings: PlaygroundSettings, result: TrainingResult) -> dict[str, Any]:
    """Returns the figures of a training run, with messages for the user under "notes"."""
    figures: dict[str, Any] = {
        "seconds": result.seconds,
        "steps": result.steps,
        "parameters": settings.parameters,
        "psnr_learned": result.last.psnr_learned,
        "psnr_held_out": result.last.psnr_held_out,
        "loss_learned": result.last.learned,
        "loss_held_out": result.last.held_out,
        "gradients": result.last.gradients,
        "values": result.last.values,
        "history": result.history,
        "notes": [],
    }
    if result.frames:
        figures["frames"] = result.frames
    if result.has_diverged:
        figures["ended"] = "ran away"
        figures["notes"] = [DIVERGED.format(steps=result.steps)]
    elif result.last.learned > _WORSE_FACTOR * result.history[0]["training"]:
        figures["notes"] = [WORSE]
    return figures


def _make_reproducible_settings(settings: PlaygroundSettings, result: TrainingResult) -> PlaygroundSettings:
    """Returns the settings that reproduce the result, also if it was stopped."""
    updates: dict[str, Any] = {}
    if result.stopped_early:
        updates["most_steps"] = result.steps
        if not result.video:
            updates |= {"frames": 0, "size": max(result.image.shape[:2])}
    return settings.model_copy(update=updates)
