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
    value = format_value(test["measure"], test["value"])
    if test["interval"]:
        low, high = (format_value(test["measure"], limit) for limit in test["interval"])
        value += f" (95%: {low} to {high})"
    return (
        f"Selected by {by}. On the test split, which was not used for selection: {test['measure']} {value}."
    )


def format_value(measure: str, value: float) -> str:
    """Returns the value of a figure or metric as text, an accuracy in percent: "90.0%".

    Args:
        measure: name of the figure or metric.
        value: of it.
    """
    return f"{value:.1%}" if "accuracy" in measure else amounts.format_number(value)
