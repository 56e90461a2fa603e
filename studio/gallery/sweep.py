"""A sweep as a task: every value of one or two settings is made by the crew, and all come onto one sheet."""

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
from studio.core.settings import Described, Settings
from studio.core.tasks import File, Inputs, Result, Tries
from studio.gallery import contact_sheet
from studio.gallery.sweep_settings import NAME, SweepSettings

MOST_CELLS = 36
USUAL = 5  # values of a number that are tried when none are named
KINDS = ("int", "float", "choice", "bool")


@dataclass(frozen=True)
class Cell:
    """One try.

    Attributes:
        values: of the settings that vary.
        settings: all of them.
    """

    values: Mapping[str, Any]
    settings: Settings

    @property
    def label(self) -> str:
        """What stands below it."""
        return ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in self.values.items())


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def able(settings: type[Settings]) -> dict[str, Described]:
    """The settings that can be swept."""
    return {name: field for name, field in settings.described().items() if field.kind in KINDS}


def usual(field: Described, now: Any) -> str:
    """Values worth a try, as `vary` takes them after the name.

    Args:
        now: the value that it has.
    """
    if field.kind == "bool":
        return "true, false"
    if field.choices:
        return ", ".join(map(str, field.choices[:MOST_CELLS]))
    if field.name == "seed":
        return ", ".join(str((now or 0) + number) for number in range(USUAL))
    most, least = field.most, field.least
    middle = now or least or (most or 4) / 4
    near = [middle * share for share in (0.25, 0.5, 1, 1.5, 2)]
    if field.kind == "int":
        near = [max(1, round(value)) for value in near]
    within = [
        min(max(value, value if least is None else least), value if most is None else most) for value in near
    ]
    return ", ".join(dict.fromkeys(f"{value:.6g}" for value in within))


def cells(settings: SweepSettings) -> list[list[Cell]]:
    """What is tried, row by row: the first setting varies along a row, the second down the rows.

    Raises:
        InvalidInput: if a task, a setting or a value is none, or there are too many.
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
    given = base.model_dump()
    return [
        [_cell(task.settings, given, {first: x} | ({second: y} if second else {})) for x in along]
        for y in down
    ]


def _cell(kind: type[Settings], given: Mapping[str, Any], values: Mapping[str, Any]) -> Cell:
    settings = kind.parse({**given, **values})
    return Cell({name: getattr(settings, name) for name in values}, settings)


def _axis(settings: type[Settings], word: str) -> tuple[str, list[Any]]:
    name, _, text = (part.strip() for part in word.partition("="))
    name, known = name.replace("-", "_"), able(settings)
    if name not in known:
        raise unknown("setting to vary", name, known)
    field = known[name]
    parts = [part.strip() for part in re.split("[|,]", text)]
    values = _range(field, text) if ":" in text else [part for part in parts if part]
    if len(values) < 2:
        expected = f"2 to {MOST_CELLS}, as A,B or LOW:HIGH:COUNT"
        raise _no_values(field, expected, text or "nothing", "name more values")
    return name, [_value(field, value) for value in values]


def _value(field: Described, value: Any) -> Any:
    if field.kind == "bool":
        return {"true": True, "false": False}.get(str(value).lower(), value)
    return value


def _range(field: Described, text: str) -> list[Any]:
    """`LOW:HIGH[:COUNT]` -> so many values between, by ratios where those matter."""
    try:
        low, high, *more = (float(part) for part in text.split(":"))
        count = int(more[0]) if more else USUAL
        if len(more) > 1 or not 2 <= count <= MOST_CELLS:
            raise ValueError
        found = _between(field, low, high, count)
        if not all(map(math.isfinite, found)):
            raise ValueError
    except (ValueError, OverflowError):
        expected = f"LOW:HIGH:COUNT with a COUNT of 2 to {MOST_CELLS}"
        raise _no_values(field, expected, text, "choose two numbers and how many values") from None
    if field.kind == "int":
        return list(dict.fromkeys(round(value) for value in found))
    return [float(f"{value:.4g}") for value in found]


def _no_values(field: Described, expected: str, received: str, next_step: str) -> InvalidInput:
    """The error for values as a user typed them, behind `--vary` or in a field of their own."""
    called = f"values of {field.label.lower()}"
    return invalid(called, expected=expected, received=received, next_step=next_step)


def _between(field: Described, low: float, high: float, count: int) -> list[float]:
    shares = [number / (count - 1) for number in range(count)]
    if field.scale == "log" and low > 0 and high > 0:
        return [low * (high / low) ** share for share in shares]
    return [low + (high - low) * share for share in shares]


def check(settings: SweepSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` for a sweep that cannot be, before anything is made."""
    for cell in itertools.chain(*cells(settings)):
        tasks.check(settings.task, cell.settings, inputs)


