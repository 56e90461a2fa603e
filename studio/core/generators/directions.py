"""Directions in latent space that change one attribute of an image, estimated by regression."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.errors import InvalidInput, invalid

MOST_DIRECTIONS = 64  # per model
MOST_NAME = 40  # characters
_SIGNS = re.compile(r"[=,\s]+")  # not allowed in a name, because settings use NAME=AMOUNT,NAME=AMOUNT
_SMALL = 16  # px, side of the copies for principal components
_PARTS = 5  # folds of cross-validation


@dataclass(frozen=True)
class Direction:
    """A direction in latent space along which one attribute changes.

    Attributes:
        vector: `(latent_dim,) float32` of length 1.
        note: a sentence about its meaning, or "".
    """

    vector: np.ndarray
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON value for settings.json of a model."""
        return {"vector": rounded(self.vector), "note": self.note}

    @classmethod
    def read(cls, value: Any, latent_dim: int) -> Direction:
        """Reads a value that `to_json` returned. Raises `InvalidInput` for any other."""
        fields = value if isinstance(value, Mapping) else {}
        vector, note = numbers(fields.get("vector"), (latent_dim,), "direction"), fields.get("note", "")
        length = float(np.linalg.norm(vector))
        if not length or not isinstance(note, str):
            raise damaged_value("direction", "no direction")
        return cls((vector / length).astype("float32"), note)


def by_name(
    candidates: Iterable[tuple[float, str, Direction]], changes: Mapping[str, Direction]
) -> dict[str, Direction]:
    """Returns the directions of a model by valid, unique names, at most MOST_DIRECTIONS.

    Args:
        candidates: for each direction its explained variance, its name in the data set, and itself.
        changes: directions from `principal`; they keep their names and come last.
    """
    directions: dict[str, Direction] = {}
    by_share = sorted(candidates, key=lambda candidate: -candidate[0])
    for _, name, candidate in by_share[: MOST_DIRECTIONS - len(changes)]:
        directions[_unique_name(_valid_name(name), {*directions, *changes})] = candidate
    return directions | dict(changes)


