"""A search as a task: training runs with different settings, run by the crew; the best model comes out."""

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
from studio.core.tasks import Goal, Inputs, Result, Task, Tries
from studio.core.training import checkpoints
from studio.core.weights import pretrained
from studio.tune.pruning import Watch
from studio.tune.settings import MEASURE, STOPPED, TEST, TuneSettings
from studio.tune.space import YARDSTICK, Range, shared, space

if TYPE_CHECKING:
    import optuna

    from studio.engine.cluster.drivers import Crew

MOST_FAILURES = 5  # in a row, after which something is wrong with all of them
ALL_TRIED = "All combinations of the search space were tried."
log = logging.getLogger("studio.tune")


def trained(settings: TuneSettings) -> Task:
    """The training that is searched. Raises `InvalidInput` if it is none."""
    able = {name: tasks.get(name) for name in tasks.TASKS}
    able = {name: task for name, task in able.items() if task.goal}
    word = settings.train if settings.train in able else f"{settings.train}.train"
    if word not in able:
        raise unknown("training", settings.train, [name.removesuffix(".train") for name in able])
    return able[word]


def search_space(settings: TuneSettings) -> dict[str, Range]:
    """The settings that vary, by default those that the training recommends. Raises as `space`."""
    task = trained(settings)
    return space(task.settings, settings.vary or (task.goal or Goal()).varies)


def shared_settings(settings: TuneSettings) -> dict[str, Any]:
    """What all trials share: what was asked for, and what the goal needs. Raises as `shared`."""
    task = trained(settings)
    words = (*settings.fixed, *(task.goal.shared if task.goal else ()))
    return shared(task.settings, words, search_space(settings))


