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
    learned = learn(image_io.read(photo.read(), photo.name), settings, progress)
    final_settings = _reproducible_settings(settings, learned)
    recipe = recipes.make("playground.train", final_settings, inputs)
    stem = f"{Path(photo.name).stem}-painted"
    if learned.video:
        file = File.keep(learned.video, "animation", f"{stem}.{final_settings.video}")
    else:
        file = File.keep(image_io.encode_png(learned.image, recipe), "image", f"{stem}.png")
    return Result((file,), figures(settings, learned), recipe, learned.stopped_early)


def figures(settings: PlaygroundSettings, learned: TrainingResult) -> dict[str, Any]:
    """Returns the figures of a training run, with messages for the user under "notes"."""
    figures_by_name: dict[str, Any] = {
        "seconds": learned.seconds,
        "steps": learned.steps,
        "parameters": settings.parameters,
        "psnr_learned": learned.last.psnr_learned,
        "psnr_held_out": learned.last.psnr_held_out,
        "loss_learned": learned.last.learned,
        "loss_held_out": learned.last.held_out,
        "gradients": learned.last.gradients,
        "values": learned.last.values,
        "history": learned.history,
        "notes": [],
    }
    if learned.frames:
        figures_by_name["frames"] = learned.frames
    if learned.has_diverged:
        figures_by_name["ended"] = "ran away"
        figures_by_name["notes"] = [DIVERGED.format(steps=learned.steps)]
    elif learned.last.learned > _WORSE_FACTOR * learned.history[0]["training"]:
        figures_by_name["notes"] = [WORSE]
    return figures_by_name


def _reproducible_settings(settings: PlaygroundSettings, learned: TrainingResult) -> PlaygroundSettings:
    """Returns the settings that reproduce the result, also if it was stopped."""
    change: dict[str, Any] = {}
    if learned.stopped_early:
        change["most_steps"] = learned.steps
        if not learned.video:
            change |= {"frames": 0, "size": max(learned.image.shape[:2])}
    return settings.model_copy(update=change)
