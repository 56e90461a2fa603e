"""The test split is stratified, keeps near-duplicates together and is reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from studio.classify.data.split import assign_folds, split

LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def without_duplicates(count=100):
    return np.arange(count)


@pytest.mark.parametrize("held_out", [0.1, 0.3, 0.5])
def test_the_split_is_stratified(held_out):
    train_rows, test_rows = split(LABELS, without_duplicates(), held_out, seed=0)
    assert np.bincount(LABELS[test_rows]).tolist() == [
        round(60 * held_out),
        round(30 * held_out),
        10 * held_out,
    ]
    assert sorted([*train_rows, *test_rows]) == list(range(100))
    assert np.all(np.diff(train_rows) > 0) and np.all(np.diff(test_rows) > 0)


def test_the_seed_determines_the_split():
    first, again, other = (split(LABELS, without_duplicates(), 0.3, seed)[1] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("seed", range(5))
def test_near_duplicates_stay_in_one_split(seed):
    groups = np.concatenate([np.arange(60) // 3, 20 + np.arange(30) // 2, 60 + np.arange(10)])
    groups[[5, 65]] = 500  # near-duplicates across two classes
    train_rows, test_rows = split(LABELS, groups, 0.3, seed)
    assert not set(groups[train_rows]) & set(groups[test_rows])
    share = np.bincount(LABELS[test_rows]) / [60, 30, 10]
    assert np.all(np.abs(share - 0.3) <= 0.07)


@pytest.mark.parametrize("held_out", [0.05, 0.8])
def test_a_class_of_two_images_is_in_both_splits(held_out):
    labels = np.array([0] * 40 + [1, 1])
    train_rows, test_rows = split(labels, without_duplicates(42), held_out, seed=3)
    assert (labels[train_rows] == 1).sum() == (labels[test_rows] == 1).sum() == 1


def test_a_class_of_near_duplicates_is_only_trained_on():
    labels = np.array([0] * 10 + [1] * 6)
    groups = np.concatenate([np.arange(10), [99] * 6])
    train_rows, test_rows = split(labels, groups, 0.3, seed=0)
    assert (labels[train_rows] == 1).sum() == 6 and (labels[test_rows] == 0).sum() == 3


def test_the_smallest_burst_of_a_class_is_tested():
    labels = np.concatenate([np.zeros(40), np.ones(15), np.full(16, 2)]).astype(int)
    bursts = np.concatenate([np.repeat([100, 101, 102], 5), [200] * 6, [201] * 4, [202] * 6])
    groups = np.concatenate([np.arange(40), bursts])
    for seed in range(3):
        train_rows, test_rows = split(labels, groups, 0.2, seed)
        assert np.bincount(labels[test_rows]).tolist() == [8, 5, 4]
        assert not set(groups[train_rows]) & set(groups[test_rows]) and len(train_rows) + len(test_rows) == 71


def test_folds_are_stratified():
    folds = assign_folds(LABELS, without_duplicates(), 5, seed=0)
    for fold in range(5):
        assert np.bincount(LABELS[folds == fold], minlength=3).tolist() == [12, 6, 2]


def test_folds_keep_near_duplicates_together():
    groups = np.arange(100) // 4
    folds = assign_folds(LABELS, groups, 5, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in range(25))
    sizes = np.bincount(folds, minlength=5)
    assert sizes.max() - sizes.min() <= 8


@pytest.mark.parametrize("groups", [[0] * 20, [0] * 10 + [1] * 10, [0] * 8 + list(range(1, 13))])
def test_folds_split_up_groups_of_more_than_half_of_a_class(groups):
    labels = np.repeat([0, 1], 10)
    folds = assign_folds(labels, np.array(groups), 5, seed=0)
    for fold in range(5):
        assert np.bincount(labels[folds == fold], minlength=2).tolist() == [2, 2]
