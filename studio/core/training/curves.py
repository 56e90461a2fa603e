"""Losses and metrics of a training run, test by test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Curves:
    """Losses and metrics of a run so far.

    Attributes:
        steps: the step of each test.
        losses: by name, the mean loss since the previous test.
        metrics: by name, the metric at each test.
        seconds: training time, including that before an interruption.
    """

    steps: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, step: int, losses: Mapping[str, float], metrics: Mapping[str, float]) -> None:
        """Adds the losses and metrics of one test."""
        self.steps.append(step)
        for curves, values in ((self.losses, losses), (self.metrics, metrics)):
            for name, value in values.items():
                curves.setdefault(name, []).append(float(value))

    @property
    def by_name(self) -> dict[str, list[float]]:
        """Losses and metrics by name."""
        return {**self.losses, **self.metrics}


def thin(history: Sequence[T], max_points: int) -> list[T]:
    """Returns about `max_points` evenly spaced entries of a history, including the first and the last."""
    return [*history[: -1 : max(1, len(history) // max_points)], *history[-1:]]
