"""The linear head reaches the optimum of scikit-learn, and cross-validation chooses its regularization."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.classify.data.split import assign_folds
from studio.classify.training import head


def clouds(count=300, wide=40, classes=4, spread=1.5, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    middles = np.random.default_rng(9).normal(size=(classes, wide))
    rows = middles[labels] + spread * rng.normal(size=(count, wide)) + 5
    return rows.astype("float32"), labels


def test_it_agrees_with_another_solver():
    from sklearn.linear_model import LogisticRegression

    rows, labels = clouds()
    space = head.FeatureSpace(rows)
    ours = head.solve(space.rows, labels, 4, 1e-3).probabilities(space.rows)
    other = LogisticRegression(C=1 / (1e-3 * len(rows)), max_iter=2000, tol=1e-8).fit(space.rows, labels)
    assert np.abs(ours - other.predict_proba(space.rows)).max() < 0.01


def test_where_it_starts_matters_little():
    rows, labels = clouds()
    space = head.FeatureSpace(rows)
    cold = head.solve(space.rows, labels, 4, 1e-4)
    warm = head.solve(space.rows, labels, 4, 1e-4, head.solve(space.rows, labels, 4, 1e-2))
    assert np.abs(cold.probabilities(space.rows) - warm.probabilities(space.rows)).max() < 0.02


@pytest.mark.parametrize("rank", [None, 12])
def test_a_head_of_a_space_works_on_plain_features(rank):
    rows, labels = clouds()
    more, _ = clouds(seed=1)
    space = head.FeatureSpace(rows, rank)
    assert space.rows.shape[1] == (rank or 40)
    assert np.mean(np.sum(head.FeatureSpace(rows).rows ** 2, axis=1)) == pytest.approx(1, abs=1e-4)
    solved = head.solve(space.rows, labels, 4, 1e-3)
    plain = space.unfold(solved).probabilities(more)
    assert np.allclose(plain, solved.probabilities(space(more)), atol=1e-4)
    assert np.allclose(plain.sum(axis=1), 1, atol=1e-5)


def test_few_directions_are_as_good_as_all():
    rows, labels = clouds(wide=200)
    more, truth = clouds(wide=200, seed=1)
    right = []
    for rank in (None, 60):
        space = head.FeatureSpace(rows, rank)
        solved = space.unfold(head.solve(space.rows, labels, 4, 1e-2))
        right.append(np.mean(solved.probabilities(more).argmax(axis=1) == truth))
    assert min(right) > 0.9 and abs(right[0] - right[1]) < 0.03


def test_with_few_images_the_first_directions_are_still_those_in_which_they_differ_most():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 400)).astype("float32")
    rows[:, 300:] *= 10  # the last dimension is the most informative
    space = head.FeatureSpace(rows, head.RANK)
    assert space.rows.shape == (60, 60)
    assert np.all(np.diff(np.sum(space.rows**2, axis=0)) < 1e-5)
    whole = head.FeatureSpace(rows)
    assert np.allclose(space.rows @ space.rows.T, whole.rows @ whole.rows.T, atol=1e-4)


def test_the_strength_suits_the_data():
    strengths = {}
    for spread in (1.0, 6.0):
        rows, labels = clouds(spread=spread)
        choice = head.choose_strength(rows, labels, 4, assign_folds(labels, np.arange(300), 5, seed=0), 0)
        assert choice.losses[choice.strength] == min(choice.losses.values()) < math.log(4)
        assert head.log_loss(choice.left_out, labels) == pytest.approx(choice.losses[choice.strength])
        strengths[spread] = choice.strength
    assert strengths[6.0] > strengths[1.0]  # overlapping classes need regularization


def test_each_fold_finds_its_directions_without_what_it_leaves_out(monkeypatch):
    """Each fold computes its principal components from its own training images."""
    monkeypatch.setattr(head, "RANK", 10)
    rows, labels = clouds(60, wide=300, spread=6.0)
    parts = np.arange(60) // 4 % 3
    left_out = np.empty((60, 4), "float32")
    for part in range(3):
        out = parts == part
        space = head.FeatureSpace(rows[~out], 10, seed=0)
        assert np.allclose(space.axes.T @ space.axes, np.eye(10), atol=1e-4)
        solved = head.solve(space.rows, labels[~out], 4, 1e-2)
        left_out[out] = solved.probabilities(space(rows[out]))
    choice = head.choose_strength(rows, labels, 4, parts, 0, strengths=(1e-2,))
    assert choice.strength == 1e-2
    assert np.abs(choice.left_out - left_out).max() < 0.02
    leaked = head.FeatureSpace(
        rows, 10, seed=0
    )  # fitted to all images, including the held-out ones, so it does better on them
    solved = head.solve(leaked.rows[parts > 0], labels[parts > 0], 4, 1e-2)
    assert np.abs(solved.probabilities(leaked.rows[parts == 0]) - left_out[parts == 0]).max() > 0.05


def test_a_part_may_lack_a_class():
    rows, labels = clouds(30)
    labels[:] = np.arange(30) % 3
    labels[0] = 3
    choice = head.choose_strength(rows, labels, 4, np.arange(30) % 2, 0)
    assert np.isfinite(choice.left_out).all() and choice.left_out[0, 3] < 0.5


def test_the_loss_of_no_idea_is_the_logarithm_of_the_classes():
    assert head.log_loss(np.full((10, 4), 0.25), np.arange(10) % 4) == pytest.approx(math.log(4))
    assert head.log_loss(np.eye(4), np.arange(4)) == 0
    assert math.isfinite(head.log_loss(np.eye(4), np.array([1, 0, 3, 2])))