def tries(settings: SweepSettings, inputs: Inputs) -> Tries:
    """What will be asked for. Raises as `cells`."""
    every = list(itertools.chain(*cells(settings)))
    values = {name: list(dict.fromkeys(cell.values[name] for cell in every)) for name in every[0].values}
    return Tries(tasks.get(settings.task), every[0].settings, values, inputs, len(every))


def run(settings: SweepSettings, inputs: Inputs, progress: Progress) -> Result:
    """Makes every cell, one after another; stopped early, the sheet has those that are there.

    What is made is in `files` after the sheet; `figures["cells"]` says of each what it is, with its recipe.
    """
    from studio.engine.cluster.drivers import Crew

    rows = cells(settings)
    all_cells = list(itertools.chain(*rows))
    made: list[tuple[Result, Any] | str] = []
    stopped = False
    crew = Crew()
    try:
        for number, cell in enumerate(all_cells):
            stage = f"{number + 1} of {len(all_cells)}, {cell.label}"
            progress.report(number, len(all_cells), preview=lambda: _sheet(rows, made), text=stage)
            made.append(_made(crew, settings.task, cell, inputs, progress))
        progress.report(len(all_cells), len(all_cells))
    except Cancelled:
        stopped = True
    finally:
        crew.close()
    return _result(settings, inputs, rows, made, stopped)


def _made(crew: Any, task: str, cell: Cell, inputs: Inputs, progress: Progress) -> tuple[Result, Any] | str:
    """A cell's result and the image that stands for it, or why there is none."""
    try:
        result = crew.run(task, cell.settings, inputs, progress.silent())
        return result, thumbnails.image_of(result.files[0])
    except StudioError as error:
        return str(error)


def _sheet(rows: Sequence[Sequence[Cell]], made: Sequence[tuple[Result, Any] | str]) -> Any:
    shown = [None if isinstance(one, str) else one[1] for one in made]
    labels = [_label(*pair) for pair in itertools.zip_longest(itertools.chain(*rows), made)]
    columns = len(rows[0]) if len(rows) > 1 else None
    return contact_sheet.labeled(shown + [None] * (len(labels) - len(shown)), labels, columns)


def _label(cell: Cell, one: tuple[Result, Any] | str | None) -> str:
    """What stands below a cell; one that was stopped half-way is not what its values promise."""
    stopped = one is not None and not isinstance(one, str) and one[0].stopped_early
    return f"{cell.label}, stopped early" if stopped else cell.label


def _result(
    settings: SweepSettings,
    inputs: Inputs,
    rows: Sequence[Sequence[Cell]],
    made: Sequence[tuple[Result, Any] | str],
    stopped: bool,
) -> Result:
    whole = [one for one in made if not isinstance(one, str)]
    faults = [one for one in made if isinstance(one, str)]
    if not whole:
        if faults:
            raise InvalidInput(faults[-1])
        raise Cancelled
    made_by = [one[0].recipe for one in whole]
    weights = {name: digest for one in made_by if one for name, digest in one.weights.items()}
    recipe = recipes.make(NAME, settings, inputs, weights)
    file = File.keep(
        image_io.encode_png(_sheet(rows, made), recipe), "image", f"sweep-{_stem(whole[0][0])}.png"
    )
    told: list[dict[str, Any]] = []
    files = [file]
    for cell, one in zip(itertools.chain(*rows), made, strict=False):
        if isinstance(one, str):
            told.append({"label": cell.label, "error": one})
            continue
        result = one[0]
        files.append(result.files[0])
        plain = None if result.recipe is None else json.loads(result.recipe.to_json())
        told.append({"label": _label(cell, one), "digest": result.files[0].digest, "recipe": plain})
    notes = [f"{len(faults)} of the cells failed: {faults[-1]}"] if faults else []
    return Result(tuple(files), {"cells": told, "notes": notes}, recipe, stopped)


def _stem(result: Result) -> str:
    return result.files[0].name.rpartition(".")[0] or "cells"
