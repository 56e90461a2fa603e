"""Training to detect damage as a task: from photos to a packed network with its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from studio.core import data
from studio.core.data.split import compute_positions, split
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.core.training.settings import check_window
from studio.restore import models
from studio.restore.learn import card
from studio.restore.settings import TrainRestoreSettings

MIN_PHOTOS = 20


def check(settings: TrainRestoreSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless crops fit into photos and a network to start from fits."""
    check_window(settings.window, settings.photo_size)
    start_from.check(settings, inputs, models.TASK, models.DESCRIPTION, models.SHAPE_SETTINGS)


@checkpoints.lock_run(models.TASK)
def train(settings: TrainRestoreSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to detect damage; see `studio.restore.learn.train`."""
    from studio.restore.learn import train as training

    file, start = inputs["data"][0], start_from.load_weights(inputs, "studio.restore.network:load")
    dataset = data.load_dataset(file, settings.photo_size, 3, progress, min_images=MIN_PHOTOS)
    train_rows, held_out_rows = split(compute_positions(dataset, progress), settings.held_out)
    job = publish.TrainingJob(models.TASK, "train_restore", settings, inputs)
    trainer = training.Trainer(dataset.images, train_rows, held_out_rows, settings, job.run, start).fit(
        progress
    )
    counts = {"photos": len(dataset.images), "held_out": len(held_out_rows)}
    return publish.publish_photo_network(job, trainer, card.compose, counts, dataset.notes, "-damage")
