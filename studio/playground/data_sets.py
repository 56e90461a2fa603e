"""Data sets of points in the plane with two classes, and their input features."""

from __future__ import annotations

import csv
from collections.abc import Callable

import numpy as np

from studio.core.errors import InvalidInput, make_printable

MIN_POINTS, MAX_POINTS = 4, 2000  # points of a user's data set
_TURNS = 1.6  # of each spiral
_DATA_STREAM = 6  # random stream separate from those of training, so that a setting changes nothing else
_COLUMNS = 3  # of a row: x, y, class

Points = tuple[np.ndarray, np.ndarray]  # positions `(N, 2) float32`, classes `(N,) int`, 0 or 1


def make_points(name: str, count: int, noise: float, seed: int) -> Points:
    """Makes a data set; both classes have equally many points, within one.

    Args:
        name: "circles", "spiral", "xor" or "blobs".
        count: number of points.
        noise: standard deviation of the noise added to each coordinate.
        seed: of the positions.

    Returns:
        Positions `(count, 2) float32`, mostly in [-1, 1], and classes `(count,) int`, 0 or 1.
    """
    rng = np.random.default_rng([seed, _DATA_STREAM])
    classes = np.arange(count) % 2
    positions = _MAKERS[name](classes, rng)
    return (positions + rng.normal(0, noise, positions.shape)).astype("float32"), classes


def _make_circles(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi, len(classes))
    radius = np.where(classes == 1, 0.35, 0.85)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _make_spiral(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    share = rng.uniform(0.05, 1, len(classes))
    angle = 2 * np.pi * _TURNS * share + np.pi * classes
    return 0.95 * share[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _make_xor(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    x, y = rng.uniform(0.08, 0.95, (2, len(classes))) * rng.choice([-1, 1], len(classes))
    return np.stack([x, np.where(classes == 1, -y, y)], axis=1)


def _make_blobs(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    centers = np.where(classes == 1, 0.45, -0.45)
    return centers[:, None] + rng.normal(0, 0.15, (len(classes), 2))


_MAKERS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "circles": _make_circles,
    "spiral": _make_spiral,
    "xor": _make_xor,
    "blobs": _make_blobs,
}


def compute_features(positions: np.ndarray, kind: str) -> np.ndarray:
    """Returns the input features, `(N, k) float32`, of positions `(N, 2) float32`.

    Args:
        positions: of the points.
        kind: "linear", "polynomial" or "sines"; `settings.FEATURE_NAMES` lists the features of each.
    """
    x, y = positions.T
    columns = {
        "linear": (x, y),
        "polynomial": (x, y, x * x, y * y, x * y),
        "sines": (x, y, np.sin(np.pi * x), np.sin(np.pi * y)),
    }[kind]
    return np.stack(columns, axis=1).astype("float32")


def parse_points(text: str) -> Points:
    """Parses points from CSV with a row `x,y,class` for each; a row without numbers at the start is a header.

    Raises:
        InvalidInput: if a row is invalid, there are too many points, or too few of a class.
    """
    try:
        rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    except csv.Error as error:  # a field of over 131,072 characters
        raise InvalidInput("This is not a list of points. Use CSV with rows of x,y,class.") from error
    if rows and not _is_number(rows[0][0]):
        rows = rows[1:]
    if len(rows) > MAX_POINTS:
        raise InvalidInput(f"{len(rows):,} points are too many. Use at most {MAX_POINTS:,}.")
    values = np.array([_parse_row(row) for row in rows]).reshape(-1, _COLUMNS)
    classes = values[:, 2].astype(int)
    if len(rows) < MIN_POINTS or np.bincount(classes, minlength=2).min() < 2:
        raise InvalidInput("There are too few points. Add at least two of each class.")
    return values[:, :2].astype("float32"), classes


def format_points(positions: np.ndarray, classes: np.ndarray) -> str:
    """Formats points as CSV that `parse_points` reads."""
    rows = (f"{x:.4f},{y:.4f},{label}" for (x, y), label in zip(positions, classes, strict=True))
    return "\n".join(["x,y,class", *rows]) + "\n"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse_row(row: list[str]) -> tuple[float, float, int]:
    """Returns x, y and the class of a row."""
    if len(row) == _COLUMNS and all(map(_is_number, row[:2])) and row[2].strip() in ("0", "1"):
        x, y = float(row[0]), float(row[1])
        if abs(x) <= 1 and abs(y) <= 1:  # false for NaN, too
            return x, y, int(row[2])
    text = make_printable(",".join(row), 40)
    raise InvalidInput(f'"{text}" is not a point. Use x and y from -1 to 1, and class 0 or 1: 0.5,-0.2,1')
