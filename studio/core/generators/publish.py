"""Publishes a trained generator with its figures, its card and its stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.data import ImageDataset
from studio.core.imaging.grids import make_grid
from studio.core.tasks import Result
from studio.core.training import publish, start_from

if TYPE_CHECKING:
    import keras

    from studio.core.metrics.comparison import Comparison
    from studio.core.training.trainer import Trainer

CARD_IMAGES = 64  # images on the card


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a generator after its training.

    Attributes:
        dataset: the training data.
        train_rows, test_rows: rows of its training and test split.
        images: generated images, `(n, size, size, 3) uint8`, of which the card shows the first.
        scores: of these images.
        is_stopped: whether the user stopped the training or its evaluation.
        notes: further sentences for the user.
    """

    dataset: ImageDataset
    train_rows: np.ndarray
    test_rows: np.ndarray
    images: np.ndarray
    scores: Comparison
    is_stopped: bool
    notes: Sequence[str] = ()


def publish_generator(
    job: publish.TrainingJob,
    trainer: Trainer,
    evaluation: Evaluation,
    write_card: Callable[[str, Any, dict[str, Any], str], str],
    *,
    figures: Mapping[str, Any],
    metadata: Mapping[str, Any],
    weights: Mapping[str, str] | None = None,
    network: keras.Model | None = None,
) -> Result:
    """Saves a generator with its card; see `TrainingJob.publish`.

    Args:
        job: of the task.
        trainer: after `fit`.
        evaluation: of the generator.
        write_card: returns the card's text.
        figures: further figures of this kind of generator.
        metadata: further facts to store with the model.
        weights: SHA-256, by name, of the pretrained networks whose features a discriminator used; None if
            this kind of generator has no discriminator.
        network: the model to save; by default the trainer's result.
    """
    dataset, scores = evaluation.dataset, evaluation.scores
    train_images = len(evaluation.train_rows)
    history = start_from.load_history(job.inputs, trainer.step, trainer.curves, trainer.stages)
    every_note = [*dataset.notes, *evaluation.notes, *scores.figures.get("notes", ())]
    every_figure = {
        **scores.figures,
        **job.collect_figures(trainer, every_note),
        "epochs": trainer.step * min(job.settings.batch, train_images) / train_images,
        "images": len(dataset.images),
        "held_out": len(evaluation.test_rows),
        **figures,
        "curve": history.curve,
    }
    if weights is not None:
        every_figure["taught_by"] = start_from.list_teachers(job.inputs, weights)
    if evaluation.is_stopped:
        every_figure["ended"] = "cancelled"
    grid = make_grid(evaluation.images[:CARD_IMAGES])
    return job.publish(
        network or trainer.result,
        every_figure,
        write_card,
        metadata={**metadata, "stages": history.stages},
        weights=weights,
        image=publish.draw_card_image(grid, history.curve, scores.distances),
        stages=history.sheet,
    )
