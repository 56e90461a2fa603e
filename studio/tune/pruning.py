"""One trial of a search as it is measured: how good its model is, and when it is too poor to continue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.core.progress import Progress, Report
from studio.core.tasks import Goal

if TYPE_CHECKING:
    import optuna


class Watch:
    """Hears the reports of one trial: notes each measurement, and says when it is too poor to continue.

    Args:
        goal: what is measured.
        trial: whose it is.
        tell: called with each measurement.
        alike: whether the metric counts the same in all trials, so that they can be compared by it.
    """

    def __init__(self, goal: Goal, trial: optuna.Trial, tell: Any, alike: bool = True):
        self.goal, self.trial, self.tell, self.alike = goal, trial, tell, alike
        self.poor = False
        self.found: list[float] = []
        self._tests = 0  # of those that the training has done, the last that was heard of

    def progress(self, stopped: Any) -> Progress:
        """For the training: it is cancelled when a user stops the search, or when it is poor."""
        return Progress(self._hear, lambda: self.poor or stopped())

    def _hear(self, report: Report) -> None:
        value = report.metrics.get(self.goal.metric)
        if value is None or report.tests <= self._tests:
            return
        self.found.append(float(value))
        self._tests = report.tests
        # Counted in tests: halving then means the same for a training run of any length. By their number, not
        # by what they found: one that finds the same as the one before is a test, too.
        self.trial.report(value, self._tests)
        # At its last step there is nothing left to save: its figure may yet be the best.
        self.poor = self.alike and report.step < report.total and self.trial.should_prune()
        self.tell(value)

    def value(self, figures: Mapping[str, Any]) -> tuple[float | None, str]:
        """How good the model is, None if nothing says so, and the name of what says it."""
        if isinstance(told := figures.get(self.goal.figure), int | float):
            return float(told), self.goal.figure
        if not self.alike:
            return None, self.goal.metric
        return (max if self.goal.most else min)(self.found, default=None), self.goal.metric
