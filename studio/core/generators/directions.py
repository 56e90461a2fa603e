"""Directions in latent space that change one attribute of an image, estimated by regression."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core import amounts
from studio.core.errors import InvalidInput, invalid

MAX_DIRECTIONS = 64  # per model
MAX_NAME_CHARACTERS = 40  # characters
_SEPARATORS = re.compile(r"[=,\s]+")  # not allowed in a name, because settings use NAME=AMOUNT,NAME=AMOUNT
_TITLES = {"age": "Older", "gender": "Gender: male to female"}
_COPY_SIDE = 16  # px, side of the copies for principal components
_FOLDS = 5  # folds of cross-validation


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
        return {"vector": round_values(self.vector), "note": self.note}

    @classmethod
    def read(cls, value: Any, latent_dim: int) -> Direction:
        """Reads a value that `to_json` returned. Raises `InvalidInput` for any other."""
        fields = value if isinstance(value, Mapping) else {}
        vector, note = read_array(fields.get("vector"), (latent_dim,), "direction"), fields.get("note", "")
        norm = float(np.linalg.norm(vector))
        if not norm or not isinstance(note, str):
            raise damaged_value_error("direction", "no direction")
        return cls((vector / norm).astype("float32"), note)


def name_directions(
    candidates: Iterable[tuple[float, str, Direction]], principal_directions: Mapping[str, Direction]
) -> dict[str, Direction]:
    """Gives directions valid, unique names, and returns them by name, at most MAX_DIRECTIONS.

    Args:
        candidates: for each direction its explained variance, its name in the data set, and itself.
        principal_directions: directions from `find_principal`; they keep their names and come last.
    """
    directions: dict[str, Direction] = {}
    ranked = sorted(candidates, key=lambda candidate: -candidate[0])
    for _, name, candidate in ranked[: MAX_DIRECTIONS - len(principal_directions)]:
        directions[_make_unique_name(_make_valid_name(name), {*directions, *principal_directions})] = (
            candidate
        )
    return directions | dict(principal_directions)


def read_direction_values(saved: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the directions in `saved` of a model's settings.json, as `Direction.to_json` values by name.

    Leaves out invalid names and more than MAX_DIRECTIONS, which the generator does not need.

    Raises:
        InvalidInput: if the value is not an object.
    """
    directions = saved.get("directions") or {}
    if not isinstance(directions, Mapping):
        raise damaged_value_error("directions", "another thing")
    valid_names = [name for name in directions if name == _make_valid_name(name)]
    return {name: directions[name] for name in valid_names[:MAX_DIRECTIONS]}


def _make_valid_name(name: str) -> str:
    """Returns a name without separators, at most MAX_NAME_CHARACTERS long."""
    return _SEPARATORS.sub("-", name)[:MAX_NAME_CHARACTERS] or "unnamed"


def _make_unique_name(name: str, used_names: Collection[str]) -> str:
    """Returns a name that is not used yet, if necessary with a number."""
    candidates = (name, *(f"{name[: MAX_NAME_CHARACTERS - 4]}-{n}" for n in range(2, len(used_names) + 3)))
    return next(candidate for candidate in candidates if candidate not in used_names)


def make_title(name: str) -> str:
    """Returns the title of a direction for its slider: "direction-2" -> "Direction 2", "age" -> "Older"."""
    return _TITLES.get(name) or name.replace("_", " ").replace("-", " ").capitalize()


def center_classes(values: np.ndarray, one_hot: np.ndarray) -> np.ndarray:
    """Subtracts the mean of its class from each row, so that only differences within classes remain.

    Args:
        values: `(n, ...)`.
        one_hot: classes, `(n, k)`; without classes, k is 0 and nothing changes.
    """
    flat = values.reshape(len(values), -1)
    means = one_hot.T @ flat / np.maximum(one_hot.sum(0), 1)[:, None]
    return (flat - one_hot @ means).reshape(values.shape)


