"""Data sets of points: shapes, separability and parsing of a user's file."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.playground.data_sets import compute_features, format_points, make_points, parse_points
from studio.playground.settings import FEATURE_NAMES


@pytest.mark.parametrize("name", ["circles", "spiral", "xor", "blobs"])
def test_classes_are_balanced_and_depend_on_the_seed(name):
    positions, classes = make_points(name, 301, 0.05, seed=3)
    assert positions.shape == (301, 2) and positions.dtype == np.float32
    assert abs(int(classes.sum()) - 150) <= 1 and np.abs(positions).max() < 1.3
    again, other = make_points(name, 301, 0.05, seed=3)[0], make_points(name, 301, 0.05, seed=4)[0]
    assert (again == positions).all() and (other != positions).any()


def test_without_noise_each_data_set_follows_its_rule():
    positions, classes = make_points("xor", 200, 0, seed=0)
    assert ((positions[:, 0] * positions[:, 1] < 0) == (classes == 1)).all()
    positions, classes = make_points("circles", 200, 0, seed=0)
    assert ((np.hypot(*positions.T) < 0.6) == (classes == 1)).all()
    positions, classes = make_points("blobs", 200, 0, seed=0)
    assert ((positions.sum(axis=1) > 0) == (classes == 1)).mean() > 0.98


@pytest.mark.parametrize("kind", FEATURE_NAMES)
def test_each_feature_has_a_name(kind):
    features = compute_features(np.array([[0.5, -0.25]], "float32"), kind)
    assert features.shape == (1, len(FEATURE_NAMES[kind])) and features.dtype == np.float32
    assert tuple(features[0, :2]) == (0.5, -0.25)
    if kind == "polynomial":
        np.testing.assert_allclose(features[0, 2:], [0.25, 0.0625, -0.125])


def test_points_are_parsed_as_they_were_formatted():
    positions, classes = make_points("circles", 20, 0, seed=1)
    parsed_positions, parsed_classes = parse_points(format_points(positions, classes))
    np.testing.assert_allclose(parsed_positions, positions, atol=5e-5)
    assert (parsed_classes == classes).all()


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "too few"),
        ("0,0,0\n0,1,0\n1,1,0\n1,0,0", "too few"),
        ("0,0,0\n0,1,1", "too few"),
        ("0,0,0\n0,1", "not a point"),
        ("0,0,0\n0,1,2", "not a point"),
        ("0,0,0\n0,1.5,1", "not a point"),
        ("0,0,0\n0,nan,1", "not a point"),
        ("0,0,0\n" * 2001, "too many"),
        ("9" * 140_000, "not a list of points"),
    ],
)
def test_invalid_points_are_rejected_with_a_sentence(text, message):
    with pytest.raises(InvalidInput, match=message):
        parse_points(text)