def from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the directions in `data` of a model's settings.json, as `Direction.to_json` values by name.

    Leaves out invalid names and more than MOST_DIRECTIONS, which the generator does not need.

    Raises:
        InvalidInput: if the value is not an object.
    """
    directions = data.get("directions") or {}
    if not isinstance(directions, Mapping):
        raise damaged_value("directions", "another thing")
    valid_names = [name for name in directions if name == _valid_name(name)]
    return {name: directions[name] for name in valid_names[:MOST_DIRECTIONS]}


def _valid_name(name: str) -> str:
    return _SIGNS.sub("-", name)[:MOST_NAME] or "unnamed"


def _unique_name(name: str, used_names: Collection[str]) -> str:
    """Returns a name that is not used yet, if necessary with a number."""
    options = (name, *(f"{name[: MOST_NAME - 4]}-{n}" for n in range(2, len(used_names) + 3)))
    return next(option for option in options if option not in used_names)


def principal(z: np.ndarray, images: np.ndarray, count: int = 8) -> dict[str, Direction]:
    """Returns the directions along which the images change most.

    Computes the principal components of small gray copies and regresses each on the latents. Images become
    brighter along each direction.

    Args:
        z: latents, `(n, latent_dim)`.
        images: images generated from `z`, `(n, H, W, 3) uint8`.
        count: number of directions, the strongest first.

    Returns:
        Directions by the names "change-1", "change-2", ..., each with a note of its explained variance.
    """
    small = small_gray(images)
    centered = small - small.mean(0)
    scores, sizes, shapes = np.linalg.svd(centered, full_matrices=False)
    shares = sizes**2 / max(float(sizes @ sizes), 1e-12)
    directions = {}
    for n in range(min(count, len(sizes))):
        brighter = 1.0 if shapes[n].sum() >= 0 else -1.0
        if sizes[n] > 1e-6 * sizes[0]:
            note = f"{shares[n]:.0%} of what differs between its images"
            directions[f"change-{n + 1}"] = Direction(direction(z, brighter * scores[:, n])[0], note)
    return directions


def direction(z: np.ndarray, values: np.ndarray, ridge: float = 1.0) -> tuple[np.ndarray, float]:
    """Returns the direction along which a value grows, by ridge regression.

    Args:
        z: latents or features, `(n, latent_dim)`.
        values: `(n,)`, e.g. an age; NaN where unknown.
        ridge: ridge penalty.

    Returns:
        `(latent_dim,) float32` of length 1, and the cross-validated R2; 0 or less means that it explains
        nothing.

    Raises:
        InvalidInput: if fewer than ten values are known, or all are equal.
    """
    is_known = np.isfinite(values)
    points, targets = np.asarray(z, "float64")[is_known], np.asarray(values, "float64")[is_known]
    if len(targets) < 2 * _PARTS or np.ptp(targets) == 0:
        expected = f"{2 * _PARTS} known values or more, not all the same"
        raise invalid("attribute", expected=expected, received=len(targets), next_step="leave it out")
    fold = np.arange(len(targets)) % _PARTS
    predictions = np.empty(len(targets))
    for n in range(_PARTS):
        weights, intercept = _ridge_regression(points[fold != n], targets[fold != n], ridge)
        predictions[fold == n] = points[fold == n] @ weights + intercept
    weights, _ = _ridge_regression(points, targets, ridge)
    score = 1 - np.sum((targets - predictions) ** 2) / np.sum((targets - targets.mean()) ** 2)
    return (weights / np.linalg.norm(weights)).astype("float32"), float(score)


def _ridge_regression(points: np.ndarray, values: np.ndarray, ridge: float) -> tuple[np.ndarray, float]:
    mean, mean_value = points.mean(0), values.mean()
    centered = points - mean
    if len(points) < points.shape[1]:  # the dual form gives the same weights from fewer unknowns
        weights = centered.T @ np.linalg.solve(
            centered @ centered.T + ridge * np.eye(len(points)), values - mean_value
        )
    else:
        normal_matrix = centered.T @ centered + ridge * np.eye(points.shape[1])
        weights = np.linalg.solve(normal_matrix, centered.T @ (values - mean_value))
    return weights, float(mean_value - mean @ weights)


def small_gray(images: np.ndarray) -> np.ndarray:
    """Converts `(n, H, W, C) uint8` to gray copies of at most 16 px by block means, `(n, s * s) float64`."""
    gray = images.mean(-1)
    rows, columns = (np.linspace(0, side, min(side, _SMALL) + 1).astype(int)[:-1] for side in gray.shape[1:])
    sums = np.add.reduceat(np.add.reduceat(gray, rows, axis=1), columns, axis=2)
    counts = np.outer(
        *(np.diff([*starts, side]) for starts, side in zip((rows, columns), gray.shape[1:], strict=True))
    )
    return (sums / counts).reshape(len(images), -1)


def rounded(values: np.ndarray) -> list[float]:
    """Returns values rounded to six significant digits, for settings.json."""
    return [float(f"{value:.6g}") for value in np.asarray(values, "float64")]


def numbers(value: Any, shape: tuple[int | None, ...], name: str) -> np.ndarray:
    """Reads an array from JSON as `float64`.

    Args:
        value: nested lists of numbers.
        shape: required shape; None allows any size.
        name: name of the array, for errors.

    Raises:
        InvalidInput: if it has another shape, or values that are not finite numbers.
    """
    try:
        array = np.asarray(value, "float64")
    except (TypeError, ValueError):
        raise damaged_value(name, "no numbers") from None
    fits = array.ndim == len(shape) and all(
        expected_size in (None, size) for expected_size, size in zip(shape, array.shape, strict=True)
    )
    if not fits or not np.isfinite(array).all():
        raise damaged_value(name, f"shape {array.shape}" if not fits else "numbers that are not finite")
    return array


def damaged_value(name: str, received: str) -> InvalidInput:
    """Returns the error for a value in settings.json that training did not write."""
    step = "copy or train the model again"
    return invalid(f"model's {name}", expected="what its training saved", received=received, next_step=step)
