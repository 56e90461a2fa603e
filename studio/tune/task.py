"""The search task: runs trainings with different settings on the workers, and returns the best model."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from studio.core import recipes, tasks
from studio.core.errors import Cancelled, StudioError, invalid, unknown, with_article
from studio.core.metrics import comparison
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import Goal, Inputs, Result, Task, TrialPlan
from studio.core.training import checkpoints
from studio.core.weights import pretrained
from studio.tune.pruning import TrialObserver
from studio.tune.settings import MEASURE, STOPPED, TEST, TuneSettings
from studio.tune.space import METRIC_SETTINGS, Range, parse_fixed, parse_space

if TYPE_CHECKING:
    import optuna

    from studio.engine.cluster.drivers import TaskRunner

MAX_FAILURES = 5  # failed trials in a row that end a search
ALL_TRIED_NOTE = "All combinations of the search space were tried."
log = logging.getLogger("studio.tune")


def find_training_task(settings: TuneSettings) -> Task:
    """Returns the training task to tune. Raises `InvalidInput` if there is none of that name."""
    tunable = {name: tasks.get(name) for name in tasks.TASKS}
    tunable = {name: task for name, task in tunable.items() if task.goal}
    name = settings.train if settings.train in tunable else f"{settings.train}.train"
    if name not in tunable:
        raise unknown("training", settings.train, [task.removesuffix(".train") for task in tunable])
    return tunable[name]


def parse_search_space(settings: TuneSettings) -> dict[str, Range]:
    """Returns the search space, by default that of the training's goal. Raises like `parse_space`."""
    task = find_training_task(settings)
    return parse_space(task.settings, settings.vary or (task.goal or Goal()).search_settings)


def parse_shared_settings(settings: TuneSettings) -> dict[str, Any]:
    """Returns the settings that all trials share, including those of the goal. Raises like `parse_fixed`."""
    task = find_training_task(settings)
    texts = (*settings.fixed, *(task.goal.shared_values if task.goal else ()))
    return parse_fixed(task.settings, texts, parse_search_space(settings))


