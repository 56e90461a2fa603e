"""Painting as a task: a photo in; out what a network has learnt of it, as a picture or as a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.pictures import images
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.playground.learn import Learnt, learn
from studio.playground.settings import PlaygroundSettings

RAN_AWAY = (
    "Training diverged after step {steps}: the weights overflowed float32. "
    "This is the last valid image. "
    "Try a lower learning rate."
)
WORSE = "The loss rose above its first value. Try a lower learning rate."
_WORSE = 1.05  # times the loss that it began with


def run(settings: PlaygroundSettings, inputs: Inputs, progress: Progress) -> Result:
    """Paints, or films the learning. See `studio.playground.learn.learn`."""
    photo = inputs["content"][0]
    learnt = learn(images.read(photo.read(), photo.name), settings, progress)
    made = _as_made(settings, learnt)
    recipe = recipes.make("playground.train", made, inputs)
    stem = f"{Path(photo.name).stem}-painted"
    if learnt.film:
        file = File.keep(learnt.film, "animation", f"{stem}.{made.film}")
    else:
        file = File.keep(images.encode_png(learnt.picture, recipe), "picture", f"{stem}.png")
    return Result((file,), figures(settings, learnt), recipe, learnt.stopped_early)


def figures(settings: PlaygroundSettings, learnt: Learnt) -> dict[str, Any]:
    """What there is to say of it in numbers, and in sentences under "notes"."""
    told: dict[str, Any] = {
        "seconds": learnt.seconds,
        "steps": learnt.steps,
        "parameters": settings.parameters,
        "psnr_learnt": learnt.last.psnr_learnt,
        "psnr_held_out": learnt.last.psnr_held_out,
        "loss_learnt": learnt.last.learnt,
        "loss_held_out": learnt.last.held_out,
        "gradients": learnt.last.gradients,
        "values": learnt.last.values,
        "history": learnt.history,
        "notes": [],
    }
    if learnt.frames:
        told["frames"] = learnt.frames
    if learnt.ran_away:
        told["ended"] = "ran away"
        told["notes"] = [RAN_AWAY.format(steps=learnt.steps)]
    elif learnt.last.learnt > _WORSE * learnt.history[0]["learnt"]:
        told["notes"] = [WORSE]
    return told


def _as_made(settings: PlaygroundSettings, learnt: Learnt) -> PlaygroundSettings:
    """The settings that make the same again, also where it was stopped."""
    change: dict[str, Any] = {}
    if learnt.stopped_early:
        change["most_steps"] = learnt.steps
        if not learnt.film:
            change |= {"frames": 0, "size": max(learnt.picture.shape[:2])}
    return settings.model_copy(update=change)
