"""The grid of a search by preference: only values that a user could choose on a form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.core.settings import SettingInfo, Settings
from studio.tune.space import Range

LEVELS_PER_OCTAVE = 4  # values per octave on a log scale
MAX_POINTS = 2048  # candidate points that are evaluated at once
Point = tuple[Any, ...]  # a value of each setting that varies


class Grid:
    """The grid of all candidates, as points (values of settings) and as places in the unit cube.

    A number has one dimension of the cube, a choice one for each of its values, so that any two choices are
    as far apart as the two ends of a number. Points are always valid settings, so that the model is evaluated
    where images are made, not between two levels.

    Args:
        settings: class of the settings.
        ranges: the search space.

    Reference:
        Garrido-Merchan and Hernandez-Lobato 2020, arXiv:1805.03463, on rounding before the kernel.
    """

    def __init__(self, settings: type[Settings], ranges: Mapping[str, Range]):
        fields = settings.describe()
        self.names = tuple(ranges)
        self.ranges = dict(ranges)
        self.levels = {name: list_levels(fields[name], limits) for name, limits in ranges.items()}
        self._coordinates = {
            name: _compute_coordinates(ranges[name], values) for name, values in self.levels.items()
        }
        self._level_indices = {
            name: {value: n for n, value in enumerate(values)} for name, values in self.levels.items()
        }
        self._spread_points: dict[int, list[Point]] = {}
        self.default_point = tuple(_find_nearest(self.levels[name], fields[name].default) for name in ranges)

    @property
    def count(self) -> int:
        """Returns the number of points."""
        return math.prod(len(values) for values in self.levels.values())

    @property
    def dimension_settings(self) -> list[int]:
        """Returns the index of the setting of each dimension of the cube."""
        return [n for n, name in enumerate(self.names) for _ in range(self._coordinates[name].shape[1])]

    def locate(self, points: Sequence[Point]) -> np.ndarray:
        """Returns the places of points, `(n, d) float64` in [0, 1]."""
        columns = [
            self._coordinates[name][[indices[point[n]] for point in points]]
            for n, (name, indices) in enumerate(self._level_indices.items())
        ]
        return np.concatenate(columns, axis=1)

    def list_points(self, seed: int, centers: Sequence[Point] = ()) -> list[Point]:
        """Returns all points if they are few, else an even sample and the neighbors of `centers`."""
        if seed not in self._spread_points:
            self._spread_points[seed] = self._sample_evenly(seed)
        points = self._spread_points[seed]
        if self.count <= MAX_POINTS:
            return list(points)
        return list(
            dict.fromkeys([*points, *(other for point in centers for other in self._list_neighbors(point))])
        )

    def _sample_evenly(self, seed: int) -> list[Point]:
        """Returns all points, or an even sample of them if they are too many."""
        level_arrays = [np.array(values, object) for values in self.levels.values()]
        level_indices: Sequence[np.ndarray]  # for each setting, the index of its level in every point
        if self.count <= MAX_POINTS:
            level_indices = np.unravel_index(np.arange(self.count), [len(values) for values in level_arrays])
        else:
            from scipy.stats import qmc

            spread = qmc.Sobol(len(level_arrays), seed=seed).random(MAX_POINTS // 2).T
            level_indices = [
                (side * len(values)).astype(int) for side, values in zip(spread, level_arrays, strict=True)
            ]
        columns = [
            values[indices].tolist() for values, indices in zip(level_arrays, level_indices, strict=True)
        ]
        return list(dict.fromkeys(zip(*columns, strict=True)))

    def _list_neighbors(self, point: Point) -> list[Point]:
        neighbors = []
        for n, name in enumerate(self.names):
            index = self._level_indices[name][point[n]]
            for other in self.levels[name][max(index - 2, 0) : index + 3]:
                neighbors.append((*point[:n], other, *point[n + 1 :]))
        return neighbors


def list_levels(field: SettingInfo, limits: Range) -> tuple[Any, ...]:
    """Returns the values of a setting in ascending order, or the choices of a choice."""
    if limits.choices:
        return tuple(limits.choices)
    form_levels = _list_log_levels(field) if field.scale == "log" else _list_linear_levels(field, limits)
    low, high = limits.bounds
    in_range = [value for value in form_levels if low <= value <= high]
    values = in_range if len(in_range) > 1 else [low, high]
    return tuple(dict.fromkeys(round(value) if limits.whole else float(value) for value in values))


def _list_log_levels(field: SettingInfo) -> list[float]:
    """Returns about four values per octave, like the form of the task, and the default."""
    most = float(field.maximum or 4 * field.default)
    least = float(field.minimum or most / 256)
    octaves = math.log2(most / least)
    count = max(2, round(octaves * LEVELS_PER_OCTAVE))
    values = {float(f"{least * 2 ** (octaves * i / count):.2g}") for i in range(count + 1)}
    return sorted(values | {float(field.default)})


def _list_linear_levels(field: SettingInfo, limits: Range) -> list[float]:
    low, high = limits.bounds
    step = field.step or (1 if limits.whole else 10 ** math.floor(math.log10((high - low) / 20)))
    base = field.minimum if field.minimum is not None else low
    first, last = math.ceil((low - base) / step - 1e-9), math.floor((high - base) / step + 1e-9)
    return [round(base + step * i, 10) for i in range(first, last + 1)]


def _compute_coordinates(limits: Range, level_values: Sequence[Any]) -> np.ndarray:
    """Returns the place of each level in the unit cube, `(levels, d)`."""
    if limits.choices:
        return np.eye(len(level_values)) / math.sqrt(2)
    positions = np.log(level_values) if limits.log else np.asarray(level_values, "float64")
    return ((positions - positions[0]) / (positions[-1] - positions[0]))[:, None]


def _find_nearest(values: Sequence[Any], default: Any) -> Any:
    """Returns the level nearest to the default; the middle one if they are not numbers."""
    if default in values:
        return default
    if isinstance(default, int | float) and not isinstance(values[0], str):
        return min(values, key=lambda value: abs(value - default))
    return values[len(values) // 2]
