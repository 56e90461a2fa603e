"""Latent directions are recovered, with the variance that they explain."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.generators.directions import (
    MOST_DIRECTIONS,
    MOST_NAME,
    Direction,
    by_name,
    direction,
    from_json,
    principal,
)

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


def test_more_numbers_than_points_give_the_same_weights():
    rng = np.random.default_rng(0)
    points, values = rng.standard_normal((30, 50)), rng.standard_normal(30)
    centerd = points - points.mean(0)
    weights = np.linalg.solve(centerd.T @ centerd + 3 * np.eye(50), centerd.T @ (values - values.mean()))
    solution = direction(points, values, ridge=3)[0]
    assert np.allclose(solution, weights / np.linalg.norm(weights), atol=1e-5)


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
    """The left half follows one dimension strongly, the right half another one weakly."""
    images = np.full((COUNT, size, size, 3), 128.0)
    images[:, :, : size // 2] += (25 * z[:, 2] - 50)[:, None, None, None]
    images[:, :, size // 2 :] -= (8 * z[:, 7] - 16)[:, None, None, None]
    directions = principal(z, images.clip(0, 255).astype("uint8"), count=2)
    assert list(directions) == ["change-1", "change-2"]
    assert directions["change-1"].vector[2] > 0.98
    assert directions["change-2"].vector[7] < -0.95
    assert "%" in directions["change-1"].note


def test_images_that_are_all_the_same_have_no_direction(z):
    assert principal(z, np.full((COUNT, 8, 8, 3), 7, "uint8")) == {}


def test_names_of_a_data_set_become_ones_that_can_be_asked_for():
    one = Direction(np.eye(DIM, dtype="float32")[0])
    long = "color of the hair, as far as it can be seen"
    names = ["skin brightness", "skin,brightness", "a = b", "change-1", "", long, f"{long} at all", "  age\n"]
    directions = by_name([(1 - n / 10, name, one) for n, name in enumerate(names)], {"change-1": one})
    assert list(directions)[:5] == ["skin-brightness", "skin-brightness-2", "a-b", "change-1-2", "unnamed"]
    assert list(directions)[-2:] == ["-age-", "change-1"] and len(directions) == len(names) + 1
    assert max(map(len, directions)) == MOST_NAME
    assert list(from_json({"directions": directions})) == list(directions)


def test_the_plainest_are_kept_and_room_is_left_for_changes():
    one, changes = Direction(np.eye(DIM, dtype="float32")[0]), [f"change-{n + 1}" for n in range(8)]
    directions = by_name([(n / 200, f"d{n}", one) for n in range(200)], dict.fromkeys(changes, one))
    assert len(directions) == MOST_DIRECTIONS
    assert list(directions) == [*(f"d{199 - n}" for n in range(MOST_DIRECTIONS - 8)), *changes]
