"""Training a diffusion model as a task: a data set in, a packed model with its card out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from studio.core import data
from studio.core.data.split import compute_positions, split
from studio.core.errors import Cancelled
from studio.core.generators import MIN_IMAGES, classes
from studio.core.generators.publish import CARD_IMAGES, Evaluation, publish_generator
from studio.core.metrics import comparison
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.diffusion import card, generator
from studio.diffusion.settings import TrainDiffusionSettings

if TYPE_CHECKING:
    from studio.diffusion.model import Unet

STEPS = 25  # denoising steps of the images on the card and for the metrics


@checkpoints.lock_run(generator.TASK)
def train(settings: TrainDiffusionSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a diffusion model on images and publishes it; the work is in `studio.diffusion.train`."""
    from studio.diffusion import train as training

    data_file, (start, start_classes) = inputs["data"][0], _load_start_model(inputs)
    dataset = data.load_dataset(data_file, settings.size, settings.channels, progress, min_images=MIN_IMAGES)
    class_names, notes = classes.select(dataset, settings.conditional)
    labels = dataset.known_labels if class_names else None
    if start is not None:
        classes.check_same(start_classes, class_names)
    train_rows, validation_rows, test_rows = split(
        compute_positions(dataset, progress), settings.held_out / 2, settings.held_out
    )
    scorer = comparison.Scorer(dataset, train_rows, test_rows, settings.scored, progress)
    job = publish.TrainingJob(generator.TASK, "train_diffusion", settings, inputs)
    trainer = training.Trainer(
        dataset.images, labels, len(class_names), train_rows, validation_rows, settings, job.run, start
    ).fit(progress)
    stopped = trainer.stop_reason == "cancelled"
    try:
        count = CARD_IMAGES if stopped else max(CARD_IMAGES, scorer.scored)
        images = _generate_images(trainer.result, settings, labels, train_rows, count, progress)
        scores = scorer.compare(images, None if stopped else progress)
    except Cancelled:
        images = _generate_images(trainer.result, settings, labels, train_rows, CARD_IMAGES, Progress())
        stopped, scores = True, comparison.Comparison()
    return publish_generator(
        job,
        trainer,
        Evaluation(dataset, train_rows, test_rows, images, scores, stopped, notes),
        card.compose,
        figures={"classes": len(class_names), "sampling_steps": STEPS},
        metadata={"classes": list(class_names)},
    )


def _generate_images(
    model: Unet,
    settings: TrainDiffusionSettings,
    labels: np.ndarray | None,
    train_rows: np.ndarray,
    count: int,
    progress: Progress,
) -> np.ndarray:
    """Generates the images of the card and of the final metrics, `(n, size, size, 3) uint8`.

    Their classes are as frequent as in the training images.
    """
    from studio.diffusion import train as training

    rng = np.random.default_rng([settings.seed, 9])
    image_labels = None if labels is None else labels[rng.choice(train_rows, count)]
    batches = []
    for at in range(0, count, CARD_IMAGES):
        progress.report(at, count, text="Generating images to compare")
        part_labels = None if image_labels is None else image_labels[at : at + CARD_IMAGES]
        shape = min(CARD_IMAGES, count - at), math.prod(settings.shape)
        z = rng.standard_normal(shape, dtype="float32")  # all at once could take gigabytes
        batches.append(training.generate_images(model, z, STEPS, part_labels, progress))
    images = np.concatenate(batches)
    return np.broadcast_to(images, (*images.shape[:3], 3))


def _load_start_model(inputs: Inputs) -> tuple[list[np.ndarray] | None, tuple[str, ...]]:
    """Returns the weights and the classes of the model to start from; None and () without one."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None, ()
    return generator.load_unet(preset).get_weights(), classes.read(preset.read_data())
