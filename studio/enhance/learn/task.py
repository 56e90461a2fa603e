"""Training upscaling or denoising as a task: from photos to a packed network with its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.core import data
from studio.core.data.sources import invalid_data_set
from studio.core.data.split import compute_positions, split
from studio.core.errors import invalid
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.enhance import models
from studio.enhance.learn import card, damaging, windows
from studio.enhance.planes import FOLD
from studio.enhance.settings import CLEAN, TrainEnhanceSettings

if TYPE_CHECKING:
    from studio.enhance.learn.train import Trainer

LEAST_PHOTOS = 20


def check(settings: TrainEnhanceSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless crops fit into photos and a network to start from fits."""
    cleans = settings.to == CLEAN
    if cleans and settings.window % FOLD:
        expected, step = "an even number", f"choose {settings.window + 1}"
        raise invalid("window", expected=expected, received=settings.window, next_step=step)
    least = (damaging if cleans else windows).least_photo_side(settings.window)
    if settings.photo_size < least:
        expected, step = f"at least {least} px for windows of {settings.window} px", "choose smaller windows"
        raise invalid("photo_size", expected=expected, received=f"{settings.photo_size} px", next_step=step)
    start_from.check(settings, inputs, models.TASK, models.WHAT[settings.to], models.SHAPE)


@checkpoints.lock_run(models.TASK)
def train(settings: TrainEnhanceSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network for upscaling or denoising; see `studio.enhance.learn.train`."""
    file, size, start = inputs["data"][0], settings.photo_size, _start(settings, inputs)
    learner = _learning(settings)
    dataset = data.load_dataset(file, size, learner.channels, progress, least=LEAST_PHOTOS)
    large = np.flatnonzero(dataset.sizes.min(axis=1) >= size)
    if len(large) < LEAST_PHOTOS:
        expected = f"at least {LEAST_PHOTOS} images of {size} px or more"
        raise invalid_data_set(
            file.name, expected, f"{len(large):,}", "add larger images, or lower photo_size"
        )
    small = len(dataset.names) - len(large)
    learned, held_out = split(compute_positions(dataset, progress)[large], settings.held_out)
    photos = dataset.images[large]
    if drawings := inputs.get("drawings"):
        added = data.load_dataset(drawings[0], size, learner.channels, progress).images
        photos = np.concatenate([photos, added])
        learned = np.concatenate([learned, np.arange(len(large), len(photos))])
    job = publish.Job(models.TASK, "train_enhance", settings, inputs)
    trainer = learner(photos, learned, held_out, settings, job.run, start).fit(progress)
    figures = {
        **job.figures(trainer, [*dataset.notes, *_left_out(small, size)]),
        "photos": len(large),
        "drawings": len(photos) - len(large),
        "held_out": len(held_out),
        "tested_photos": len(trainer.end_rows),
        **trainer.scores,
    }
    image = publish.draw_card_image(trainer.sheet(), figures["curve"])
    extra_arguments = [
        word for file in inputs.get("drawings", ()) for word in ("--drawings", data.command_name(file))
    ]
    suffix = "-cleaning" if settings.to == CLEAN else "-enlarging"
    return job.publish(trainer.result, figures, card.write, more=extra_arguments, image=image, suffix=suffix)


def _learning(settings: TrainEnhanceSettings) -> type[Trainer]:
    """Returns the trainer of the task; loads Keras."""
    if settings.to == CLEAN:
        from studio.enhance.learn.cleaning import Cleaning

        return Cleaning
    from studio.enhance.learn.enlarging import Enlarging

    return Enlarging


def _left_out(count: int, size: int) -> list[str]:
    return [f"Images smaller than {size} px were left out: {count:,}."] if count else []


def _start(settings: TrainEnhanceSettings, inputs: Inputs) -> list[np.ndarray] | None:
    """Returns the weights of the network to start from, if there is one."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None
    from studio.enhance.network import load

    models.settings_of(preset, settings.to)
    return load(preset).get_weights()
