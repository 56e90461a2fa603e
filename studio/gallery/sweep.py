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

MOST_CELLS = 36
USUAL = 5  # default number of values of a numeric setting
KINDS = ("int", "float", "choice", "bool")


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
        return ", ".join(f"{name.replace('_', ' ')} {_format(value)}" for name, value in self.values.items())


def _format(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def sweepable_settings(settings: type[Settings]) -> dict[str, SettingInfo]:
    """Returns the settings that can be varied, by name."""
    return {name: field for name, field in settings.describe().items() if field.kind in KINDS}


def default_values(field: SettingInfo, current: Any) -> str:
    """Returns default values to try, in the syntax of `vary` after the name.

    Args:
        field: the setting.
        current: its current value.
    """
    if field.kind == "bool":
        return "true, false"
    if field.choices:
        return ", ".join(map(str, field.choices[:MOST_CELLS]))
    if field.name == "seed":
        return ", ".join(str((current or 0) + number) for number in range(USUAL))
    most, least = field.most, field.least
    middle = current or least or (most or 4) / 4
    candidates = [middle * share for share in (0.25, 0.5, 1, 1.5, 2)]
    if field.kind == "int":
        candidates = [max(1, round(value)) for value in candidates]
    in_range = [
        min(max(value, value if least is None else least), value if most is None else most)
        for value in candidates
    ]
    return ", ".join(dict.fromkeys(f"{value:.6g}" for value in in_range))


def cells(settings: SweepSettings) -> list[list[Cell]]:
    """Returns the cells row by row: the first setting varies along a row, the second down the rows.

    Raises:
        InvalidInput: if a task, a setting or a value is not valid, or there are too many cells.
    """
    task = tasks.get(settings.task)
    if task.lane == "drive":
        step = "sweep the task that it runs instead"
        raise invalid("task", expected="a task that makes a result", received=task.name, next_step=step)
    base = task.settings.from_plain(settings.base)
    if not 1 <= len(settings.vary) <= 2:
        expected, received = "one or two settings", f"{len(settings.vary)}"
        raise invalid("settings to vary", expected=expected, received=received, next_step="name others")
    axes = [_axis(task.settings, word) for word in settings.vary]
    if len({name for name, _ in axes}) < len(axes):
        raise invalid("settings to vary", expected="two settings", received="one setting twice")
    count = math.prod(len(values) for _, values in axes)
    if count > MOST_CELLS:
        step = "name fewer values"
        raise invalid("sweep", expected=f"at most {MOST_CELLS} cells", received=count, next_step=step)
    (first, along), *rest = axes
    second, down = rest[0] if rest else ("", [None])
    base_values = base.model_dump()
    return [
        [_cell(task.settings, base_values, {first: x} | ({second: y} if second else {})) for x in along]
        for y in down
    ]


def _cell(kind: type[Settings], base: Mapping[str, Any], values: Mapping[str, Any]) -> Cell:
    settings = kind.parse({**base, **values})
    return Cell({name: getattr(settings, name) for name in values}, settings)


def _axis(settings: type[Settings], word: str) -> tuple[str, list[Any]]:
    name, _, text = (part.strip() for part in word.partition("="))
    name, fields = name.replace("-", "_"), sweepable_settings(settings)
    if name not in fields:
        raise unknown("setting to vary", name, fields)
    field = fields[name]
    parts = [part.strip() for part in re.split("[|,]", text)]
    values = _range(field, text) if ":" in text else [part for part in parts if part]
    if len(values) < 2:
        expected = f"2 to {MOST_CELLS}, as A,B or LOW:HIGH:COUNT"
        raise _no_values(field, expected, text or "nothing", "name more values")
    return name, [_value(field, value) for value in values]


def _value(field: SettingInfo, value: Any) -> Any:
    if field.kind == "bool":
        return {"true": True, "false": False}.get(str(value).lower(), value)
    return value


def _range(field: SettingInfo, text: str) -> list[Any]:
    """Returns the values of `LOW:HIGH[:COUNT]`, geometrically spaced for settings of logarithmic scale."""
    try:
        low, high, *more = (float(part) for part in text.split(":"))
        count = int(more[0]) if more else USUAL
        if len(more) > 1 or not 2 <= count <= MOST_CELLS:
            raise ValueError
        numbers = _spaced_values(field, low, high, count)
        if not all(map(math.isfinite, numbers)):
            raise ValueError
    except (ValueError, OverflowError):
        expected = f"LOW:HIGH:COUNT with a COUNT of 2 to {MOST_CELLS}"
        raise _no_values(field, expected, text, "choose two numbers and how many values") from None
    if field.kind == "int":
        return list(dict.fromkeys(round(value) for value in numbers))
    return [float(f"{value:.4g}") for value in numbers]


def _no_values(field: SettingInfo, expected: str, received: str, next_step: str) -> InvalidInput:
    """Returns the error for values that a user typed after `--vary` or in a field of the page."""
    label = f"values of {field.label.lower()}"
    return invalid(label, expected=expected, received=received, next_step=next_step)


def _spaced_values(field: SettingInfo, low: float, high: float, count: int) -> list[float]:
    shares = [number / (count - 1) for number in range(count)]
    if field.scale == "log" and low > 0 and high > 0:
        return [low * (high / low) ** share for share in shares]
    return [low + (high - low) * share for share in shares]


def check(settings: SweepSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a cell of the sweep is not valid."""
    for cell in itertools.chain(*cells(settings)):
        tasks.check(settings.task, cell.settings, inputs)


def plan_trials(settings: SweepSettings, inputs: Inputs) -> TrialPlan:
    """Returns the plan of all cells, from which the cost is estimated. Raises like `cells`."""
    all_cells = list(itertools.chain(*cells(settings)))
    values = {
        name: list(dict.fromkeys(cell.values[name] for cell in all_cells)) for name in all_cells[0].values
    }
    return TrialPlan(tasks.get(settings.task), all_cells[0].settings, values, inputs, len(all_cells))


def run(settings: SweepSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs every cell, one after another; if stopped, the sheet has those that are finished.

    `files` has the sheet first, then the results; `figures["cells"]` has the label and the recipe of each.
    """
    from studio.engine.cluster.drivers import Crew

    rows = cells(settings)
    all_cells = list(itertools.chain(*rows))
    outcomes: list[tuple[Result, Any] | str] = []  # text: the error of a cell
    stopped = False
    crew = Crew()
    try:
        for number, cell in enumerate(all_cells):
            stage = f"{number + 1} of {len(all_cells)}, {cell.label}"
            progress.report(number, len(all_cells), preview=lambda: _sheet(rows, outcomes), text=stage)
            outcomes.append(_run_cell(crew, settings.task, cell, inputs, progress))
        progress.report(len(all_cells), len(all_cells))
    except Cancelled:
        stopped = True
    finally:
        crew.close()
    return _result(settings, inputs, rows, outcomes, stopped)


def _run_cell(
    crew: Any, task: str, cell: Cell, inputs: Inputs, progress: Progress
) -> tuple[Result, Any] | str:
    """Returns the result of a cell and its image, or the error message."""
    try:
        result = crew.run(task, cell.settings, inputs, progress.silent())
        return result, thumbnails.make_image(result.files[0])
    except StudioError as error:
        return str(error)


def _sheet(rows: Sequence[Sequence[Cell]], outcomes: Sequence[tuple[Result, Any] | str]) -> Any:
    images = [None if isinstance(outcome, str) else outcome[1] for outcome in outcomes]
    labels = [_label(*pair) for pair in itertools.zip_longest(itertools.chain(*rows), outcomes)]
    columns = len(rows[0]) if len(rows) > 1 else None
    return contact_sheet.draw_sheet(images + [None] * (len(labels) - len(images)), labels, columns)


def _label(cell: Cell, outcome: tuple[Result, Any] | str | None) -> str:
    """Returns the label of a cell, which says if it was stopped early."""
    stopped = outcome is not None and not isinstance(outcome, str) and outcome[0].stopped_early
    return f"{cell.label}, stopped early" if stopped else cell.label


def _result(
    settings: SweepSettings,
    inputs: Inputs,
    rows: Sequence[Sequence[Cell]],
    outcomes: Sequence[tuple[Result, Any] | str],
    stopped: bool,
) -> Result:
    results = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, str)]
    if not results:
        if errors:
            raise InvalidInput(errors[-1])
        raise Cancelled
    cell_recipes = [outcome[0].recipe for outcome in results]
    weights = {name: digest for recipe in cell_recipes if recipe for name, digest in recipe.weights.items()}
    recipe = recipes.make(NAME, settings, inputs, weights)
    file = File.keep(
        image_io.encode_png(_sheet(rows, outcomes), recipe), "image", f"sweep-{_stem(results[0][0])}.png"
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
            {"label": _label(cell, outcome), "digest": result.files[0].digest, "recipe": cell_recipe}
        )
    notes = [f"{len(errors)} of the cells failed: {errors[-1]}"] if errors else []
    return Result(tuple(files), {"cells": entries, "notes": notes}, recipe, stopped)


def _stem(result: Result) -> str:
    return result.files[0].name.rpartition(".")[0] or "cells"
