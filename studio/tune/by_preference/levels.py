"""The values that settings are tried at by preference: those that a user could choose on a form, and no
others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.core.settings import Described, Settings
from studio.tune.space import Range

AN_OCTAVE = 4  # values on a log scale
MOST = 2048  # points that are looked at at once
Point = tuple[Any, ...]  # a value of each setting that varies


class Grid:
    """All that can be tried, as points and as places in the unit cube.

    A number takes one side of the cube, a choice as many as it has choices, so that any two choices are as
    far apart as the two ends of a number. Points are always real settings: what the model believes of them
    is believed of what is then made, not of a place between two settings.

    Args:
        settings: the class of the settings.
        ranges: what varies.

    Reference:
        Garrido-Merchan and Hernandez-Lobato 2020, arXiv:1805.03463, on rounding before the kernel.
    """

    def __init__(self, settings: type[Settings], ranges: Mapping[str, Range]):
        fields = settings.described()
        self.names = tuple(ranges)
        self.ranges = dict(ranges)
        self.levels = {name: levels(fields[name], one) for name, one in ranges.items()}
        self._sides = {name: _sides(ranges[name], found) for name, found in self.levels.items()}
        self._numbers = {name: {one: n for n, one in enumerate(found)} for name, found in self.levels.items()}
        self._spread: dict[int, list[Point]] = {}
        self.usual = tuple(_nearest(self.levels[name], fields[name].default) for name in ranges)

    @property
    def count(self) -> int:
        """How many points there are."""
        return math.prod(len(found) for found in self.levels.values())

    @property
    def owners(self) -> list[int]:
        """The number of the setting that each side of the cube belongs to."""
        return [n for n, name in enumerate(self.names) for _ in range(self._sides[name].shape[1])]

    def places(self, points: Sequence[Point]) -> np.ndarray:
        """Where points lie: `(n, sides) float64` in [0, 1]."""
        columns = [
            self._sides[name][[number[point[n]] for point in points]]
            for n, (name, number) in enumerate(self._numbers.items())
        ]
        return np.concatenate(columns, axis=1)

    def points(self, seed: int, near: Sequence[Point] = ()) -> list[Point]:
        """All points if they are few, else many of them spread evenly, and those next to some."""
        if seed not in self._spread:
            self._spread[seed] = self._evenly(seed)
        found = self._spread[seed]
        if self.count <= MOST:
            return list(found)
        return list(dict.fromkeys([*found, *(other for point in near for other in self._beside(point))]))

    def _evenly(self, seed: int) -> list[Point]:
        found = [np.array(one, object) for one in self.levels.values()]
        numbers: Sequence[np.ndarray]  # of each setting, the place of its level in every point
        if self.count <= MOST:
            numbers = np.unravel_index(np.arange(self.count), [len(one) for one in found])
        else:
            from scipy.stats import qmc

            spread = qmc.Sobol(len(found), seed=seed).random(MOST // 2).T
            numbers = [(side * len(one)).astype(int) for side, one in zip(spread, found, strict=True)]
        columns = [one[some].tolist() for one, some in zip(found, numbers, strict=True)]
        return list(dict.fromkeys(zip(*columns, strict=True)))

    def _beside(self, point: Point) -> list[Point]:
        beside = []
        for n, name in enumerate(self.names):
            here = self._numbers[name][point[n]]
            for other in self.levels[name][max(here - 2, 0) : here + 3]:
                beside.append((*point[:n], other, *point[n + 1 :]))
        return beside


def levels(field: Described, limits: Range) -> tuple[Any, ...]:
    """The values of one setting, low to high; of a choice, its choices."""
    if limits.choices:
        return tuple(limits.choices)
    on_form = _ratios(field) if field.scale == "log" else _steps(field, limits)
    low, high = limits.ends
    within = [value for value in on_form if low <= value <= high]
    values = within if len(within) > 1 else [low, high]
    return tuple(dict.fromkeys(round(value) if limits.whole else float(value) for value in values))


def _ratios(field: Described) -> list[float]:
    """About four an octave, as the form of the task has them; the usual value is one of them."""
    most = float(field.most or 4 * field.default)
    least = float(field.least or most / 256)
    octaves = math.log2(most / least)
    count = max(2, round(octaves * AN_OCTAVE))
    values = {float(f"{least * 2 ** (octaves * i / count):.2g}") for i in range(count + 1)}
    return sorted(values | {float(field.default)})


def _steps(field: Described, range_: Range) -> list[float]:
    low, high = range_.ends
    step = field.step or (1 if range_.whole else 10 ** math.floor(math.log10((high - low) / 20)))
    base = field.least if field.least is not None else low
    first, last = math.ceil((low - base) / step - 1e-9), math.floor((high - base) / step + 1e-9)
    return [round(base + step * i, 10) for i in range(first, last + 1)]


def _sides(range_: Range, found: Sequence[Any]) -> np.ndarray:
    """`(levels, sides)`, the place of each level."""
    if range_.choices:
        return np.eye(len(found)) / math.sqrt(2)
    values = np.log(found) if range_.log else np.asarray(found, "float64")
    return ((values - values[0]) / (values[-1] - values[0]))[:, None]


def _nearest(found: Sequence[Any], usual: Any) -> Any:
    """The level that is nearest to the usual value; the middle one where there is none."""
    if usual in found:
        return usual
    if isinstance(usual, int | float) and not isinstance(found[0], str):
        return min(found, key=lambda value: abs(value - usual))
    return found[len(found) // 2]
