"""Directions in the space that a model draws from: each changes one thing, and is found by regression."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.errors import InvalidInput, invalid

MOST_DIRECTIONS = 64  # of a model
MOST_NAME = 40  # characters
_SIGNS = re.compile(r"[=,\s]+")  # which a name may not have where NAME=AMOUNT,NAME=AMOUNT is written
_SMALL = 16  # px a side, of the copies in which changes are looked for
_PARTS = 5  # of which each in turn tests a direction that the others found


@dataclass(frozen=True)
class Direction:
    """A way through the space along which one thing changes.

    Attributes:
        vector: `(latent_dim,) float32` of length 1.
        note: what is known of it, in a sentence, or "".
    """

    vector: np.ndarray
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a model's settings.json holds it."""
        return {"vector": rounded(self.vector), "note": self.note}

    @classmethod
    def read(cls, held: Any, latent_dim: int) -> Direction:
        """Reads what `to_json` wrote. Raises `InvalidInput` for anything else."""
        known = held if isinstance(held, Mapping) else {}
        vector, note = numbers(known.get("vector"), (latent_dim,), "direction"), known.get("note", "")
        length = float(np.linalg.norm(vector))
        if not length or not isinstance(note, str):
            raise damaged("direction", "no direction")
        return cls((vector / length).astype("float32"), note)


def by_name(
    found: Iterable[tuple[float, str, Direction]], changes: Mapping[str, Direction]
) -> dict[str, Direction]:
    """All directions of a model by names that can be asked for, the plainest first: MOST_DIRECTIONS of them.

    Args:
        found: the share of what differs that each explains, what its data set calls it, and itself.
        changes: as `principal` finds them; they keep their names, and come last.
    """
    kept: dict[str, Direction] = {}
    for _, name, one in sorted(found, key=lambda one: -one[0])[: MOST_DIRECTIONS - len(changes)]:
        kept[_new(_plain(name), {*kept, *changes})] = one
    return kept | dict(changes)


def from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The directions that the `data` of a model's settings.json hold, as `Direction.to_json` writes each.

    What no name can ask for, or is more than a model may have, is left out: the model draws without it.

    Raises:
        InvalidInput: if they have no names.
    """
    found = data.get("directions") or {}
    if not isinstance(found, Mapping):
        raise damaged("directions", "another thing")
    able = [name for name in found if name == _plain(name)]
    return {name: found[name] for name in able[:MOST_DIRECTIONS]}


def _plain(name: str) -> str:
    return _SIGNS.sub("-", name)[:MOST_NAME] or "unnamed"


def _new(name: str, taken: Collection[str]) -> str:
    """A name that is not taken: itself, or with a number."""
    tries = (name, *(f"{name[: MOST_NAME - 4]}-{n}" for n in range(2, len(taken) + 3)))
    return next(one for one in tries if one not in taken)


def principal(z: np.ndarray, images: np.ndarray, count: int = 8) -> dict[str, Direction]:
    """The directions along which the images change most.

    The main components of small gray copies, each traced back to the points that drew the images. Along
    each of them, images become brighter.

    Args:
        z: `(n, latent_dim)`.
        images: `(n, H, W, 3) uint8`, what was drawn from it.
        count: how many, the strongest first.

    Returns:
        By the names "change-1", "change-2", ..., each with a note of its share.
    """
    small = small_gray(images)
    centerd = small - small.mean(0)
    scores, sizes, shapes = np.linalg.svd(centerd, full_matrices=False)
    shares = sizes**2 / max(float(sizes @ sizes), 1e-12)
    found = {}
    for n in range(min(count, len(sizes))):
        brighter = 1.0 if shapes[n].sum() >= 0 else -1.0
        if sizes[n] > 1e-6 * sizes[0]:
            note = f"{shares[n]:.0%} of what differs between its images"
            found[f"change-{n + 1}"] = Direction(direction(z, brighter * scores[:, n])[0], note)
    return found


def direction(z: np.ndarray, values: np.ndarray, ridge: float = 1.0) -> tuple[np.ndarray, float]:
    """The direction along which a value grows, by ridge regression.

    Args:
        z: `(n, latent_dim)`.
        values: `(n,)`, such as an age; where it is NaN it is not known, and the point is left out.
        ridge: how strongly the weights are held small, in points.

    Returns:
        `(latent_dim,) float32` of length 1, and the share of the value's variance that it explains at points
        that it was not found with (R2; 0 and less: none).

    Raises:
        InvalidInput: if fewer than ten values are known, or all are the same.
    """
    known = np.isfinite(values)
    points, wanted = np.asarray(z, "float64")[known], np.asarray(values, "float64")[known]
    if len(wanted) < 2 * _PARTS or np.ptp(wanted) == 0:
        expected = f"{2 * _PARTS} known values or more, not all the same"
        raise invalid("attribute", expected=expected, received=len(wanted), next_step="leave it out")
    part = np.arange(len(wanted)) % _PARTS
    guessed = np.empty(len(wanted))
    for n in range(_PARTS):
        weights, base = _regressed(points[part != n], wanted[part != n], ridge)
        guessed[part == n] = points[part == n] @ weights + base
    weights, _ = _regressed(points, wanted, ridge)
    score = 1 - np.sum((wanted - guessed) ** 2) / np.sum((wanted - wanted.mean()) ** 2)
    return (weights / np.linalg.norm(weights)).astype("float32"), float(score)


def _regressed(points: np.ndarray, values: np.ndarray, ridge: float) -> tuple[np.ndarray, float]:
    mean, middle = points.mean(0), values.mean()
    centerd = points - mean
    if len(points) < points.shape[1]:  # the same weights, from fewer unknowns
        weights = centerd.T @ np.linalg.solve(
            centerd @ centerd.T + ridge * np.eye(len(points)), values - middle
        )
    else:
        held = centerd.T @ centerd + ridge * np.eye(points.shape[1])
        weights = np.linalg.solve(held, centerd.T @ (values - middle))
    return weights, float(middle - mean @ weights)


def small_gray(images: np.ndarray) -> np.ndarray:
    """`(n, H, W, C) uint8` -> `(n, s * s) float64`: gray, each pixel the mean of those that it stands for."""
    gray = images.mean(-1)
    rows, columns = (np.linspace(0, side, min(side, _SMALL) + 1).astype(int)[:-1] for side in gray.shape[1:])
    sums = np.add.reduceat(np.add.reduceat(gray, rows, axis=1), columns, axis=2)
    counts = np.outer(
        *(np.diff([*at, side]) for at, side in zip((rows, columns), gray.shape[1:], strict=True))
    )
    return (sums / counts).reshape(len(images), -1)


def rounded(values: np.ndarray) -> list[float]:
    """Numbers as a settings.json holds them, to six digits."""
    return [float(f"{value:.6g}") for value in np.asarray(values, "float64")]


def numbers(held: Any, shape: tuple[int | None, ...], name: str) -> np.ndarray:
    """Numbers from JSON as `float64`. Raises `InvalidInput` unless they have this shape and are finite."""
    try:
        array = np.asarray(held, "float64")
    except (TypeError, ValueError):
        raise damaged(name, "no numbers") from None
    fits = array.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits or not np.isfinite(array).all():
        raise damaged(name, f"shape {array.shape}" if not fits else "numbers that are not finite")
    return array


def damaged(name: str, received: str) -> InvalidInput:
    """The error for something in a model's settings.json that no training wrote."""
    step = "copy or train the model again"
    return invalid(f"model's {name}", expected="what its training saved", received=received, next_step=step)
