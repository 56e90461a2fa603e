"""What a search says of the figure that selected its model; light, for pages, the terminal and the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core import amounts
from studio.core.tasks import Goal


def sentence(figures: Mapping[str, Any], goal: Goal) -> str:
    """Whether the figure of the selected model was measured on data that selected nothing.

    Args:
        figures: of a search, see `studio.tune.results.figures`.
        goal: of its training.
    """
    by, test = goal.called(figures.get("measure")), figures.get("test")
    if test is None:
        return (
            f"Best of {figures['trials_ended']:,} trials by {by}. This value is optimistic, because it "
            "selected the model. Measure the model on new data."
        )
    told = amounts.number(test["value"])
    if test["interval"]:
        low, high = map(amounts.number, test["interval"])
        told += f" (95 %: {low} to {high})"
    return f"Selected by {by}. On the test split, which was not used for selection: {test['measure']} {told}."
