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
from studio.core.errors import Cancelled, StudioError, a, invalid, unknown
from studio.core.metrics import comparison
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import Goal, Inputs, Result, Task, TrialPlan
from studio.core.training import checkpoints
from studio.core.weights import pretrained
from studio.tune.pruning import Watch
from studio.tune.settings import MEASURE, STOPPED, TEST, TuneSettings
from studio.tune.space import YARDSTICK, Range, parse_fixed, space

if TYPE_CHECKING:
    import optuna

    from studio.engine.cluster.drivers import Crew

MOST_FAILURES = 5  # failed trials in a row that end a search
ALL_TRIED = "All combinations of the search space were tried."
log = logging.getLogger("studio.tune")


def training_task(settings: TuneSettings) -> Task:
    """Returns the training task to tune. Raises `InvalidInput` if there is none of that name."""
    tunable = {name: tasks.get(name) for name in tasks.TASKS}
    tunable = {name: task for name, task in tunable.items() if task.goal}
    word = settings.train if settings.train in tunable else f"{settings.train}.train"
    if word not in tunable:
        raise unknown("training", settings.train, [name.removesuffix(".train") for name in tunable])
    return tunable[word]


def search_space(settings: TuneSettings) -> dict[str, Range]:
    """Returns the search space, by default that of the training's goal. Raises like `space`."""
    task = training_task(settings)
    return space(task.settings, settings.vary or (task.goal or Goal()).varies)


def shared_settings(settings: TuneSettings) -> dict[str, Any]:
    """Returns the settings that all trials share, including those of the goal. Raises like `parse_fixed`."""
    task = training_task(settings)
    words = (*settings.fixed, *(task.goal.shared if task.goal else ()))
    return parse_fixed(task.settings, words, search_space(settings))


