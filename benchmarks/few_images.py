"""Classify: the test accuracy of each backbone with few training images, as the camera gives.

    python -m benchmarks.few_images DATA... [--each 10] [--tested 60] [--seeds 5] [--backbones resnet50 ...]

Each seed draws other images to train on. The rest of the first `--each` + `--tested` images of each class is
the test split. The head is the default one; images are 224 px.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from benchmarks.report import make_parser, note, print_figures
from studio.classify.settings import Backbone, TrainClassifierSettings
from studio.classify.training import features, train_head, training_set
from studio.classify.training.training_set import TrainingSet
from studio.core import data
from studio.core.data import sample_sets
from studio.core.data.cache import ImageDataset
from studio.core.objectives import backbones

SIDE = 224


def take_first(dataset: ImageDataset, count: int) -> ImageDataset:
    """Returns a dataset of the first images of each class."""
    labels = dataset.known_labels
    rows = np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(len(dataset.classes))])
    names = tuple(dataset.names[row] for row in rows)
    return replace(
        dataset,
        images=dataset.images[rows],
        names=names,
        labels=labels[rows],
        digests=dataset.digests[rows],
    )


def measure_accuracy(samples: TrainingSet, each: int, seed: int) -> float:
    """Trains a head on `each` images of each class and returns its accuracy on the others."""
    labels, rng = samples.dataset.known_labels, np.random.default_rng(seed)
    by_class = [rng.permutation(np.flatnonzero(labels == label)) for label in range(len(samples.classes))]
    train_rows, test_rows = (
        np.sort(np.concatenate(parts))
        for parts in zip(*((rows[:each], rows[each:]) for rows in by_class), strict=True)
    )
    folds = training_set.assign_folds(labels[train_rows], np.arange(len(train_rows)), seed)
    part = replace(samples, train_rows=train_rows, test_rows=test_rows, folds=folds)
    probabilities = train_head.train(part, TrainClassifierSettings(seed=seed)).probabilities[test_rows]
    return float((probabilities.argmax(axis=1) == labels[test_rows]).mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__ or "", quick="sample:hair --each 3 --tested 5 --seeds 1")
    parser.add_argument("data", metavar="DATA", nargs="+", help="a tar with a folder a class, or sample:NAME")
    parser.add_argument("--each", type=int, default=10, help="training images of each class")
    parser.add_argument("--tested", type=int, default=60, help="at most so many test images of each class")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--backbones", nargs="+", default=["resnet50", "efficientnet-lite0"])
    args = parser.parse_args(argv)
    if unknown := set(args.backbones) - set(get_args(Backbone)):
        parser.error(f"unknown backbone: {', '.join(sorted(unknown))}")
    figures: dict[str, object] = {}
    for text in args.data:
        dataset = take_first(data.load_dataset(sample_sets.resolve(text), SIDE), args.each + args.tested)
        for name in args.backbones:
            note(f"{text}, {name}")
            backbone, empty = backbones.load(name), np.empty(0, "int64")
            vectors = features.extract_features(dataset, backbone)
            samples = TrainingSet(dataset, backbone, vectors, empty, empty, empty)
            accuracies = [measure_accuracy(samples, args.each, seed) for seed in range(args.seeds)]
            figures[f"{text}, {name}, mean accuracy"] = float(np.mean(accuracies))
            figures[f"{text}, {name}, lowest to highest"] = f"{min(accuracies):.3f} to {max(accuracies):.3f}"
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
