"""How well the confidence of a classifier's head tells apart: the reject option and temperature scaling.

    python -m benchmarks.classifier_confidence --data FLOWERS --others sample:cartoons sample:hair

Trains linear heads on all classes of the first dataset but one, and counts how many images of that class, of
the other datasets and of the misclassified test images are below the threshold. Then trains heads with a
hidden layer on all classes, and measures the calibration error with and without temperature scaling. Features
are those of ResNet50 at 224 px.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.report import make_parser, note, print_figures
from studio.classify.data import split
from studio.classify.models import rejection
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import features, head, train_head, training_set
from studio.classify.training.evaluate import evaluate
from studio.classify.training.training_set import TrainingSet
from studio.core import data
from studio.core.data import near_duplicates, sample_sets
from studio.core.objectives import backbones

SIDE, TEST_SHARE, COVERAGE = 224, 0.3, 0.95


def load(text: str) -> TrainingSet:
    """Loads a dataset with its features; the groups of near-duplicates stand in for the folds."""
    dataset = data.load_dataset(sample_sets.resolve(text), SIDE)
    backbone = backbones.load("resnet50")
    groups, empty = near_duplicates.find(dataset).labels, np.empty(0, "int64")
    vectors = features.extract_features(dataset, backbone)
    return TrainingSet(dataset, backbone, vectors, empty, empty, groups)


def draw_split(samples: TrainingSet, rows: np.ndarray, seed: int) -> TrainingSet:
    """Splits some rows into training and test rows. Classes without any of them have no images."""
    labels, groups = np.unique(samples.labels(rows), return_inverse=True)[1], samples.folds[rows]
    inside, outside = split.split(labels, groups, TEST_SHARE, seed)
    folds = training_set.assign_folds(labels[inside], groups[inside], seed)
    return TrainingSet(
        samples.dataset, samples.extractor, samples.features, rows[inside], rows[outside], folds
    )


def measure_rejection(samples: TrainingSet, others: dict[str, TrainingSet], seeds: int) -> dict[str, object]:
    """Returns the shares of images below the threshold, as means over left-out classes and seeds."""
    labels, shares, records = samples.dataset.known_labels, [], []
    for left_out in range(len(samples.classes)):
        note(f"without {samples.classes[left_out]}")
        for seed in range(seeds):
            part = draw_split(samples, np.flatnonzero(labels != left_out), seed)
            trained = train_head.train(part, TrainClassifierSettings(seed=seed))
            test_probabilities = trained.probabilities[part.test_rows]
            record = rejection.choose_threshold(test_probabilities, part.labels(part.test_rows), COVERAGE)
            linear = head.Linear(trained.weights[0], trained.weights[1])
            foreign = [trained.probabilities[labels == left_out]]
            foreign += [linear.predict(other.features) for other in others.values()]
            shares.append([float((p.max(axis=1) < record["threshold"]).mean()) for p in foreign])
            records.append(record)
    names = [f"rejected of {name}" for name in ("the left-out class", *others)]
    rejected, wrong = (sum(record[key] for record in records) for key in ("rejected_wrong", "wrong"))
    return {
        "threshold": float(np.mean([record["threshold"] for record in records])),
        "rejected of the misclassified": f"{rejected} of {wrong}",
        **dict(zip(names, np.mean(shares, axis=0).tolist(), strict=True)),
    }


def measure_calibration(samples: TrainingSet, seeds: int) -> dict[str, object]:
    """Returns the calibration error and the negative log-likelihood of heads with a hidden layer."""
    results, temperatures = [], []
    for seed in range(seeds):
        note(f"a head with a hidden layer, seed {seed}")
        part = draw_split(samples, np.arange(len(samples.dataset.names)), seed)
        trained = train_head.train(part, TrainClassifierSettings(head="mlp", seed=seed))
        scaled, truth = trained.probabilities[part.test_rows], part.labels(part.test_rows)
        unscaled = head.apply_temperature(scaled, 1 / trained.temperature)
        for probabilities in (unscaled, scaled):
            error = evaluate(probabilities, truth, samples.classes)["calibration"]["error"]
            results.append([error, head.log_loss(probabilities, truth)])
        temperatures.append(trained.temperature)
    before, after = np.mean(results[::2], axis=0), np.mean(results[1::2], axis=0)
    return {
        "temperature": float(np.mean(temperatures)),
        "calibration error without it": float(before[0]),
        "calibration error with it": float(after[0]),
        "nats without it": float(before[1]),
        "nats with it": float(after[1]),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures both on the datasets of the command line."""
    parser = make_parser(__doc__ or "", quick="--data sample:cartoons --seeds 1")
    parser.add_argument("--data", default="sample:cartoons", help="images in class folders")
    parser.add_argument("--others", nargs="*", default=[], help="datasets of other things")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args(argv)
    samples, others = load(args.data), {text: load(text) for text in args.others}
    figures = measure_rejection(samples, others, args.seeds) | measure_calibration(samples, args.seeds)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
