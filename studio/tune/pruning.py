"""Pruning: the pruner for the settings, and an observer that stops a trial when the pruner says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from studio.core.progress import Progress, Report
from studio.core.tasks import Goal
from studio.tune.settings import TuneSettings

if TYPE_CHECKING:
    import optuna


def make_pruner(settings: TuneSettings) -> optuna.pruners.BasePruner:
    """Returns the pruner of a search. Each rung of halving keeps a third of the trials (arXiv:1810.05934)."""
    import optuna

    if settings.pruning == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if settings.pruning == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, reduction_factor=3)
    return optuna.pruners.NopPruner()


class TrialObserver:
    """Observes the reports of a trial, passes its metric to Optuna, and stops the trial if it is pruned.

    Args:
        goal: metric of the search.
        trial: the trial.
        report_value: called with each value of the metric.
        is_comparable: whether the metric has the same unit in all trials, so that trials can be pruned.

    Attributes:
        is_pruned: whether the pruner has stopped the trial.
        values: values of the metric so far.
    """

    def __init__(
        self,
        goal: Goal,
        trial: optuna.Trial,
        report_value: Callable[[float], None],
        is_comparable: bool = True,
    ):
        self.goal, self.trial = goal, trial
        self.report_value, self.is_comparable = report_value, is_comparable
        self.is_pruned = False
        self.values: list[float] = []
        self._tests = 0  # number of the last test that was reported

    def make_progress(self, is_stopped: Callable[[], bool]) -> Progress:
        """Returns a progress that cancels the training if `is_stopped` is true or the trial is pruned."""
        return Progress(self._observe, lambda: self.is_pruned or is_stopped())

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
        self.is_pruned = self.is_comparable and report.step < report.total and self.trial.should_prune()
        self.report_value(value)

    def find_value(self, figures: Mapping[str, Any]) -> tuple[float | None, str]:
        """Returns the value of the finished trial, None without a metric, and the name of the metric."""
        if isinstance(figure := figures.get(self.goal.figure), int | float):
            return float(figure), self.goal.figure
        if not self.is_comparable:
            return None, self.goal.metric
        return (max if self.goal.higher_is_better else min)(self.values, default=None), self.goal.metric