def check(settings: TuneSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if the training, the search space or the data are not valid."""
    task = training_task(settings)
    ranges = search_space(settings)
    task.settings.parse(shared_settings(settings))
    yardstick = YARDSTICK.union(task.goal.yardstick if task.goal else ())
    if others := sorted(yardstick & set(ranges)):
        expected, step = "settings that do not change the metric", "fix it with `--fixed`"
        raise invalid("`--vary`", expected=expected, received=others[0], next_step=step)
    slot = task.inputs[0]
    if not inputs.get(slot.name):
        step = f"give a {slot.kind}"
        raise invalid(slot.name, expected=a(slot.kind), received="none", next_step=step)


def weights_of(settings: TuneSettings) -> tuple[str, ...]:
    """Returns the pretrained weights that the metric needs, which are downloaded before the first trial.

    Raises:
        InvalidInput: if the settings are not valid.
    """
    task = training_task(settings)
    fixed = shared_settings(settings)
    return comparison.WEIGHTS if getattr(task.settings.parse(fixed), "scored", 0) else ()


def plan_trials(settings: TuneSettings, inputs: Inputs) -> TrialPlan:
    """Returns the plan of all trials, from which the cost is estimated. Raises like `check`."""
    task = training_task(settings)
    ranges = search_space(settings)
    fixed = shared_settings(settings)
    values = {name: limits.extremes for name, limits in ranges.items()}
    slot = task.inputs[0].name
    seconds = 60 * settings.minutes or math.inf
    return TrialPlan(task, task.settings.parse(fixed), values, {slot: inputs[slot]}, settings.trials, seconds)


def run(settings: TuneSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs a search. If stopped, returns the best model so far; a repeated run continues."""
    from studio.engine.cluster.drivers import Crew
    from studio.tune import study as studies

    task = training_task(settings)
    settings = settings.model_copy(update={"train": task.name})
    ranges = search_space(settings)
    fixed = shared_settings(settings)
    slot = task.inputs[0].name
    for name in weights_of(settings):
        pretrained.fetch(name, progress)
    crew = Crew()
    try:
        with studies.open_study(settings, inputs, ranges, fixed) as study:
            search = Search(task, settings, {slot: inputs[slot]}, ranges, fixed, study, crew, progress)
            stopped = search.run()
            return _result(search, inputs, stopped)
    finally:
        crew.close()


class Search:
    """A running search.

    Args:
        task: the training task.
        settings: settings of the search.
        inputs: inputs of each trial.
        ranges: the search space.
        fixed: settings that all trials share.
        study: study that stores the trials.
        crew: workers that run them.
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
        crew: Crew,
        progress: Progress,
    ):
        self.task, self.settings, self.inputs = task, settings, inputs
        self.goal = task.goal or Goal()
        self.is_comparable = not set(ranges) & set(self.goal.units)
        self.ranges, self.fixed = ranges, fixed
        self.study, self.crew, self.progress = study, crew, progress
        self.until = time.monotonic() + 60 * settings.minutes if settings.minutes else float("inf")
        self._failed = 0
        self._last_error = ""
        self._stop = False

    def run(self) -> bool:
        """Runs the missing trials, until too many fail in a row. Returns whether the user stopped it."""
        from studio.tune.study import finished_trials

        self._report()
        if len(finished_trials(self.study)) < self.settings.trials and not self.is_exhausted:
            self.study.optimize(
                self._run_trial,
                n_jobs=self.settings.jobs,
                catch=(StudioError,),
                callbacks=[self._after],
            )
        return self._stop

    @property
    def ended(self) -> list[optuna.trial.FrozenTrial]:
        """Returns the trials that ended by themselves, whose models can be compared."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]

    @property
    def is_exhausted(self) -> bool:
        """Returns whether all combinations of the search space were tried, as with few choices."""
        from studio.tune.study import finished_trials

        count = math.prod(limits.count for limits in self.ranges.values())
        return len({str(sorted(trial.params.items())) for trial in finished_trials(self.study)}) >= count

    @property
    def note(self) -> str:
        """Returns why the search ended early, after too many failures in a row, or ""."""
        if self._failed < MOST_FAILURES:
            return ""
        return f"{MOST_FAILURES} trials in a row failed. Last error: {self._last_error}"

    def _after(self, study: optuna.Study, _: Any) -> None:
        from studio.tune.study import finished_trials

        self._report()
        enough = len(finished_trials(study)) >= self.settings.trials or time.monotonic() > self.until
        if enough or self._stop or self.note or self.is_exhausted:
            study.stop()

    def _run_trial(self, trial: optuna.Trial) -> float:
        """Runs a trial and returns its value of the goal's metric."""
        params = {name: limits.suggest(trial, name) for name, limits in self.ranges.items()}
        if (earlier := self._same_trial(params)) is not None:
            self._failed = 0
            for name, attribute in earlier.user_attrs.items():
                trial.set_user_attr(name, attribute)
            return float(earlier.values[0])
        settings = self.task.settings.parse({**self.fixed, **params})
        watch = Watch(self.goal, trial, partial(self._report, trial), self.is_comparable)
        try:
            result = self.crew.run(self.task.name, settings, self.inputs, watch.progress(self._should_stop))
        except Cancelled:
            self._end(watch, settings)
            raise StudioError("The trial was stopped before its first measurement.") from None
        except StudioError as error:
            self._failed, self._last_error = self._failed + 1, str(error)
            log.warning("a trial failed: %s", error)
            raise
        self._end(watch, settings)
        trial.set_user_attr("model", asdict(result.files[0]))
        if self.goal.test in result.figures:
            attribute = {"measure": self.goal.test, "value": result.figures[self.goal.test]}
            trial.set_user_attr(TEST, attribute | {"interval": result.figures.get("interval")})
        if result.recipe is not None and result.recipe.weights:
            trial.set_user_attr("weights", dict(result.recipe.weights))
        value, measure = watch.value(result.figures)
        if (reason := self._incomparable(value, measure)) or value is None:
            self._failed, self._last_error = self._failed + 1, reason
            raise StudioError(reason)
        self._failed = 0
        trial.set_user_attr(MEASURE, measure)
        return value

    def _same_trial(self, params: Mapping[str, Any]) -> optuna.trial.FrozenTrial | None:
        """Returns a finished trial with the same settings, which would give the same model, or None."""
        return next((trial for trial in self.ended if trial.params == params), None)

    def _incomparable(self, value: float | None, measure: str) -> str:
        """Returns why a trial cannot be compared with the others, or ""."""
        if value is None:
            return "The training run reported no metric."
        other_measure = next((trial.user_attrs.get(MEASURE, measure) for trial in self.ended), measure)
        if other_measure == measure:
            return ""
        title_of = self.goal.title_of
        return f"The trial was measured by {title_of(measure)}, earlier trials by {title_of(other_measure)}."

    def _end(self, watch: Watch, settings: Settings) -> None:
        """Raises if the pruner or the user stopped a trial; removes the checkpoint of a pruned one."""
        import optuna

        if watch.poor:
            self._failed = 0  # a pruned trial has not failed
            checkpoints.find_run(self.task.name, settings, self.inputs).forget()
            raise optuna.TrialPruned
        if self._should_stop():
            watch.trial.set_user_attr(STOPPED, True)
            raise StudioError("The trial was stopped with the search.")

    def _should_stop(self) -> bool:
        if not self._stop:
            try:
                self.progress.check()
            except Cancelled:
                self._stop = True
        return self._stop

    def _report(self, trial: optuna.Trial | None = None, value: float | None = None) -> None:
        from studio.tune.study import finished_trials

        done = finished_trials(self.study)
        metrics = {} if trial is None or value is None else {f"trial {trial.number + 1}": value}
        values = [trial.value for trial in done if trial.state.name == "COMPLETE" and trial.value is not None]
        if values:
            metrics["best"] = max(values) if self.goal.most else min(values)
        ended, total = min(len(done), self.settings.trials), self.settings.trials
        stage = f"Trial {ended + 1} of {total}" if ended < total else ""
        try:
            self.progress.report(ended, total, metrics, text=stage)
        except Cancelled:
            self._stop = True


def _result(search: Search, inputs: Inputs, stopped: bool) -> Result:
    from studio.tune.results import best_model, figures

    search_figures = figures(search.study, search.ranges)
    if not search_figures["trials_ended"]:
        if stopped:
            raise Cancelled
        if search.note:
            raise StudioError(search.note)
        raise StudioError("No trial finished within the time limit. Raise --minutes or shorten each trial.")
    search_figures["notes"] = [
        note for note in (search.note, ALL_TRIED if search.is_exhausted else "") if note
    ]
    best = best_model(search.ended, search_figures, search.goal)
    trials = search.study.get_trials(deepcopy=False)
    weights = {
        name: digest for trial in trials for name, digest in trial.user_attrs.get("weights", {}).items()
    }
    recipe = recipes.make("tune.run", search.settings, inputs, weights)
    return Result((best,), search_figures, recipe, stopped)
