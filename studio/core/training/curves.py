"""Losses and metrics of a training run, test by test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Curves:
    """Losses and metrics of a run so far.

    Attributes:
        steps: the step of each test.
        losses: by name, the means since the test before.
        tests: by name, what each test measured.
        seconds: of work, those before an interruption included.
    """

    steps: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    tests: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, step: int, losses: Mapping[str, float], measured: Mapping[str, float]) -> None:
        """Adds one test."""
        self.steps.append(step)
        for curves, numbers in ((self.losses, losses), (self.tests, measured)):
            for name, number in numbers.items():
                curves.setdefault(name, []).append(float(number))

    @property
    def measured(self) -> dict[str, list[float]]:
        """Losses and tests by name."""
        return {**self.losses, **self.tests}
