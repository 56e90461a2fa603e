"""A sentence on how the best model was selected, for pages, terminal and card. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core import amounts
from studio.core.tasks import Goal


def describe_selection(figures: Mapping[str, Any], goal: Goal) -> str:
    """Returns sentences on the selection, and on whether the figure comes from the test split.

    Args:
        figures: figures of a search, see `studio.tune.results.compute_figures`.
        goal: goal of the training.
    """
    by, test = goal.title_of(figures.get("measure")), figures.get("test")
    if test is None:
        return (
            f"Best of {figures['trials_ended']:,} trials by {by}. This value is optimistic, because it "
            "selected the model. Measure the model on new data."
        )
    value = amounts.format_number(test["value"])
    if test["interval"]:
        low, high = map(amounts.format_number, test["interval"])
        value += f" (95 %: {low} to {high})"
    return (
        f"Selected by {by}. On the test split, which was not used for selection: {test['measure']} {value}."
    )
