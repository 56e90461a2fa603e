"""The sweep task: runs a task with several values of one or two settings, and draws a contact sheet."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core import recipes, tasks
from studio.core.errors import Cancelled, InvalidInput, StudioError, invalid, unknown
from studio.core.imaging import image_io, thumbnails
from studio.core.progress import Progress
from studio.core.settings import SettingInfo, Settings
from studio.core.tasks import File, Inputs, Result, TrialPlan
from studio.gallery import contact_sheet
from studio.gallery.sweep_settings import NAME, SweepSettings

MAX_CELLS = 36
DEFAULT_COUNT = 5  # values of a numeric setting
SWEEPABLE_KINDS = ("int", "float", "choice", "bool")


@dataclass(frozen=True)
class Cell:
    """A cell of the sheet.

    Attributes:
        values: values of the varied settings.
        settings: all settings.
    """

    values: Mapping[str, Any]
    settings: Settings

    @property
    def label(self) -> str:
        """Returns the label below the cell."""
        return ", ".join(
            f"{name.replace('_', ' ')} {_format_value(value)}" for name, value in self.values.items()
        )


def _format_value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def list_sweepable_settings(settings: type[Settings]) -> dict[str, SettingInfo]:
    """Returns the settings that can be varied, by name."""
    return {name: field for name, field in settings.describe().items() if field.kind in SWEEPABLE_KINDS}


def suggest_values(field: SettingInfo, current: Any) -> str:
    """Returns default values to try, in the syntax of `vary` after the name.

    Args:
        field: the setting.
        current: its current value.
    """
    if field.kind == "bool":
        return "true, false"
    if field.choices:
        return ", ".join(map(str, field.choices[:MAX_CELLS]))
    if field.name == "seed":
        return ", ".join(str((current or 0) + number) for number in range(DEFAULT_COUNT))
    max_value, min_value = field.maximum, field.minimum
    middle = current or min_value or (max_value or 4) / 4
    candidates = [middle * share for share in (0.25, 0.5, 1, 1.5, 2)]
    if field.kind == "int":
        candidates = [max(1, round(value)) for value in candidates]
    in_range = [
        min(max(value, value if min_value is None else min_value), value if max_value is None else max_value)
        for value in candidates
    ]
    return ", ".join(dict.fromkeys(f"{value:.6g}" for value in in_range))


def make_cells(settings: SweepSettings) -> list[list[Cell]]:
    """Returns the cells row by row: the first setting varies along a row, the second down the rows.

    Raises:
        InvalidInput: if a task, a setting or a value is not valid, or there are too many cells.
    """
    task = tasks.get(settings.task)
    if task.lane == "drive":
        step = "sweep the task that it runs instead"
        raise invalid("task", expected="a task that makes a result", received=task.name, next_step=step)
    base_settings = task.settings.from_plain(settings.base)
    if not 1 <= len(settings.vary) <= 2:
        expected, received = "one or two settings", f"{len(settings.vary)}"
        raise invalid("settings to vary", expected=expected, received=received, next_step="name others")
    axes = [_parse_axis(task.settings, word) for word in settings.vary]
    if len({name for name, _ in axes}) < len(axes):
        raise invalid("settings to vary", expected="two settings", received="one setting twice")
    count = math.prod(len(values) for _, values in axes)
    if count > MAX_CELLS:
        step = "name fewer values"
        raise invalid(
            "sweep", expected=f"at most {MAX_CELLS} cells", received=f"{count:,} cells", next_step=step
        )
    (first, row_values), *more_axes = axes
    second, column_values = more_axes[0] if more_axes else ("", [None])
    base_values = base_settings.model_dump()
    return [
        [
            _make_cell(task.settings, base_values, {first: x} | ({second: y} if second else {}))
            for x in row_values
        ]
        for y in column_values
    ]


def _make_cell(kind: type[Settings], base: Mapping[str, Any], values: Mapping[str, Any]) -> Cell:
    """Returns a cell with validated settings: `base` with the varied `values`."""
    settings = kind.parse({**base, **values})
    return Cell({name: getattr(settings, name) for name in values}, settings)


def _parse_axis(settings: type[Settings], word: str) -> tuple[str, list[Any]]:
    """Returns the name and values of `NAME=VALUES`. Raises `InvalidInput` if they are not valid."""
    name, _, text = (part.strip() for part in word.partition("="))
    name, fields = name.replace("-", "_"), list_sweepable_settings(settings)
    if name not in fields:
        raise unknown("setting to vary", name, fields)
    field = fields[name]
    parts = [part.strip() for part in re.split("[|,]", text)]
    values = _parse_range(field, text) if ":" in text else [part for part in parts if part]
    if len(values) < 2:
        expected = f"2 to {MAX_CELLS}, as A,B or LOW:HIGH:COUNT"
        raise _values_error(field, expected, text or "nothing", "name more values")
    return name, [_parse_value(field, value) for value in values]


def _parse_value(field: SettingInfo, value: Any) -> Any:
    """Converts "true" and "false" for a boolean setting; other values are validated later."""
    if field.kind == "bool":
        return {"true": True, "false": False}.get(str(value).lower(), value)
    return value


def _parse_range(field: SettingInfo, text: str) -> list[Any]:
    """Returns the values of `LOW:HIGH[:COUNT]`, geometrically spaced for settings of logarithmic scale."""
    try:
        low, high, *more = (float(part) for part in text.split(":"))
        count = int(more[0]) if more else DEFAULT_COUNT
        if len(more) > 1 or not 2 <= count <= MAX_CELLS:
            raise ValueError
        range_values = _space_values(field, low, high, count)
        if not all(map(math.isfinite, range_values)):
            raise ValueError
    except (ValueError, OverflowError):
        expected = f"LOW:HIGH:COUNT with a COUNT of 2 to {MAX_CELLS}"
        raise _values_error(field, expected, text, "choose two numbers and how many values") from None
    if field.kind == "int":
        return list(dict.fromkeys(round(value) for value in range_values))
    return [float(f"{value:.4g}") for value in range_values]


def _values_error(field: SettingInfo, expected: str, received: str, next_step: str) -> InvalidInput:
    """Returns the error for values that a user typed after `--vary` or in a field of the page."""
    label = f"values of {field.label.lower()}"
    return invalid(label, expected=expected, received=received, next_step=next_step)


def _space_values(field: SettingInfo, low: float, high: float, count: int) -> list[float]:
    shares = [number / (count - 1) for number in range(count)]
    if field.scale == "log" and low > 0 and high > 0:
        return [low * (high / low) ** share for share in shares]
    return [low + (high - low) * share for share in shares]


def check(settings: SweepSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a cell of the sweep is not valid."""
    for cell in itertools.chain(*make_cells(settings)):
        tasks.check(settings.task, cell.settings, inputs)


