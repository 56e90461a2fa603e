"""What a search found: every trial in plain words, and which settings mattered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from studio.core.errors import InvalidInput, StudioError, Unavailable
from studio.core.models import model_zip
from studio.core.tasks import File, Goal
from studio.tune import selection
from studio.tune.settings import MEASURE, STOPPED, TEST
from studio.tune.space import Range

LEAST = 4  # trials, below which nothing can be said of importance
_STATES = {
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
log = logging.getLogger("studio.tune")


def figures(study: optuna.Study, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """The figures of a search.

    Returns:
        best (its value), measure (what that is), test (its `measure`, `value` and `interval` on data that
        selected nothing, where there are some), best_trial, best_settings, trials_ended, stopped_early,
        failed, `trials` (see `row`) and importance (shares of 1 by setting, where there are enough trials).
    """
    trials = study.get_trials(deepcopy=False)
    rows = [row(one) for one in trials]
    count = Counter(one["state"] for one in rows)
    found: dict[str, Any] = {
        "trials_ended": count["done"],
        "stopped_early": count["stopped early"],
        "failed": count["failed"],
        "trials": rows,
    }
    if count["done"]:
        best = study.best_trial
        found |= {"best": best.value, "best_trial": best.number + 1, "best_settings": dict(best.params)}
        if MEASURE in best.user_attrs:
            found["measure"] = best.user_attrs[MEASURE]
        if TEST in best.user_attrs:
            found[TEST] = best.user_attrs[TEST]
        found["importance"] = importance(study, ranges)
    return found


def row(trial: FrozenTrial) -> dict[str, Any]:
    """One trial: number, from 1, state, value, settings, curve of its measurements, seconds."""
    return {
        "number": trial.number + 1,
        "state": "stopped" if STOPPED in trial.user_attrs else _STATES[trial.state],
        "value": trial.value,
        "settings": dict(trial.params),
        "curve": [value for _, value in sorted(trial.intermediate_values.items())],
        "seconds": round(trial.duration.total_seconds(), 2) if trial.duration else None,
    }


def importance(study: optuna.Study, ranges: Mapping[str, Range]) -> dict[str, float]:
    """How much each setting mattered, as shares of 1 (functional ANOVA); {} with too few trials.

    Reference:
        Hutter et al. 2014, An Efficient Approach for Assessing Hyperparameter Importance.
    """
    ended = [one for one in study.get_trials(deepcopy=False) if one.state == TrialState.COMPLETE]
    if len(ended) < LEAST or len({one.value for one in ended}) < 2:
        return {}
    try:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator, params=list(ranges))
    except (ValueError, RuntimeError) as error:
        log.warning("importance could not be told: %s", error)
        return {}
    return {name: float(share) for name, share in found.items()}


def best_model(ended: Sequence[FrozenTrial], found: Mapping[str, Any], goal: Goal) -> File:
    """The best model that is still there; room may have been made for others since.

    Its card says so where the figure on it is the one that selected the model.

    Args:
        ended: the trials that ended by themselves.
        found: see `figures`.
        goal: of the training.

    Raises:
        StudioError: if none is.
    """
    for one in sorted(ended, key=lambda one: one.value or 0.0, reverse=goal.most):
        with suppress(Unavailable):
            file = File(**one.user_attrs["model"])
            data = file.read()
            if found.get(TEST) is not None:
                return file
            try:
                return File.keep(
                    model_zip.with_note(data, selection.sentence(found, goal)), "model", file.name
                )
            except InvalidInput:  # a model that is no folder of ours has no card
                return file
    raise StudioError("The models of this search were cleared away. Use another --name to start over.")
