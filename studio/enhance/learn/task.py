"""Learning to enlarge as a task: photos in, a packed network with its card out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import data, recipes
from studio.core.data.sources import refused
from studio.core.errors import invalid
from studio.core.models import cards, loading, presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, start_from
from studio.core.training.loop import split
from studio.enhance import models
from studio.enhance.learn import card
from studio.enhance.learn.drawings import drawn
from studio.enhance.learn.windows import MARGIN
from studio.enhance.settings import SCALES, TrainEnhanceSettings

LEAST_PHOTOS = 20


def check(settings: TrainEnhanceSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless the windows fit into the photos, and a network to start from fits."""
    least = SCALES[-1] * (settings.window + 2 * MARGIN)
    if settings.photo_size < least:
        expected, step = f"at least {least} px for windows of {settings.window} px", "choose smaller windows"
        raise invalid("photo_size", expected=expected, received=f"{settings.photo_size} px", next_step=step)
    start_from.check(settings, inputs, models.TASK, models.WHAT, models.SHAPE)


@checkpoints.one_at_a_time(models.TASK)
def train(settings: TrainEnhanceSettings, inputs: Inputs, progress: Progress) -> Result:
    """Teaches a network to enlarge. See `studio.enhance.learn.train`."""
    from studio.enhance.learn import train as training

    file, size, start = inputs["data"][0], settings.photo_size, _start(inputs)
    pictures = data.pictures(file, size, 1, progress, least=LEAST_PHOTOS)
    large = np.flatnonzero(pictures.sizes.min(axis=1) >= size)
    if len(large) < LEAST_PHOTOS:
        expected = f"at least {LEAST_PHOTOS} pictures of {size} px or more"
        raise refused(
            file.name, expected, f"{len(large):,}", "add larger ones, or choose a smaller photo_size"
        )
    small = len(pictures.names) - len(large)
    learnt, held_out = split(len(large), settings.held_out)
    photos = pictures.images[large][..., 0]
    if settings.drawings:
        progress.stage("Drawing pictures to learn from")
        photos = np.concatenate([photos, drawn(settings.drawings, size, progress)])
        learnt = np.concatenate([learnt, np.arange(len(large), len(photos))])
    run = checkpoints.find(models.TASK, settings, inputs)
    trainer = training.Trainer(photos, learnt, held_out, settings, run, start)
    trained = training.train(trainer, progress)
    figures: dict[str, Any] = {
        "steps": trained.steps,
        "photos": len(large),
        "held_out": len(held_out),
        "tested_photos": len(trainer.at_the_end),
        "seconds": trained.curves.seconds,
        "parameters": trained.network.count_params(),
        **trained.tested,
        "ended": trained.ended,
        **start_from.origin(inputs),
        "notes": [*pictures.notes, *_left_out(small, size)],
        "curve": {"steps": trained.curves.steps, **trained.curves.losses, **trained.curves.tests},
    }
    recipe = recipes.make(models.TASK, settings, inputs)
    name = data.command_name(file)
    command = cards.command("train_enhance", name, settings, figures["started_from"])
    told = {"trained_on": name, "command": command, "figures": figures}
    text = card.write(name, settings, figures, command)
    curves = {**trained.curves.losses, **trained.curves.tests}
    picture = cards.picture(trainer.sheet(), trained.curves.steps, curves)
    packed = presets.pack(trained.network, models.TASK, settings, text, recipe, told, picture)
    stopped = trained.ended == "cancelled"
    kept = File.keep(packed, "model", f"{Path(file.name).stem}-enlarging.zip")
    if not stopped:
        run.forget()
    return Result((kept,), figures, recipe, stopped)


def _left_out(count: int, size: int) -> list[str]:
    return [f"Pictures of less than {size} px were left out: {count:,}."] if count else []


def _start(inputs: Inputs) -> list[np.ndarray] | None:
    """The weights of the network to start from, if there is one."""
    preset = start_from.model(inputs)
    return loading.arrays(preset.weights(), models.layout(models.settings_of(preset))) if preset else None
