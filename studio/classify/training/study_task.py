"""The task `classify.study`."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.classify.settings import StudySettings, TrainClassifierSettings
from studio.classify.training import estimate, plain_features, training_set
from studio.classify.training.features import extract_features
from studio.classify.training.study import run_experiments
from studio.classify.training.study_text import EDGES, PIXELS, UNTRAINED, feature_title
from studio.classify.training.training_set import TrainingSet
from studio.core import data, recipes
from studio.core.data.sources import invalid_data_set
from studio.core.errors import Unavailable
from studio.core.files import File
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result

PRETRAINED = ("vgg16", "resnet50", "efficientnet-lite0")
MAX_TRAINING_IMAGES, MAX_TEST_IMAGES = 600, 300  # images at most, the same share of each class
_HEADS_SECONDS = 15.0  # seconds for all heads


def estimate_seconds(settings: StudySettings, inputs: Inputs) -> float:
    """Estimates the seconds on two cores. Does not load Keras. Raises as `estimate.estimate_seconds`."""
    choices = [
        TrainClassifierSettings.parse({"backbone": name, "size": settings.size}) for name in PRETRAINED
    ]
    return _HEADS_SECONDS + sum(estimate.estimate_seconds(choice, inputs) for choice in choices)


def estimate_bytes(settings: StudySettings, inputs: Inputs) -> float:
    """Estimates the memory in bytes. Does not load Keras."""
    return estimate.estimate_bytes(TrainClassifierSettings(backbone="vgg16", size=settings.size), inputs)


def run(settings: StudySettings, inputs: Inputs, progress: Progress) -> Result:
    """Measures what affects accuracy on a dataset. See `studio.classify.training.study`."""
    began, file = time.monotonic(), inputs["data"][0]
    if data.load_dataset(file, settings.size, 3, progress).multi_hot is not None:
        received, step = "several labels for some images", "choose another, or train directly"
        raise invalid_data_set(file.name, "one label for each image", received, step)
    samples = training_set.load(
        file, settings.backbone, settings.size, settings.held_out, settings.seed, progress
    )
    rows = _subsample(samples, samples.train_rows, MAX_TRAINING_IMAGES, settings.seed)
    test_rows = _subsample(samples, samples.test_rows, MAX_TEST_IMAGES, settings.seed)
    weights: dict[str, str] = {settings.backbone: samples.backbone.digest}
    notes = list(samples.notes)
    if len(rows) < len(samples.train_rows) or len(test_rows) < len(samples.test_rows):
        notes.append(f"Only {len(rows):,} images were used for training and {len(test_rows):,} for testing.")
    kinds = _extract_features(settings, samples, np.concatenate([rows, test_rows]), weights, notes, progress)
    results = run_experiments(samples, kinds, settings.backbone, rows, test_rows, settings.seed, progress)
    results["notes"] = notes
    recipe = recipes.make("classify.study", settings, inputs, weights)
    report = File.store(json.dumps(results).encode(), "text", f"{Path(file.name).stem}-study.json")
    return Result((report,), {**results, "seconds": time.monotonic() - began}, recipe)


def _subsample(samples: TrainingSet, rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Returns at most about `count` rows, sorted: the same share of each class, but at least two."""
    if len(rows) <= count:
        return rows
    labels, rng = samples.labels(rows), np.random.default_rng([seed, 4])
    by_class = (rng.permutation(rows[labels == label]) for label in range(len(samples.classes)))
    subsets = [class_rows[: max(2, len(class_rows) * count // len(rows))] for class_rows in by_class]
    return np.sort(np.concatenate(subsets))


def _extract_features(
    settings: StudySettings,
    samples: TrainingSet,
    rows: np.ndarray,
    weights: dict[str, str],
    notes: list[str],
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Extracts each kind of features of some rows, from pixels to pretrained networks.

    Adds the weights in use to `weights`, and the networks that cannot be loaded to `notes`.
    """
    dataset = samples.dataset
    kinds = {
        name: plain_features.extract_rows(dataset, rows, extract)
        for name, extract in ((PIXELS, plain_features.extract_pixels), (EDGES, plain_features.extract_edges))
    }
    kinds[UNTRAINED] = plain_features.extract_untrained(
        np.asarray(dataset.images[rows]), settings.seed, progress
    )
    subset = replace(dataset, images=np.asarray(dataset.images[rows]), digests=dataset.digests[rows])
    for name in PRETRAINED:
        if name == settings.backbone:
            kinds[name] = samples.features[rows]
            continue
        try:
            backbone = backbones.load(name, progress)
        except Unavailable as error:
            notes.append(f"{feature_title(name)} could not be used. {error}")
            continue
        weights[name] = backbone.digest
        kinds[name] = extract_features(subset, backbone, progress)
    return kinds
