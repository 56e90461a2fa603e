"""What learning needs, as a task: a data set in, figures out, as JSON."""

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
MOST_LEARNED, MOST_TESTED = 600, 300  # images, of each class the same share, that are taken at most
_HEADS = 15.0  # s that all heads take


def usual(settings: StudySettings, inputs: Inputs) -> float:
    """About how many seconds it takes on two cores. Loads no Keras. Raises as `estimate.usual`."""
    asked = [TrainClassifierSettings.parse({"backbone": name, "size": settings.size}) for name in LEARNED]
    return _HEADS + sum(estimate.usual(one, inputs) for one in asked)


def needs(settings: StudySettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes. Loads no Keras."""
    return estimate.needs(TrainClassifierSettings(backbone="vgg16", size=settings.size), inputs)


def run(settings: StudySettings, inputs: Inputs, progress: Progress) -> Result:
    """Measures what learning needs on a data set. See `studio.classify.training.study`."""
    began, file = time.monotonic(), inputs["data"][0]
    found = training_set.load(
        file, settings.backbone, settings.size, settings.held_out, settings.seed, progress
    )
    rows = _some(found, found.learned, MOST_LEARNED, settings.seed)
    tested = _some(found, found.held_out, MOST_TESTED, settings.seed)
    weights: dict[str, str] = {settings.backbone: found.backbone.digest}
    notes = list(found.notes)
    if len(rows) < len(found.learned) or len(tested) < len(found.held_out):
        notes.append(f"Only {len(rows):,} images were used for training and {len(tested):,} for testing.")
    kinds = _kinds(settings, found, np.concatenate([rows, tested]), weights, notes, progress)
    told = study(found, kinds, settings.backbone, rows, tested, settings.seed, progress)
    told["notes"] = notes
    recipe = recipes.make("classify.study", settings, inputs, weights)
    kept = File.keep(json.dumps(told).encode(), "text", f"{Path(file.name).stem}-study.json")
    return Result((kept,), {**told, "seconds": time.monotonic() - began}, recipe)


def _some(found: TrainingSet, rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """So many rows at most, sorted: of each class the same share, and two at least where there are two."""
    if len(rows) <= most:
        return rows
    labels, rng = found.labels(rows), np.random.default_rng([seed, 4])
    mine = (rng.permutation(rows[labels == one]) for one in range(len(found.classes)))
    return np.sort(np.concatenate([one[: max(2, len(one) * most // len(rows))] for one in mine]))


def _kinds(
    settings: StudySettings,
    found: TrainingSet,
    rows: np.ndarray,
    weights: dict[str, str],
    notes: list[str],
    progress: Progress,
) -> dict[str, np.ndarray]:
    """What is seen in the images of some rows, from nothing learned to most."""
    dataset = found.dataset
    kinds = {
        name: plain_features.of_all(dataset, rows, look)
        for name, look in ((PIXELS, plain_features.pixels), (EDGES, plain_features.edges))
    }
    kinds[UNTRAINED] = plain_features.untrained(np.asarray(dataset.images[rows]), settings.seed, progress)
    taken = replace(dataset, images=np.asarray(dataset.images[rows]), digests=dataset.digests[rows])
    for name in LEARNED:
        if name == settings.backbone:
            kinds[name] = found.features[rows]
            continue
        try:
            backbone = backbones.load(name, progress)
        except Unavailable as error:
            notes.append(f"{title(name)} could not be used. {error}")
            continue
        weights[name] = backbone.digest
        kinds[name] = features(taken, backbone, progress)
    return kinds