def check(settings: TuneSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if the training, the search space or the data are not valid."""
    task = find_training_task(settings)
    ranges = parse_search_space(settings)
    task.settings.parse(parse_shared_settings(settings))
    metric_settings = METRIC_SETTINGS.union(task.goal.test_data_settings if task.goal else ())
    if others := sorted(metric_settings & set(ranges)):
        expected, step = "settings that do not change the metric", "fix it with `--fixed`"
        raise invalid("`--vary`", expected=expected, received=others[0], next_step=step)
    slot = task.inputs[0]
    if not inputs.get(slot.name):
        step = f"give a {slot.kind}"
        raise invalid(slot.name, expected=with_article(slot.kind), received="none", next_step=step)


def list_needed_weights(settings: TuneSettings) -> tuple[str, ...]:
    """Returns the pretrained weights that the metric needs, which are downloaded before the first trial.

    Raises:
        InvalidInput: if the settings are not valid.
    """
    task = find_training_task(settings)
    fixed = parse_shared_settings(settings)
    return comparison.WEIGHTS if getattr(task.settings.parse(fixed), "scored", 0) else ()


def plan_trials(settings: TuneSettings, inputs: Inputs) -> TrialPlan:
    """Returns the plan of all trials, from which the cost is estimated. Raises like `check`."""
    task = find_training_task(settings)
    ranges = parse_search_space(settings)
    fixed = parse_shared_settings(settings)
    values = {name: limits.extremes for name, limits in ranges.items()}
    slot = task.inputs[0].name
    seconds = 60 * settings.minutes or math.inf
    return TrialPlan(task, task.settings.parse(fixed), values, {slot: inputs[slot]}, settings.trials, seconds)


def run(settings: TuneSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs a search. If stopped, returns the best model so far; a repeated run continues."""
    from studio.engine.cluster.drivers import TaskRunner
    from studio.tune import study as studies

    task = find_training_task(settings)
    settings = settings.model_copy(update={"train": task.name})
    ranges = parse_search_space(settings)
    fixed = parse_shared_settings(settings)
    slot = task.inputs[0].name
    for name in list_needed_weights(settings):
        pretrained.pull_in_child(name, progress)
    task_runner = TaskRunner()
    try:
        with studies.open_study(settings, inputs, ranges, fixed) as study:
            search = Search(task, settings, {slot: inputs[slot]}, ranges, fixed, study, task_runner, progress)
            stopped = search.run()
            return _make_result(search, inputs, stopped)
    finally:
        task_runner.close()


class Search:
    """A running search.

    Args:
        task: the training task.
        settings: settings of the search.
        inputs: inputs of each trial.
        ranges: the search space.
        fixed: settings that all trials share.
        study: study that stores the trials.
        task_runner: workers that run them.
        progress: receives the number of finished trials and the best value.
    """

    def __init__(
        self,
        task: Task,
        settings: TuneSettings,
        inputs: Inputs,
        ranges: Mapping[str, Range],
        fixed: Mapping[str, Any],
        study: optuna.Study,
        task_runner: TaskRunner,
        progress: Progress,
    ):
        self.task, self.settings, self.inputs = task, settings, inputs
        self.goal = task.goal or Goal()
        self.is_comparable = not set(ranges) & set(self.goal.unit_settings)
        self.ranges, self.fixed = ranges, fixed
        self.study, self.task_runner, self.progress = study, task_runner, progress
        self.deadline = time.monotonic() + 60 * settings.minutes if settings.minutes else float("inf")
        self._failures = 0
        self._last_error = ""
        self._is_stopped = False

    def run(self) -> bool:
        """Runs the missing trials, until too many fail in a row. Returns whether the user stopped it."""
        from studio.tune.study import list_finished_trials

        self._report()
        if len(list_finished_trials(self.study)) < self.settings.trials and not self.is_exhausted:
            self.study.optimize(
                self._run_trial,
                n_jobs=self.settings.jobs,
                catch=(StudioError,),
                callbacks=[self._stop_if_finished],
            )
        return self._is_stopped

    @property
    def completed_trials(self) -> list[optuna.trial.FrozenTrial]:
        """Returns the trials that ended by themselves, whose models can be compared."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]

    @property
    def is_exhausted(self) -> bool:
        """Returns whether all combinations of the search space were tried, which happens if there are few."""
        from studio.tune.study import list_finished_trials

        count = math.prod(limits.count for limits in self.ranges.values())
        return len({str(sorted(trial.params.items())) for trial in list_finished_trials(self.study)}) >= count

    @property
    def note(self) -> str:
        """Returns why the search ended early, after too many failures in a row, or ""."""
        if self._failures < MAX_FAILURES:
            return ""
        return f"{MAX_FAILURES} trials in a row failed. Last error: {self._last_error}"

    def _stop_if_finished(self, study: optuna.Study, _: Any) -> None:
        """Reports progress after a trial, and stops the study once no more trials should run."""
        from studio.tune.study import list_finished_trials

        self._report()
        has_all = len(list_finished_trials(study)) >= self.settings.trials
        if has_all or time.monotonic() > self.deadline or self._is_stopped or self.note or self.is_exhausted:
            study.stop()

    def _run_trial(self, trial: optuna.Trial) -> float:
        """Runs a trial and returns its value of the goal's metric."""
        params = {name: limits.suggest(trial, name) for name, limits in self.ranges.items()}
        if (earlier := self._find_same_trial(params)) is not None:
            self._failures = 0
            for name, attribute in earlier.user_attrs.items():
                trial.set_user_attr(name, attribute)
            return float(earlier.values[0])
        observer = TrialObserver(self.goal, trial, partial(self._report, trial), self.is_comparable)
        try:
            # Parse here: values that do not fit together count as a failure, else the search would never end.
            settings = self.task.settings.parse({**self.fixed, **params})
            result = self.task_runner.run(
                self.task.name, settings, self.inputs, observer.make_progress(self._should_stop)
            )
        except Cancelled:
            self._raise_if_stopped(observer, settings)
            raise StudioError("The trial was stopped before its first measurement.") from None
        except StudioError as error:
            self._failures, self._last_error = self._failures + 1, str(error)
            log.warning("a trial failed: %s", error)
            raise
        self._raise_if_stopped(observer, settings)
        trial.set_user_attr("model", asdict(result.files[0]))
        if self.goal.test_figure in result.figures:
            attribute = {"measure": self.goal.test_figure, "value": result.figures[self.goal.test_figure]}
            trial.set_user_attr(TEST, attribute | {"interval": result.figures.get("interval")})
        if result.recipe is not None and result.recipe.weights:
            trial.set_user_attr("weights", dict(result.recipe.weights))
        value, measure = observer.find_value(result.figures)
        if (reason := self._explain_incomparable(value, measure)) or value is None:
            self._failures, self._last_error = self._failures + 1, reason
            raise StudioError(reason)
        self._failures = 0
        trial.set_user_attr(MEASURE, measure)
        return value

    def _find_same_trial(self, params: Mapping[str, Any]) -> optuna.trial.FrozenTrial | None:
        """Returns a finished trial with the same settings, which would give the same model, or None."""
        return next((trial for trial in self.completed_trials if trial.params == params), None)

    def _explain_incomparable(self, value: float | None, measure: str) -> str:
        """Returns why a trial cannot be compared with the others, or ""."""
        if value is None:
            return "The training run reported no metric."
        other_measure = next(
            (trial.user_attrs.get(MEASURE, measure) for trial in self.completed_trials), measure
        )
        if other_measure == measure:
            return ""
        title_of = self.goal.title_of
        return f"The trial was measured by {title_of(measure)}, earlier trials by {title_of(other_measure)}."

    def _raise_if_stopped(self, observer: TrialObserver, settings: Settings) -> None:
        """Raises if the pruner or the user stopped a trial; removes the checkpoint of a pruned one."""
        import optuna

        if observer.is_pruned:
            self._failures = 0  # a pruned trial has not failed
            checkpoints.find_run(self.task.name, settings, self.inputs).delete()
            raise optuna.TrialPruned
        if self._should_stop():
            observer.trial.set_user_attr(STOPPED, True)
            raise StudioError("The trial was stopped with the search.")

    def _should_stop(self) -> bool:
        """Returns whether the user stopped the search."""
        if not self._is_stopped:
            try:
                self.progress.check()
            except Cancelled:
                self._is_stopped = True
        return self._is_stopped

    def _report(self, trial: optuna.Trial | None = None, value: float | None = None) -> None:
        """Reports the finished trials, the best value, and a new value of a running trial if there is one."""
        from studio.tune.study import list_finished_trials

        finished = list_finished_trials(self.study)
        metrics = {} if trial is None or value is None else {f"trial {trial.number + 1}": value}
        values = [trial.value for trial in self.completed_trials if trial.value is not None]
        if values:
            metrics["best"] = max(values) if self.goal.higher_is_better else min(values)
        ended, total = min(len(finished), self.settings.trials), self.settings.trials
        stage = f"Trial {ended + 1} of {total}" if ended < total else ""
        try:
            self.progress.report(ended, total, metrics, text=stage)
        except Cancelled:
            self._is_stopped = True


def _make_result(search: Search, inputs: Inputs, stopped: bool) -> Result:
    from studio.tune.results import compute_figures, find_best_model

    search_figures = compute_figures(search.study, search.ranges)
    if not search_figures["trials_ended"]:
        if stopped:
            raise Cancelled
        if search.note:
            raise StudioError(search.note)
        raise StudioError("No trial finished within the time limit. Raise --minutes or shorten each trial.")
    search_figures["notes"] = [
        note for note in (search.note, ALL_TRIED_NOTE if search.is_exhausted else "") if note
    ]
    best = find_best_model(search.completed_trials, search_figures, search.goal)
    trials = search.study.get_trials(deepcopy=False)
    weights = {
        name: digest for trial in trials for name, digest in trial.user_attrs.get("weights", {}).items()
    }
    recipe = recipes.make("tune.run", search.settings, inputs, weights)
    return Result((best,), search_figures, recipe, stopped)