def check(settings: TuneSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` for a search that cannot be: no training, no space, the wrong data."""
    task = trained(settings)
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
    """The weights that the training runs are measured with, if they are; fetched before the first one begins.

    Raises:
        InvalidInput: if it is no search.
    """
    task = trained(settings)
    fixed = shared_settings(settings)
    return comparison.WEIGHTS if getattr(task.settings.parse(fixed), "scored", 0) else ()


def tries(settings: TuneSettings, inputs: Inputs) -> Tries:
    """What the trials may ask for. Raises as `check`."""
    task = trained(settings)
    ranges = search_space(settings)
    fixed = shared_settings(settings)
    values = {name: one.extremes for name, one in ranges.items()}
    slot = task.inputs[0].name
    seconds = 60 * settings.minutes or math.inf
    return Tries(task, task.settings.parse(fixed), values, {slot: inputs[slot]}, settings.trials, seconds)


def run(settings: TuneSettings, inputs: Inputs, progress: Progress) -> Result:
    """Searches. Stopped early, it gives the best so far; asked again, it continues."""
    from studio.engine.cluster.drivers import Crew
    from studio.tune import study as studies

    task = trained(settings)
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
            stopped = search.go_on()
            return _result(search, inputs, stopped)
    finally:
        crew.close()


class Search:
    """A search under way.

    Args:
        task: the training.
        settings: of the search.
        inputs: of each trial.
        ranges: what varies.
        fixed: what all trials share.
        study: keeps the trials.
        crew: runs them.
        progress: told how many have ended, and the best so far.
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
        self.alike = not set(ranges) & set(self.goal.units)
        self.ranges, self.fixed = ranges, fixed
        self.study, self.crew, self.progress = study, crew, progress
        self.until = time.monotonic() + 60 * settings.minutes if settings.minutes else float("inf")
        self._failed = 0
        self._why = ""
        self._stop = False

    def go_on(self) -> bool:
        """Runs what is missing, until trial after trial fails. Returns whether a user stopped it."""
        from studio.tune.study import finished

        self._tell()
        if len(finished(self.study)) < self.settings.trials and not self.exhausted:
            self.study.optimize(
                self._try,
                n_jobs=self.settings.jobs,
                catch=(StudioError,),
                callbacks=[self._after],
            )
        return self._stop

    @property
    def ended(self) -> list[optuna.trial.FrozenTrial]:
        """The trials that ended by themselves, whose models can be compared."""
        return [one for one in self.study.get_trials(deepcopy=False) if one.state.name == "COMPLETE"]

    @property
    def exhausted(self) -> bool:
        """Whether all that may be tried was tried: few choices together are soon."""
        from studio.tune.study import finished

        count = math.prod(one.count for one in self.ranges.values())
        return len({str(sorted(one.params.items())) for one in finished(self.study)}) >= count

    @property
    def note(self) -> str:
        """Why it ended before its time: trial after trial failed; "" if it did not."""
        if self._failed < MOST_FAILURES:
            return ""
        return f"{MOST_FAILURES} trials in a row failed. Last error: {self._why}"

    def _after(self, study: optuna.Study, _: Any) -> None:
        from studio.tune.study import finished

        self._tell()
        enough = len(finished(study)) >= self.settings.trials or time.monotonic() > self.until
        if enough or self._stop or self.note or self.exhausted:
            study.stop()

    def _try(self, trial: optuna.Trial) -> float:
        """One trial; its value is what the goal of the training says."""
        chosen = {name: one.suggest(trial, name) for name, one in self.ranges.items()}
        if (same := self._tried(chosen)) is not None:
            self._failed = 0
            for name, told in same.user_attrs.items():
                trial.set_user_attr(name, told)
            return float(same.values[0])
        settings = self.task.settings.parse({**self.fixed, **chosen})
        watch = Watch(self.goal, trial, partial(self._tell, trial), self.alike)
        try:
            result = self.crew.run(self.task.name, settings, self.inputs, watch.progress(self._asked_to_stop))
        except Cancelled:
            self._end(watch, settings)
            raise StudioError("The trial was stopped before its first measurement.") from None
        except StudioError as error:
            self._failed, self._why = self._failed + 1, str(error)
            log.warning("a trial failed: %s", error)
            raise
        self._end(watch, settings)
        trial.set_user_attr("model", asdict(result.files[0]))
        if self.goal.test in result.figures:
            told = {"measure": self.goal.test, "value": result.figures[self.goal.test]}
            trial.set_user_attr(TEST, told | {"interval": result.figures.get("interval")})
        if result.recipe is not None and result.recipe.weights:
            trial.set_user_attr("weights", dict(result.recipe.weights))
        value, measure = watch.value(result.figures)
        if (why := self._incomparable(value, measure)) or value is None:
            self._failed, self._why = self._failed + 1, why
            raise StudioError(why)
        self._failed = 0
        trial.set_user_attr(MEASURE, measure)
        return value

    def _tried(self, chosen: Mapping[str, Any]) -> optuna.trial.FrozenTrial | None:
        """The trial that ended with these very settings, whose model and value these would have again."""
        return next((one for one in self.ended if one.params == chosen), None)

    def _incomparable(self, value: float | None, measure: str) -> str:
        """Why a trial cannot stand next to the others; "" if it can."""
        if value is None:
            return "The training run reported no metric."
        others = next((one.user_attrs.get(MEASURE, measure) for one in self.ended), measure)
        if others == measure:
            return ""
        called = self.goal.called
        return f"The trial was measured by {called(measure)}, earlier trials by {called(others)}."

    def _end(self, watch: Watch, settings: Settings) -> None:
        """Ends a trial as stopped early, if it was; nobody continues with what it had saved on the way."""
        import optuna

        if watch.poor:
            self._failed = 0  # it ran: what is stopped as poor has not failed
            checkpoints.find(self.task.name, settings, self.inputs).forget()
            raise optuna.TrialPruned
        if self._asked_to_stop():
            watch.trial.set_user_attr(STOPPED, True)
            raise StudioError("The trial was stopped with the search.")

    def _asked_to_stop(self) -> bool:
        if not self._stop:
            try:
                self.progress.check()
            except Cancelled:
                self._stop = True
        return self._stop

    def _tell(self, trial: optuna.Trial | None = None, value: float | None = None) -> None:
        from studio.tune.study import finished

        done = finished(self.study)
        metrics = {} if trial is None or value is None else {f"trial {trial.number + 1}": value}
        values = [one.value for one in done if one.state.name == "COMPLETE" and one.value is not None]
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

    found = figures(search.study, search.ranges)
    if not found["trials_ended"]:
        if stopped:
            raise Cancelled
        if search.note:
            raise StudioError(search.note)
        raise StudioError("No trial finished within the time limit. Raise --minutes or shorten each trial.")
    found["notes"] = [note for note in (search.note, ALL_TRIED if search.exhausted else "") if note]
    best = best_model(search.ended, found, search.goal)
    trials = search.study.get_trials(deepcopy=False)
    used = {name: digest for one in trials for name, digest in one.user_attrs.get("weights", {}).items()}
    recipe = recipes.make("tune.run", search.settings, inputs, used)
    return Result((best,), found, recipe, stopped)
