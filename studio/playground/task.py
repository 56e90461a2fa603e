"""Painting as a task: a photo in; out what a network has learned of it, as an image or as a video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.playground.learn import Learned, learn
from studio.playground.settings import PlaygroundSettings

RAN_AWAY = (
    "Training diverged after step {steps}: the weights overflowed float32. "
    "This is the last valid image. "
    "Try a lower learning rate."
)
WORSE = "The loss rose above its first value. Try a lower learning rate."
_WORSE = 1.05  # times the loss that it began with


def run(settings: PlaygroundSettings, inputs: Inputs, progress: Progress) -> Result:
    """Paints, or videos the learning. See `studio.playground.learn.learn`."""
    photo = inputs["content"][0]
    learned = learn(image_io.read(photo.read(), photo.name), settings, progress)
    made = _as_made(settings, learned)
    recipe = recipes.make("playground.train", made, inputs)
    stem = f"{Path(photo.name).stem}-painted"
    if learned.video:
        file = File.keep(learned.video, "animation", f"{stem}.{made.video}")
    else:
        file = File.keep(image_io.encode_png(learned.image, recipe), "image", f"{stem}.png")
    return Result((file,), figures(settings, learned), recipe, learned.stopped_early)


def figures(settings: PlaygroundSettings, learned: Learned) -> dict[str, Any]:
    """What there is to say of it in numbers, and in sentences under "notes"."""
    told: dict[str, Any] = {
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
        told["frames"] = learned.frames
    if learned.ran_away:
        told["ended"] = "ran away"
        told["notes"] = [RAN_AWAY.format(steps=learned.steps)]
    elif learned.last.learned > _WORSE * learned.history[0]["learned"]:
        told["notes"] = [WORSE]
    return told


def _as_made(settings: PlaygroundSettings, learned: Learned) -> PlaygroundSettings:
    """The settings that make the same again, also where it was stopped."""
    change: dict[str, Any] = {}
    if learned.stopped_early:
        change["most_steps"] = learned.steps
        if not learned.video:
            change |= {"frames": 0, "size": max(learned.image.shape[:2])}
    return settings.model_copy(update=change)
