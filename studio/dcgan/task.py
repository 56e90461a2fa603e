"""Training a DCGAN as a task: a data set in, a packed model with its card out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.core import data
from studio.core.data import ImageDataset
from studio.core.data.split import compute_positions, split
from studio.core.errors import Cancelled
from studio.core.generators import MIN_IMAGES, classes, latent
from studio.core.generators.directions import center_classes, name_directions
from studio.core.generators.publish import Evaluation, publish_generator
from studio.core.metrics import comparison
from studio.core.models import loading
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.dcgan import card, generator
from studio.dcgan.settings import TrainDcganSettings

if TYPE_CHECKING:
    from studio.core.generators.vgg16_discriminator import FeatureExtractor
    from studio.dcgan import model

DIRECTION_IMAGES = 2000  # images from which latent directions are estimated
QUICK_IMAGES = 200  # DIRECTION_IMAGES when the user stopped training and waits


@checkpoints.lock_run(generator.TASK)
def train(settings: TrainDcganSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a DCGAN on images and publishes the packed model; the work is in `studio.dcgan.train`."""
    from studio.dcgan import train as training

    data_file, (start, start_classes) = inputs["data"][0], _load_start_model(inputs)
    dataset = data.load_dataset(data_file, settings.size, settings.channels, progress, min_images=MIN_IMAGES)
    class_names, notes = classes.select(dataset, settings.conditional)
    labels = dataset.known_labels if class_names else None
    if start is not None:
        classes.check_same(start_classes, class_names)
    train_rows, test_rows = split(compute_positions(dataset, progress), settings.held_out)
    scorer = comparison.Scorer(dataset, train_rows, test_rows, settings.scored, progress)
    feature_extractor, weights = _load_feature_extractor(settings, progress)
    job = publish.TrainingJob(generator.TASK, "train_dcgan", settings, inputs)
    trainer = training.Trainer(
        dataset.select(train_rows),
        settings,
        scorer.measure_kid,
        job.run,
        start,
        progress,
        feature_extractor,
        validation=dataset.select(test_rows),
        class_count=len(class_names),
        labels=None if labels is None else labels[train_rows],
        validation_labels=None if labels is None else labels[test_rows],
    ).fit(progress)
    stopped = trainer.stop_reason == "cancelled"
    count = QUICK_IMAGES if stopped else max(DIRECTION_IMAGES, settings.scored)
    latents = trainer.latents.sample(np.random.default_rng([settings.seed, 9]), count)
    images = generator.generate_images(trainer.result.generator, latents)
    try:
        scores = scorer.compare(images, None if stopped else progress)
    except Cancelled:
        stopped, scores = True, comparison.Comparison()
    z, one_hot = np.split(latents, [settings.latent_dim], axis=1)
    directions = _find_directions(z, one_hot, images, scores, dataset)
    return publish_generator(
        job,
        trainer,
        Evaluation(dataset, train_rows, test_rows, images, scores, stopped, notes),
        card.compose,
        figures={
            "parameters": trainer.result.generator.count_params(),
            "rollbacks": trainer.rollbacks,
            "classes": len(class_names),
        },
        metadata={
            "directions": {name: direction.to_json() for name, direction in directions.items()},
            "density": None,
            "classes": list(class_names),
        },
        weights=weights,
    )


def _find_directions(
    z: np.ndarray,
    one_hot: np.ndarray,
    images: np.ndarray,
    scores: comparison.Comparison,
    dataset: ImageDataset,
) -> dict[str, latent.Direction]:
    """Returns latent directions by name: principal components, and attributes that can be guessed.

    Args:
        z: latents without their classes, `(n, latent_dim)`.
        one_hot: their classes, `(n, class_count)`.
        images: their images, `(n, size, size, 3) uint8`.
        scores: of the images, with their attributes.
        dataset: the training data.
    """
    directions = []
    first = slice(DIRECTION_IMAGES)
    for name, (values, explained_share) in scores.attributes.items():
        if not np.ptp(values):
            continue
        vector, share = latent.fit_direction(z[: len(values)], center_classes(values, one_hot[: len(values)]))
        share *= explained_share  # the guess itself explains only part of the attribute
        if share > comparison.MIN_EXPLAINED_SHARE:
            note = comparison.describe_direction(name, share, comparison.GUESSED)
            directions.append((share, name, latent.Direction(vector, note)))
    return name_directions(directions, latent.find_principal(z[first], images[first], one_hot[first]))


def _load_feature_extractor(
    settings: TrainDcganSettings, progress: Progress
) -> tuple[FeatureExtractor | None, dict[str, str]]:
    """Returns VGG16's feature extractor and the SHA-256 of its weights if the settings ask for them."""
    if not settings.vgg16_discriminator:
        return None, {}
    from studio.core.generators.vgg16_discriminator import LAYERS
    from studio.core.objectives import backbones

    return backbones.load_vgg16_features(LAYERS, progress, settings.precision)


def _load_start_model(inputs: Inputs) -> tuple[model.Gan | None, tuple[str, ...]]:
    """Loads the model to start from and its classes; None and () without one."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None, ()
    from studio.dcgan import model

    names = classes.read(preset.read_data())
    gan = model.Gan(generator.settings_of(preset), class_count=len(names))
    loading.load_weights(gan, preset)
    return gan, names
