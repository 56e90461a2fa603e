"""Directions are found where they were hidden, and say how well they were found."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.directions import direction, principal
from studio.core.errors import InvalidInput

DIM, COUNT = 10, 400


@pytest.fixture
def z() -> np.ndarray:
    return (2 + np.random.default_rng(0).standard_normal((COUNT, DIM))).astype("float32")


def test_a_value_is_found_along_its_direction(z):
    hidden = np.zeros(DIM)
    hidden[[1, 4]] = 0.6, -0.8
    noise = np.random.default_rng(1).standard_normal(COUNT)
    vector, score = direction(z, 40 + 12 * (z @ hidden) + 3 * noise)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert vector @ hidden > 0.99
    assert score == pytest.approx(144 / 153, abs=0.03)


def test_what_has_nothing_to_do_with_the_points_scores_nothing(z):
    assert direction(z, np.random.default_rng(1).standard_normal(COUNT))[1] < 0.05


def test_unknown_values_are_left_out(z):
    values = z[:, 3].astype("float64")
    values[::2] = np.nan
    assert direction(z, values)[0][3] > 0.99


@pytest.mark.parametrize(
    "values", [np.full(COUNT, np.nan), np.ones(COUNT), [*range(9)] + [np.nan] * (COUNT - 9)]
)
def test_too_little_to_go_by_is_one_sentence(z, values):
    with pytest.raises(InvalidInput, match="attribute"):
        direction(z, np.asarray(values, "float64"))


@pytest.mark.parametrize("size", [64, 28, 9])
def test_what_changes_most_comes_first_and_makes_brighter(z, size):
    """Pictures whose left half follows one dimension strongly, and whose right half another one weakly."""
    pictures = np.full((COUNT, size, size, 3), 128.0)
    pictures[:, :, : size // 2] += (25 * z[:, 2] - 50)[:, None, None, None]
    pictures[:, :, size // 2 :] -= (8 * z[:, 7] - 16)[:, None, None, None]
    found = principal(z, pictures.clip(0, 255).astype("uint8"), count=2)
    assert list(found) == ["change-1", "change-2"]
    assert found["change-1"].vector[2] > 0.98
    assert found["change-2"].vector[7] < -0.95
    assert "%" in found["change-1"].note


def test_pictures_that_are_all_the_same_have_no_direction(z):
    assert principal(z, np.full((COUNT, 8, 8, 3), 7, "uint8")) == {}