def find_principal(
    z: np.ndarray, images: np.ndarray, one_hot: np.ndarray | None = None, count: int = 8
) -> dict[str, Direction]:
    """Returns the directions along which the images change most, within each class if there are classes.

    Computes the principal components of small gray copies and regresses each on the latents. Images become
    brighter along each direction.

    Args:
        z: latents, `(n, latent_dim)`.
        images: images generated from `z`, `(n, H, W, 3) uint8`.
        one_hot: classes of the images, `(n, k)`; None without classes.
        count: number of directions, the strongest first.

    Returns:
        Directions by the names "direction-1", "direction-2", ..., each with a note of its explained variance.
    """
    gray_copies = shrink_to_gray(images)
    if one_hot is not None:
        gray_copies = center_classes(gray_copies, one_hot)
    centered = gray_copies - gray_copies.mean(0)
    scores, singular_values, components = np.linalg.svd(centered, full_matrices=False)
    explained_variances = singular_values**2 / max(float(singular_values @ singular_values), 1e-12)
    directions = {}
    for n in range(min(count, len(singular_values))):
        sign = 1.0 if components[n].sum() >= 0 else -1.0
        if singular_values[n] > 1e-6 * singular_values[0]:
            note = f"{explained_variances[n]:.0%} of what differs between its images"
            directions[f"direction-{n + 1}"] = Direction(fit_direction(z, sign * scores[:, n])[0], note)
    return directions


def fit_direction(z: np.ndarray, values: np.ndarray, ridge: float = 1.0) -> tuple[np.ndarray, float]:
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
    from sklearn.linear_model import Ridge  # imported here, because it takes a second
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    is_known = np.isfinite(values)
    known_latents, targets = np.asarray(z, "float64")[is_known], np.asarray(values, "float64")[is_known]
    if len(targets) < 2 * _FOLDS or np.ptp(targets) == 0:
        expected = f"{2 * _FOLDS} known values or more, not all the same"
        received = amounts.format_count(len(targets), "known value")
        raise invalid("attribute", expected=expected, received=received, next_step="leave it out")
    model = Ridge(ridge)
    folds = PredefinedSplit(np.arange(len(targets)) % _FOLDS)
    predictions = cross_val_predict(model, known_latents, targets, cv=folds)
    weights = model.fit(known_latents, targets).coef_
    r2 = 1 - np.sum((targets - predictions) ** 2) / np.sum((targets - targets.mean()) ** 2)
    return (weights / np.linalg.norm(weights)).astype("float32"), float(r2)


def shrink_to_gray(images: np.ndarray) -> np.ndarray:
    """Converts `(n, H, W, C) uint8` to gray copies of at most 16 px by block means, `(n, s * s) float64`."""
    gray = images.mean(-1)
    rows, columns = (
        np.linspace(0, side, min(side, _COPY_SIDE) + 1).astype(int)[:-1] for side in gray.shape[1:]
    )
    sums = np.add.reduceat(np.add.reduceat(gray, rows, axis=1), columns, axis=2)
    counts = np.outer(
        *(np.diff([*starts, side]) for starts, side in zip((rows, columns), gray.shape[1:], strict=True))
    )
    return (sums / counts).reshape(len(images), -1)


def round_values(values: np.ndarray) -> list[float]:
    """Rounds `(n,)` values to six significant digits, for settings.json."""
    return [float(f"{value:.6g}") for value in np.asarray(values, "float64")]


def read_array(value: Any, shape: tuple[int | None, ...], name: str) -> np.ndarray:
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
        raise damaged_value_error(name, "no numbers") from None
    has_shape = array.ndim == len(shape) and all(
        expected_size in (None, size) for expected_size, size in zip(shape, array.shape, strict=True)
    )
    if not has_shape or not np.isfinite(array).all():
        raise damaged_value_error(
            name, f"shape {array.shape}" if not has_shape else "numbers that are not finite"
        )
    return array


def damaged_value_error(name: str, received: str) -> InvalidInput:
    """Returns the error for a value in settings.json that training did not write."""
    step = "copy or train the model again"
    return invalid(f"model's {name}", expected="what its training saved", received=received, next_step=step)
