"""Training to colorize as a task: from photos to a packed network with its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from studio.colorize import lab, models
from studio.colorize.learn import card
from studio.colorize.settings import NO_BACKBONE, TrainColorizeSettings
from studio.core import data
from studio.core.data.sources import invalid_data_set
from studio.core.data.split import compute_positions, split
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.core.training.settings import check_window

MIN_PHOTOS = 20
MIN_CHROMA = 2.0  # mean chroma below which an image has no colors to learn


def check(settings: TrainColorizeSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless crops fit into photos and a network to start from fits."""
    check_window(settings.window, settings.photo_size)
    start_from.check(settings, inputs, models.TASK, models.DESCRIPTION, models.SHAPE_SETTINGS)


@checkpoints.lock_run(models.TASK)
def train(settings: TrainColorizeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network to colorize; see `studio.colorize.learn.train`."""
    from studio.colorize.learn import train as training

    weights = fetch_backbone(settings, progress)
    file, start = inputs["data"][0], start_from.load_weights(inputs, "studio.colorize.network:load")
    dataset = data.load_dataset(file, settings.photo_size, 3, progress, min_images=MIN_PHOTOS)
    colored = np.flatnonzero(find_colorful(dataset.images))
    if len(colored) < MIN_PHOTOS:
        expected = f"at least {MIN_PHOTOS} photos in color"
        raise invalid_data_set(file.name, expected, f"{len(colored):,}", "add photos that are not gray")
    splits = split(compute_positions(dataset, progress)[colored], settings.held_out)
    train_rows, held_out_rows = (colored[rows] for rows in splits)
    job = publish.TrainingJob(models.TASK, "train_colorize", settings, inputs)
    trainer = training.Trainer(dataset.images, train_rows, held_out_rows, settings, job.run, start).fit(
        progress
    )
    gray_count = len(dataset.names) - len(colored)
    notes = [*dataset.notes, *([f"Gray images were left out: {gray_count:,}."] if gray_count else [])]
    counts = {"photos": len(colored), "held_out": len(held_out_rows)}
    return publish.publish_photo_network(
        job, trainer, card.compose, counts, notes, "-colors", weights=weights
    )


def fetch_backbone(settings: TrainColorizeSettings, progress: Progress) -> dict[str, str]:
    """Loads the backbone after a download if necessary, and returns its SHA-256; nothing without one."""
    if settings.backbone == NO_BACKBONE:
        return {}
    return {settings.backbone: backbones.load(settings.backbone, progress).digest}


def find_colorful(photos: np.ndarray) -> np.ndarray:
    """Returns which photos have colors, `(n,) bool`, from every fourth row and column."""
    is_colorful = np.empty(len(photos), bool)
    for n, photo in enumerate(photos):
        is_colorful[n] = lab.chroma(photo[::4, ::4]).mean() >= MIN_CHROMA
    return is_colorful
