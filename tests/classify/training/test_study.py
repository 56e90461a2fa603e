"""The five experiments on learning, on features with known answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.classify.training import head, plain_features, study, study_text
from studio.classify.training.study import FeatureSplit
from studio.classify.training.training_set import TrainingSet
from studio.core.data import sample_sets
from studio.core.data.cache import ImageDataset
from studio.core.objectives.backbones import Backbone

CLASSES, WIDE = 4, 60


def random_features(count: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns features `(n, d)` around a center for each class, and the labels."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(CLASSES, WIDE)) * spread
    labels = np.arange(count) % CLASSES
    return (centers[labels] + rng.normal(size=(count, WIDE))).astype("float32"), labels


@pytest.fixture(scope="module")
def feature_split() -> FeatureSplit:
    train_features, labels = random_features(160, 0.35)
    test_features, truth = random_features(200, 0.35, seed=1)
    return FeatureSplit(train_features, test_features, labels, truth, np.arange(160) // CLASSES % 5, CLASSES)


@pytest.fixture(scope="module")
def space(feature_split) -> head.FeatureSpace:
    return head.FeatureSpace(feature_split.train, head.RANK, 0)


def test_better_features_raise_accuracy(feature_split):
    noise = np.random.default_rng(5).normal(size=(360, WIDE)).astype("float32")
    noise_split = FeatureSplit(
        noise[:160], noise[160:], feature_split.labels, feature_split.truth, feature_split.folds, CLASSES
    )
    good, bad = study.measure_accuracy(feature_split, 0), study.measure_accuracy(noise_split, 0)
    assert good["accuracy"] > 0.7 and bad["accuracy"] < 0.4
    assert good["interval"][0] < good["accuracy"] < good["interval"][1] and good["width"] == WIDE


def test_weak_regularization_overfits(feature_split):
    results = study.compare_strengths(feature_split, 0)
    train_losses = [result["training_loss"] for result in results]
    assert train_losses == sorted(train_losses, reverse=True) and train_losses[-1] < 0.02
    best = min(results, key=lambda one: one["validation_loss"])
    assert best not in (results[0], results[-1])
    assert results[-1]["validation_loss"] > 1.5 * best["validation_loss"] > train_losses[-1]
    text = study_text._describe_strengths(results)
    assert f"lowest validation loss, {best['validation_loss']:.2f}" in text


def test_more_images_and_larger_ensembles_raise_accuracy(feature_split, space):
    grows = study.compare_dataset_sizes(feature_split, space, 1e-3, 0)
    assert [point["images"] for point in grows] == [1, 2, 3, 5, 8, 12, 20, 40]
    assert grows[-1]["accuracy"] > grows[0]["accuracy"] + 0.2
    assert all(point["low"] <= point["accuracy"] <= point["high"] for point in grows)
    assert grows[-1]["low"] == grows[-1]["high"]  # there is one subset of all images
    heads = study.compare_ensembles(feature_split, space, 1e-3, 0)["heads"]
    assert heads[-1]["accuracy"] > heads[0]["accuracy"] + 0.05
    assert study.compare_ensembles(feature_split, space, 1e-3, 0)["heads"] == heads


def test_changed_labels_are_found(feature_split):
    names = tuple(f"{n}.png" for n in range(160))
    dataset = ImageDataset(np.zeros((160, 2, 2, 3), "uint8"), names, feature_split.labels, tuple("abcd"))
    rows = np.arange(160)
    samples = TrainingSet(
        dataset, Backbone(None, None, ""), feature_split.train, rows, rows[:0], feature_split.folds
    )
    changes = study.find_changed_labels(samples, feature_split, rows, 0)
    assert (changes["images"], changes["wrong"]) == (160, 16)
    hits = sum(changes["list"])
    assert hits >= 12 and sum(changes["list"][:10]) >= 7  # most confident first
    assert all(entry["label"] != entry["looks_like"] for entry in changes["examples"])
    assert (dataset.labels == feature_split.labels).all()


def test_wrong_labels_of_the_most_similar_class_are_harder_to_find():
    """Of four classes two pairs are similar; people confuse those, uniform noise rarely does."""
    rng = np.random.default_rng(0)
    labels = np.arange(160) % CLASSES
    centers = np.random.default_rng(9).normal(size=(CLASSES, WIDE)) * 0.6
    centers[1], centers[3] = centers[0] + 0.15, centers[2] + 0.15
    vectors = (centers[labels] + rng.normal(size=(160, WIDE))).astype("float32")
    similar = FeatureSplit(vectors, vectors, labels, labels, np.arange(160) // CLASSES % 5, CLASSES)
    assert study._find_most_similar_classes(similar).tolist() == [1, 0, 3, 2]
    names = tuple(f"{n}.png" for n in range(160))
    dataset = ImageDataset(np.zeros((160, 2, 2, 3), "uint8"), names, labels, tuple("abcd"))
    rows = np.arange(160)
    samples = TrainingSet(dataset, Backbone(None, None, ""), vectors, rows, rows[:0], similar.folds)
    changes = study.find_changed_labels(samples, similar, rows, 0)
    precision = {name: sum(changes[name]) / len(changes[name]) for name in ("list", "list_similar")}
    assert precision["list_similar"] < precision["list"]


def test_edge_features_tell_orientations_apart():
    rng = np.random.default_rng(0)
    images = np.zeros((6, 96, 96, 3), "uint8")
    images[::2, :, 40:] = 200  # one vertical edge; the others have a horizontal one
    images[1::2, 40:] = 200
    images += rng.integers(0, 20, images.shape, "uint8")
    assert plain_features.extract_pixels(images).shape == (6, 32 * 32 * 3)
    edges = plain_features.extract_edges(images)
    distances = np.linalg.norm(edges[:, None] - edges[None], axis=2)
    assert distances[0, 1] > 2 * distances[0, 2]


@pytest.mark.slow
def test_the_task_runs_all_experiments(resnet50_home, lite0_home, monkeypatch):
    from studio.classify.settings import StudySettings
    from studio.core import tasks

    monkeypatch.setattr(study, "SUBSETS", 2)
    monkeypatch.setattr(study, "ENSEMBLE_ORDERS", 4)
    result = tasks.run("classify.study", StudySettings(size=64), {"data": [sample_sets.store("sample:hair")]})
    report = json.loads(result.files[0].read())
    kinds = {row["kind"]: row["accuracy"] for row in report["features"]}
    assert {"pixels", "hog", "untrained", "vgg16", "resnet50", "efficientnet-lite0"} == set(kinds)
    assert kinds["vgg16"] > kinds["untrained"]
    assert set(result.recipe.weights) == {"resnet50", "vgg16", "efficientnet-lite0"}
    text = study_text.format_results(report)
    assert f"{kinds['vgg16']:.0%}" in text and "most similar class" in text
