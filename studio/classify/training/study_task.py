"""The task `classify.study`."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.classify.settings import StudySettings, TrainClassifierSettings
from studio.classify.training import estimate, plain_features, training_set
from studio.classify.training.features import features
from studio.classify.training.study import study
from studio.classify.training.study_words import EDGES, PIXELS, UNTRAINED, title
from studio.classify.training.training_set import TrainingSet
from studio.core import recipes
from studio.core.errors import Unavailable
from studio.core.files import File
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result

LEARNED = ("vgg16", "resnet50")
MOST_LEARNED, MOST_TESTED = 600, 300  # images at most, the same share of each class
_HEADS = 15.0  # seconds for all heads


def usual(settings: StudySettings, inputs: Inputs) -> float:
    """Estimates the seconds on two cores. Does not load Keras. Raises as `estimate.usual`."""
    choices = [TrainClassifierSettings.parse({"backbone": name, "size": settings.size}) for name in LEARNED]
    return _HEADS + sum(estimate.usual(choice, inputs) for choice in choices)


def needs(settings: StudySettings, inputs: Inputs) -> float:
    """Estimates the memory in bytes. Does not load Keras."""
    return estimate.needs(TrainClassifierSettings(backbone="vgg16", size=settings.size), inputs)


def run(settings: StudySettings, inputs: Inputs, progress: Progress) -> Result:
    """Measures what affects accuracy on a dataset. See `studio.classify.training.study`."""
    began, file = time.monotonic(), inputs["data"][0]
    samples = training_set.load(
        file, settings.backbone, settings.size, settings.held_out, settings.seed, progress
    )
    rows = _subsample(samples, samples.train_rows, MOST_LEARNED, settings.seed)
    test_rows = _subsample(samples, samples.held_out, MOST_TESTED, settings.seed)
    weights: dict[str, str] = {settings.backbone: samples.backbone.digest}
    notes = list(samples.notes)
    if len(rows) < len(samples.train_rows) or len(test_rows) < len(samples.held_out):
        notes.append(f"Only {len(rows):,} images were used for training and {len(test_rows):,} for testing.")
    kinds = _features_by_kind(settings, samples, np.concatenate([rows, test_rows]), weights, notes, progress)
    results = study(samples, kinds, settings.backbone, rows, test_rows, settings.seed, progress)
    results["notes"] = notes
    recipe = recipes.make("classify.study", settings, inputs, weights)
    report = File.keep(json.dumps(results).encode(), "text", f"{Path(file.name).stem}-study.json")
    return Result((report,), {**results, "seconds": time.monotonic() - began}, recipe)


def _subsample(samples: TrainingSet, rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Returns at most about `most` rows, sorted: the same share of each class, but at least two."""
    if len(rows) <= most:
        return rows
    labels, rng = samples.labels(rows), np.random.default_rng([seed, 4])
    by_class = (rng.permutation(rows[labels == label]) for label in range(len(samples.classes)))
    return np.sort(
        np.concatenate([members[: max(2, len(members) * most // len(rows))] for members in by_class])
    )


def _features_by_kind(
    settings: StudySettings,
    samples: TrainingSet,
    rows: np.ndarray,
    weights: dict[str, str],
    notes: list[str],
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Returns each kind of features of some rows, from pixels to pretrained networks."""
    dataset = samples.dataset
    kinds = {
        name: plain_features.of_all(dataset, rows, extract)
        for name, extract in ((PIXELS, plain_features.pixels), (EDGES, plain_features.edges))
    }
    kinds[UNTRAINED] = plain_features.untrained(np.asarray(dataset.images[rows]), settings.seed, progress)
    subset = replace(dataset, images=np.asarray(dataset.images[rows]), digests=dataset.digests[rows])
    for name in LEARNED:
        if name == settings.backbone:
            kinds[name] = samples.features[rows]
            continue
        try:
            backbone = backbones.load(name, progress)
        except Unavailable as error:
            notes.append(f"{title(name)} could not be used. {error}")
            continue
        weights[name] = backbone.digest
        kinds[name] = features(subset, backbone, progress)
    return kinds
