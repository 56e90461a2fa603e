"""The linear head reaches the optimum of scikit-learn, and cross-validation chooses its regularization."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.classify.data.split import assign_folds
from studio.classify.training import head


def make_clusters(count=300, wide=40, classes=4, spread=1.5, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centers = np.random.default_rng(9).normal(size=(classes, wide))
    rows = centers[labels] + spread * rng.normal(size=(count, wide)) + 5
    return rows.astype("float32"), labels


def test_the_solution_agrees_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rows, labels = make_clusters()
    space = head.FeatureSpace(rows)
    ours = head.fit(space.features, labels, 4, 1e-3).predict(space.features)
    other = LogisticRegression(C=1 / (1e-3 * len(rows)), max_iter=2000, tol=1e-8).fit(space.features, labels)
    assert np.abs(ours - other.predict_proba(space.features)).max() < 0.01


def test_the_initial_head_does_not_change_the_solution():
    rows, labels = make_clusters()
    space = head.FeatureSpace(rows)
    cold = head.fit(space.features, labels, 4, 1e-4)
    warm = head.fit(space.features, labels, 4, 1e-4, head.fit(space.features, labels, 4, 1e-2))
    assert np.abs(cold.predict(space.features) - warm.predict(space.features)).max() < 0.02


@pytest.mark.parametrize("rank", [None, 12])
def test_unfold_converts_a_head_to_plain_features(rank):
    rows, labels = make_clusters()
    more, _ = make_clusters(seed=1)
    space = head.FeatureSpace(rows, rank)
    assert space.features.shape[1] == (rank or 40)
    assert np.mean(np.sum(head.FeatureSpace(rows).features ** 2, axis=1)) == pytest.approx(1, abs=1e-4)
    solved = head.fit(space.features, labels, 4, 1e-3)
    plain = space.unfold(solved).predict(more)
    assert np.allclose(plain, solved.predict(space(more)), atol=1e-4)
    assert np.allclose(plain.sum(axis=1), 1, atol=1e-5)


def test_few_directions_are_as_accurate_as_all():
    rows, labels = make_clusters(wide=200)
    more, truth = make_clusters(wide=200, seed=1)
    right = []
    for rank in (None, 60):
        space = head.FeatureSpace(rows, rank)
        solved = space.unfold(head.fit(space.features, labels, 4, 1e-2))
        right.append(np.mean(solved.predict(more).argmax(axis=1) == truth))
    assert min(right) > 0.9 and abs(right[0] - right[1]) < 0.03


def test_directions_are_sorted_by_variance_with_few_images():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 400)).astype("float32")
    rows[:, 300:] *= 10  # the last dimension is the most informative
    space = head.FeatureSpace(rows, head.RANK)
    assert space.features.shape == (60, 60)
    assert np.all(np.diff(np.sum(space.features**2, axis=0)) < 1e-5)
    full_space = head.FeatureSpace(rows)
    assert np.allclose(
        space.features @ space.features.T, full_space.features @ full_space.features.T, atol=1e-4
    )


def test_overlapping_classes_get_stronger_regularization():
    strengths = {}
    for spread in (1.0, 6.0):
        rows, labels = make_clusters(spread=spread)
        choice = head.choose_strength(rows, labels, 4, assign_folds(labels, np.arange(300), 5, seed=0), 0)
        assert choice.losses[choice.strength] == min(choice.losses.values()) < math.log(4)
        assert head.log_loss(choice.validation_probabilities, labels) == pytest.approx(
            choice.losses[choice.strength]
        )
        strengths[spread] = choice.strength
    assert strengths[6.0] > strengths[1.0]  # overlapping classes need regularization


def test_each_fold_computes_its_own_directions(monkeypatch):
    """Each fold computes its principal components from its own training images."""
    monkeypatch.setattr(head, "RANK", 10)
    rows, labels = make_clusters(60, wide=300, spread=6.0)
    folds = np.arange(60) // 4 % 3
    left_out = np.empty((60, 4), "float32")
    for fold in range(3):
        out = folds == fold
        space = head.FeatureSpace(rows[~out], 10, seed=0)
        assert np.allclose(space.axes.T @ space.axes, np.eye(10), atol=1e-4)
        solved = head.fit(space.features, labels[~out], 4, 1e-2)
        left_out[out] = solved.predict(space(rows[out]))
    choice = head.choose_strength(rows, labels, 4, folds, 0, strengths=(1e-2,))
    assert choice.strength == 1e-2
    assert np.abs(choice.validation_probabilities - left_out).max() < 0.02
    # Fitted to all images, including the held-out ones, so it does better on them.
    leaking_space = head.FeatureSpace(rows, 10, seed=0)
    solved = head.fit(leaking_space.features[folds > 0], labels[folds > 0], 4, 1e-2)
    assert np.abs(solved.predict(leaking_space.features[folds == 0]) - left_out[folds == 0]).max() > 0.05


def test_a_fold_may_lack_a_class():
    rows, labels = make_clusters(30)
    labels[:] = np.arange(30) % 3
    labels[0] = 3
    choice = head.choose_strength(rows, labels, 4, np.arange(30) % 2, 0)
    assert np.isfinite(choice.validation_probabilities).all() and choice.validation_probabilities[0, 3] < 0.5


def test_the_log_loss_of_uniform_probabilities_is_log_k():
    assert head.log_loss(np.full((10, 4), 0.25), np.arange(10) % 4) == pytest.approx(math.log(4))
    assert head.log_loss(np.eye(4), np.arange(4)) == 0
    assert math.isfinite(head.log_loss(np.eye(4), np.array([1, 0, 3, 2])))
