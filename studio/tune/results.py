"""Results of a search: a row for every trial, the importance of settings, and the best model."""

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

MIN_TRIALS = 4  # trials needed to estimate importance
_STATES = {
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
log = logging.getLogger("studio.tune")


def compute_figures(study: optuna.Study, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """Returns the figures of a search.

    Returns:
        best (value of the best trial), measure (its metric), test (`measure`, `value` and `interval` on the
        test split, if there is one), best_trial, best_settings, trials_ended, stopped_early, failed, `trials`
        (see `describe_trial`) and importance (share of each setting, if there are enough trials).
    """
    trials = study.get_trials(deepcopy=False)
    trial_rows = [describe_trial(trial) for trial in trials]
    count = Counter(row["state"] for row in trial_rows)
    result: dict[str, Any] = {
        "trials_ended": count["done"],
        "stopped_early": count["stopped early"],
        "failed": count["failed"],
        "trials": trial_rows,
    }
    if count["done"]:
        best = study.best_trial
        result |= {"best": best.value, "best_trial": best.number + 1, "best_settings": dict(best.params)}
        if MEASURE in best.user_attrs:
            result["measure"] = best.user_attrs[MEASURE]
        if TEST in best.user_attrs:
            result[TEST] = best.user_attrs[TEST]
        result["importance"] = compute_importance(study, ranges)
    return result


def describe_trial(trial: FrozenTrial) -> dict[str, Any]:
    """Returns a trial as number (from 1), state, value, settings, curve of the metric, and seconds."""
    return {
        "number": trial.number + 1,
        "state": "stopped" if STOPPED in trial.user_attrs else _STATES[trial.state],
        "value": trial.value,
        "settings": dict(trial.params),
        "curve": [value for _, value in sorted(trial.intermediate_values.items())],
        "seconds": round(trial.duration.total_seconds(), 2) if trial.duration else None,
    }


def compute_importance(study: optuna.Study, ranges: Mapping[str, Range]) -> dict[str, float]:
    """Returns the importance of each setting as a share of 1 (functional ANOVA); {} with too few trials.

    Reference:
        Hutter et al. 2014, An Efficient Approach for Assessing Hyperparameter Importance.
    """
    ended = [trial for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.COMPLETE]
    if len(ended) < MIN_TRIALS or len({trial.value for trial in ended}) < 2:
        return {}
    try:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator, params=list(ranges))
    except (ValueError, RuntimeError) as error:
        log.warning("the importance could not be computed: %s", error)
        return {}
    return {name: float(share) for name, share in shares.items()}


def find_best_model(ended: Sequence[FrozenTrial], search_figures: Mapping[str, Any], goal: Goal) -> File:
    """Returns the best model that still exists; models may have been removed to free disk space.

    Adds a note to its card if the figure on it is the one that selected the model.

    Args:
        ended: trials that ended by themselves.
        search_figures: see `compute_figures`.
        goal: goal of the training.

    Raises:
        StudioError: if no model exists.
    """
    for trial in sorted(ended, key=lambda trial: trial.value or 0.0, reverse=goal.higher_is_better):
        with suppress(Unavailable):
            file = File(**trial.user_attrs["model"])
            data = file.read()
            if search_figures.get(TEST) is not None:
                return file
            try:
                return File.store(
                    model_zip.add_note(data, selection.describe_selection(search_figures, goal)),
                    "model",
                    file.name,
                )
            except InvalidInput:  # a model that is not a folder of the studio has no card
                return file
    raise StudioError("The models of this search were cleared away. Use another --name to start over.")
