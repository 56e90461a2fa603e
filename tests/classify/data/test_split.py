"""The test split is stratified, keeps near-duplicates together and is reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from studio.classify.data.split import assign_folds, split

LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def alone(count=100):
    return np.arange(count)


@pytest.mark.parametrize("held_out", [0.1, 0.3, 0.5])
def test_every_class_gives_the_same_share(held_out):
    learned, tested = split(LABELS, alone(), held_out, seed=0)
    assert np.bincount(LABELS[tested]).tolist() == [round(60 * held_out), round(30 * held_out), 10 * held_out]
    assert sorted([*learned, *tested]) == list(range(100))
    assert np.all(np.diff(learned) > 0) and np.all(np.diff(tested) > 0)


def test_the_seed_decides():
    first, again, other = (split(LABELS, alone(), 0.3, seed)[1] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_alike_stays_on_one_side(seed):
    groups = np.concatenate([np.arange(60) // 3, 20 + np.arange(30) // 2, 60 + np.arange(10)])
    groups[[5, 65]] = 500  # near-duplicates across two classes
    learned, tested = split(LABELS, groups, 0.3, seed)
    assert not set(groups[learned]) & set(groups[tested])
    share = np.bincount(LABELS[tested]) / [60, 30, 10]
    assert np.all(np.abs(share - 0.3) <= 0.07)


@pytest.mark.parametrize("held_out", [0.05, 0.8])
def test_a_small_class_is_on_both_sides(held_out):
    labels = np.array([0] * 40 + [1, 1])
    learned, tested = split(labels, alone(42), held_out, seed=3)
    assert (labels[learned] == 1).sum() == (labels[tested] == 1).sum() == 1


def test_a_class_of_one_image_in_many_copies_is_learned_from():
    labels = np.array([0] * 10 + [1] * 6)
    groups = np.concatenate([np.arange(10), [99] * 6])
    learned, tested = split(labels, groups, 0.3, seed=0)
    assert (labels[learned] == 1).sum() == 6 and (labels[tested] == 0).sum() == 3


def test_a_class_of_a_few_bursts_is_tested_on_the_smallest():
    labels = np.concatenate([np.zeros(40), np.ones(15), np.full(16, 2)]).astype(int)
    bursts = np.concatenate([np.repeat([100, 101, 102], 5), [200] * 6, [201] * 4, [202] * 6])
    groups = np.concatenate([np.arange(40), bursts])
    for seed in range(3):
        learned, tested = split(labels, groups, 0.2, seed)
        assert np.bincount(labels[tested]).tolist() == [8, 5, 4]
        assert not set(groups[learned]) & set(groups[tested]) and len(learned) + len(tested) == 71


def test_every_image_is_left_out_once_and_classes_evenly():
    parts = assign_folds(LABELS, alone(), 5, seed=0)
    for part in range(5):
        assert np.bincount(LABELS[parts == part], minlength=3).tolist() == [12, 6, 2]


def test_folds_keep_together_what_is_alike():
    groups = np.arange(100) // 4
    parts = assign_folds(LABELS, groups, 5, seed=0)
    assert all(len(set(parts[groups == group])) == 1 for group in range(25))
    sizes = np.bincount(parts, minlength=5)
    assert sizes.max() - sizes.min() <= 8


@pytest.mark.parametrize("groups", [[0] * 20, [0] * 10 + [1] * 10, [0] * 8 + list(range(1, 13))])
def test_of_a_class_that_is_nearly_one_group_each_part_has_some(groups):
    labels = np.repeat([0, 1], 10)
    parts = assign_folds(labels, np.array(groups), 5, seed=0)
    for part in range(5):
        assert np.bincount(labels[parts == part], minlength=2).tolist() == [2, 2]
