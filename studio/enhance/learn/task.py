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
from studio.enhance.learn import card, random_damage, windows
from studio.enhance.planes import FOLD
from studio.enhance.settings import CLEAN, TrainEnhanceSettings

if TYPE_CHECKING:
    from studio.enhance.learn.train import Trainer

MIN_PHOTOS = 20


def check(settings: TrainEnhanceSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless crops fit into photos and a network to start from fits."""
    cleans = settings.to == CLEAN
    if cleans and settings.window % FOLD:
        expected, step = "an even number", f"choose {settings.window + 1}"
        raise invalid("window", expected=expected, received=settings.window, next_step=step)
    min_side = (random_damage if cleans else windows).min_photo_side(settings.window)
    if settings.photo_size < min_side:
        expected = f"at least {min_side} px for windows of {settings.window} px"
        received, step = f"{settings.photo_size} px", "choose smaller windows"
        raise invalid("photo_size", expected=expected, received=received, next_step=step)
    start_from.check(settings, inputs, models.TASK, models.DESCRIPTIONS[settings.to], models.SHAPE_SETTINGS)


@checkpoints.lock_run(models.TASK)
def train(settings: TrainEnhanceSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network for upscaling or denoising; see `studio.enhance.learn.train`."""
    file, size = inputs["data"][0], settings.photo_size
    start = start_from.load_weights(inputs, "studio.enhance.network:load")
    trainer_class = _import_trainer(settings)
    dataset = data.load_dataset(file, size, trainer_class.channels, progress, min_images=MIN_PHOTOS)
    large_rows = np.flatnonzero(dataset.sizes.min(axis=1) >= size)
    if len(large_rows) < MIN_PHOTOS:
        expected = f"at least {MIN_PHOTOS} images of {size} px or more"
        raise invalid_data_set(
            file.name, expected, f"{len(large_rows):,}", "add larger images, or lower photo_size"
        )
    small_count = len(dataset.names) - len(large_rows)
    train_rows, held_out_rows = split(compute_positions(dataset, progress)[large_rows], settings.held_out)
    photos = dataset.images[large_rows]
    if drawings := inputs.get("drawings"):
        added_images = data.load_dataset(drawings[0], size, trainer_class.channels, progress).images
        photos = np.concatenate([photos, added_images])
        train_rows = np.concatenate([train_rows, np.arange(len(large_rows), len(photos))])
    notes = list(dataset.notes)
    if small_count:
        notes.append(f"Images smaller than {size} px were left out: {small_count:,}.")
    job = publish.TrainingJob(models.TASK, "train_enhance", settings, inputs)
    trainer = trainer_class(photos, train_rows, held_out_rows, settings, job.run, start).fit(progress)
    counts = {
        "photos": len(large_rows),
        "drawings": len(photos) - len(large_rows),
        "held_out": len(held_out_rows),
    }
    extra_arguments = [
        word for file in inputs.get("drawings", ()) for word in ("--drawings", data.command_name(file))
    ]
    suffix = "-cleaning" if settings.to == CLEAN else "-enlarging"
    return publish.publish_photo_network(job, trainer, card.compose, counts, notes, suffix, extra_arguments)


def _import_trainer(settings: TrainEnhanceSettings) -> type[Trainer]:
    """Imports the trainer of the task, which loads Keras, and returns its class."""
    if settings.to == CLEAN:
        from studio.enhance.learn.cleaning_trainer import CleaningTrainer

        return CleaningTrainer
    from studio.enhance.learn.enlarging_trainer import EnlargingTrainer

    return EnlargingTrainer
