"""Latent directions are recovered, with the variance that they explain."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.generators.directions import (
    MAX_DIRECTIONS,
    MAX_NAME_CHARACTERS,
    Direction,
    find_principal,
    fit_direction,
    name_directions,
    read_direction_values,
)

DIM, COUNT = 10, 400


@pytest.fixture
def z() -> np.ndarray:
    return (2 + np.random.default_rng(0).standard_normal((COUNT, DIM))).astype("float32")


def test_the_direction_of_a_value_is_recovered(z):
    hidden = np.zeros(DIM)
    hidden[[1, 4]] = 0.6, -0.8
    noise = np.random.default_rng(1).standard_normal(COUNT)
    vector, score = fit_direction(z, 40 + 12 * (z @ hidden) + 3 * noise)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert vector @ hidden > 0.99
    assert score == pytest.approx(144 / 153, abs=0.03)


def test_the_dual_form_gives_the_same_weights():
    rng = np.random.default_rng(0)
    points, values = rng.standard_normal((30, 50)), rng.standard_normal(30)
    centered = points - points.mean(0)
    weights = np.linalg.solve(centered.T @ centered + 3 * np.eye(50), centered.T @ (values - values.mean()))
    solution = fit_direction(points, values, ridge=3)[0]
    assert np.allclose(solution, weights / np.linalg.norm(weights), atol=1e-5)


def test_an_unrelated_value_has_no_explained_variance(z):
    assert fit_direction(z, np.random.default_rng(1).standard_normal(COUNT))[1] < 0.05


def test_unknown_values_are_left_out(z):
    values = z[:, 3].astype("float64")
    values[::2] = np.nan
    assert fit_direction(z, values)[0][3] > 0.99


@pytest.mark.parametrize(
    "values", [np.full(COUNT, np.nan), np.ones(COUNT), [*range(9)] + [np.nan] * (COUNT - 9)]
)
def test_too_few_values_are_refused(z, values):
    with pytest.raises(InvalidInput, match="attribute"):
        fit_direction(z, np.asarray(values, "float64"))


@pytest.mark.parametrize("size", [64, 28, 9])
def test_principal_directions_are_ordered_and_brighten(z, size):
    """The left half follows one dimension strongly, the right half another one weakly."""
    images = np.full((COUNT, size, size, 3), 128.0)
    images[:, :, : size // 2] += (25 * z[:, 2] - 50)[:, None, None, None]
    images[:, :, size // 2 :] -= (8 * z[:, 7] - 16)[:, None, None, None]
    directions = find_principal(z, images.clip(0, 255).astype("uint8"), count=2)
    assert list(directions) == ["direction-1", "direction-2"]
    assert directions["direction-1"].vector[2] > 0.98
    assert directions["direction-2"].vector[7] < -0.95
    assert "%" in directions["direction-1"].note


def test_principal_directions_are_those_within_classes(z):
    one_hot = np.eye(2)[np.arange(COUNT) % 2]
    images = np.full((COUNT, 8, 8, 3), 60.0)
    images += (100 * one_hot[:, 1] + 10 * z[:, 2] - 20)[:, None, None, None]
    images = images.clip(0, 255).astype("uint8")
    within, among = (find_principal(z, images, labels, count=1)["direction-1"] for labels in (one_hot, None))
    assert within.vector[2] > 0.98 > among.vector[2]


def test_equal_images_have_no_direction(z):
    assert find_principal(z, np.full((COUNT, 8, 8, 3), 7, "uint8")) == {}


def test_names_of_a_data_set_become_valid_and_unique():
    direction = Direction(np.eye(DIM, dtype="float32")[0])
    long_name = "color of the hair, as far as it can be seen"
    names = [
        "skin brightness",
        "skin,brightness",
        "a = b",
        "direction-1",
        "",
        long_name,
        f"{long_name} at all",
        "  age\n",
    ]
    directions = name_directions(
        [(1 - n / 10, name, direction) for n, name in enumerate(names)], {"direction-1": direction}
    )
    assert list(directions)[:5] == ["skin-brightness", "skin-brightness-2", "a-b", "direction-1-2", "unnamed"]
    assert list(directions)[-2:] == ["-age-", "direction-1"] and len(directions) == len(names) + 1
    assert max(map(len, directions)) == MAX_NAME_CHARACTERS
    assert list(read_direction_values({"directions": directions})) == list(directions)


def test_the_best_directions_stay_with_space_for_principal_ones():
    direction, principal = (
        Direction(np.eye(DIM, dtype="float32")[0]),
        [f"direction-{n + 1}" for n in range(8)],
    )
    directions = name_directions(
        [(n / 200, f"d{n}", direction) for n in range(200)], dict.fromkeys(principal, direction)
    )
    assert len(directions) == MAX_DIRECTIONS
    assert list(directions) == [*(f"d{199 - n}" for n in range(MAX_DIRECTIONS - 8)), *principal]