def plan_trials(settings: SweepSettings, inputs: Inputs) -> TrialPlan:
    """Returns the plan of all cells, from which the cost is estimated. Raises like `make_cells`."""
    all_cells = list(itertools.chain(*make_cells(settings)))
    values = {
        name: list(dict.fromkeys(cell.values[name] for cell in all_cells)) for name in all_cells[0].values
    }
    return TrialPlan(tasks.get(settings.task), all_cells[0].settings, values, inputs, len(all_cells))


def run(settings: SweepSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs every cell, one after another; if stopped, the sheet has those that are finished.

    `files` has the sheet first, then the results; `figures["cells"]` has the label and the recipe of each.
    """
    from studio.engine.cluster.drivers import TaskRunner

    rows = make_cells(settings)
    all_cells = list(itertools.chain(*rows))
    outcomes: list[tuple[Result, Any] | str] = []  # text: the error of a cell
    is_stopped = False
    task_runner = TaskRunner()
    try:
        for number, cell in enumerate(all_cells):
            stage = f"{number + 1} of {len(all_cells)}, {cell.label}"
            progress.report(number, len(all_cells), preview=lambda: _draw_sheet(rows, outcomes), text=stage)
            outcomes.append(_run_cell(task_runner, settings.task, cell, inputs, progress))
        progress.report(len(all_cells), len(all_cells))
    except Cancelled:
        is_stopped = True
    finally:
        task_runner.close()
    return _make_result(settings, inputs, rows, outcomes, is_stopped)


def _run_cell(
    task_runner: Any, task: str, cell: Cell, inputs: Inputs, progress: Progress
) -> tuple[Result, Any] | str:
    """Returns the result of a cell and its image, or the error message."""
    try:
        result = task_runner.run(task, cell.settings, inputs, progress.without_listener())
        return result, thumbnails.make_image(result.files[0])
    except StudioError as error:
        return str(error)


def _draw_sheet(rows: Sequence[Sequence[Cell]], outcomes: Sequence[tuple[Result, Any] | str]) -> Any:
    """Draws the contact sheet, `(H, W, 3) uint8`; cells without an image stay empty."""
    images = [None if isinstance(outcome, str) else outcome[1] for outcome in outcomes]
    labels = [_outcome_label(*pair) for pair in itertools.zip_longest(itertools.chain(*rows), outcomes)]
    columns = len(rows[0]) if len(rows) > 1 else None
    return contact_sheet.draw_sheet(images + [None] * (len(labels) - len(images)), labels, columns)


def _outcome_label(cell: Cell, outcome: tuple[Result, Any] | str | None) -> str:
    """Returns the label of a cell, which says if it was stopped early."""
    is_stopped = outcome is not None and not isinstance(outcome, str) and outcome[0].stopped_early
    return f"{cell.label}, stopped early" if is_stopped else cell.label


def _make_result(
    settings: SweepSettings,
    inputs: Inputs,
    rows: Sequence[Sequence[Cell]],
    outcomes: Sequence[tuple[Result, Any] | str],
    is_stopped: bool,
) -> Result:
    """Returns the sheet and the results of the cells. Raises `InvalidInput` if all failed."""
    results = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, str)]
    if not results:
        if errors:
            raise InvalidInput(errors[-1])
        raise Cancelled
    cell_recipes = [outcome[0].recipe for outcome in results]
    weights = {name: digest for recipe in cell_recipes if recipe for name, digest in recipe.weights.items()}
    recipe = recipes.make(NAME, settings, inputs, weights)
    file = File.store(
        image_io.encode_png(_draw_sheet(rows, outcomes), recipe), "image", f"sweep-{_stem(results[0][0])}.png"
    )
    entries: list[dict[str, Any]] = []
    files = [file]
    for cell, outcome in zip(itertools.chain(*rows), outcomes, strict=False):
        if isinstance(outcome, str):
            entries.append({"label": cell.label, "error": outcome})
            continue
        result = outcome[0]
        files.append(result.files[0])
        cell_recipe = None if result.recipe is None else json.loads(result.recipe.to_json())
        entries.append(
            {"label": _outcome_label(cell, outcome), "digest": result.files[0].digest, "recipe": cell_recipe}
        )
    notes = [f"{len(errors)} of the cells failed: {errors[-1]}"] if errors else []
    return Result(tuple(files), {"cells": entries, "notes": notes}, recipe, is_stopped)


def _stem(result: Result) -> str:
    return result.files[0].name.rpartition(".")[0] or "cells"
