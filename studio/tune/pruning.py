"""Observes a trial of a search: collects its metric, and prunes the trial if it is poor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.core.progress import Progress, Report
from studio.core.tasks import Goal

if TYPE_CHECKING:
    import optuna


class Watch:
    """Observes the reports of a trial, passes its metric to Optuna, and stops the trial if it is poor.

    Args:
        goal: metric of the search.
        trial: the trial.
        tell: called with each value of the metric.
        is_comparable: whether the metric has the same unit in all trials, so that trials can be pruned.

    Attributes:
        poor: whether the pruner has stopped the trial.
        values: values of the metric so far.
    """

    def __init__(self, goal: Goal, trial: optuna.Trial, tell: Any, is_comparable: bool = True):
        self.goal, self.trial, self.tell, self.is_comparable = goal, trial, tell, is_comparable
        self.poor = False
        self.values: list[float] = []
        self._tests = 0  # number of the last test that was reported

    def progress(self, stopped: Any) -> Progress:
        """Returns the progress for the training, which cancels it if `stopped` returns True or it is poor."""
        return Progress(self._observe, lambda: self.poor or stopped())

    def _observe(self, report: Report) -> None:
        value = report.metrics.get(self.goal.metric)
        if value is None or report.tests <= self._tests:
            return
        self.values.append(float(value))
        self._tests = report.tests
        # Count tests instead of steps, so that halving does not depend on the length of a training run. Use
        # the number of the test, because two tests may give equal values.
        self.trial.report(value, self._tests)
        # Do not prune at the last step, which saves nothing; the final figure may still be the best.
        self.poor = self.is_comparable and report.step < report.total and self.trial.should_prune()
        self.tell(value)

    def value(self, figures: Mapping[str, Any]) -> tuple[float | None, str]:
        """Returns the value of the finished trial, None without a metric, and the name of the metric."""
        if isinstance(figure := figures.get(self.goal.figure), int | float):
            return float(figure), self.goal.figure
        if not self.is_comparable:
            return None, self.goal.metric
        return (max if self.goal.most else min)(self.values, default=None), self.goal.metric
