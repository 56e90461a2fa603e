"""Names, paths, pictures and results, as a program has them -> the settings and inputs of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from PIL import Image

from studio.core import paths, tasks
from studio.core.errors import a, invalid, unknown
from studio.core.pictures import images
from studio.core.settings import split_commas
from studio.core.tasks import File, Slot, Task
from studio.run.machine import HERE, Machine
from studio.run.program_result import Made


def sources(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The whole paths of what was given: the program may go to another folder before it saves."""
    lists = [value if isinstance(value, list | tuple) else [value] for value in given.values()]
    named = [
        # A picture that Pillow has read from a file knows which.
        getattr(one, "filename", "") if isinstance(one, Image.Image) else one
        for values in lists
        for one in values
    ]
    those = [paths.expand_user(str(one)) for one in named if isinstance(one, str | PathLike)]
    own = [str(one.resolve()) for one in those if one.name and paths.is_there(one)]
    return tuple([*own, *(source for one in named if isinstance(one, Made) for source in one.sources)])


def full_name(task: str) -> str:
    """The name of a task that was called by it or, as a person knows it from the terminal, by its command."""
    named = {one.command: one.name for one in map(tasks.get, tasks.TASKS) if one.command}
    return named.get(str(task), str(task))


def settings_and_inputs(
    task: Task, given: Mapping[str, Any], machine: Machine = HERE
) -> tuple[dict[str, Any], dict[str, list[File]]]:
    """What was given by name, as settings and as the files of each input.

    Args:
        machine: where the task will run, whose models names may be.
    """
    fields = task.settings.described()
    slots = {slot.argument: slot for slot in task.inputs}
    chosen: dict[str, Any] = {}
    inputs: dict[str, list[File]] = {}
    for name, value in given.items():
        field = fields.get(name)
        slot = slots.get(name)
        known = field and isinstance(value, str) and machine.is_name(task, value)
        if slot is None and field is None:
            raise unknown("argument", name, dict.fromkeys([*slots, *fields]))
        if slot is None or known:
            is_list = field is not None and field.kind == "list" and isinstance(value, str)
            value = split_commas(value) if is_list else value
            if name in chosen and isinstance(value, list | tuple):  # `style="house:wash", house="mosaic"`
                value = [*chosen[name], *value]
            chosen[name] = value
            continue
        values = list(value) if isinstance(value, list | tuple) else [value]
        names, others = names_among(slot, values)
        if names:
            before = chosen.get(slot.instead, ())
            chosen[slot.instead] = [*before, *names] if isinstance(before, list | tuple) else names
        inputs[slot.name] = [_file(slot, one, machine) for one in others]
    return chosen, inputs


def names_among(slot: Slot, values: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """Names that stand where files may: `house:mosaic` -> `mosaic`; and the other values."""
    prefix = f"{slot.instead}:"
    names: list[str] = []
    others: list[Any] = []
    for one in values:
        if slot.instead and isinstance(one, str) and one.startswith(prefix):
            names.append(one.removeprefix(prefix))
        else:
            others.append(one)
    return names, others


def _file(slot: Slot, value: Any, machine: Machine) -> File:
    """One input as a kept file. Raises `InvalidInput` if it is nothing of the kind that the task takes."""
    if isinstance(value, Made):
        return value.result.files[0]
    if isinstance(value, File):
        return value
    if isinstance(value, str | PathLike):
        return machine.read(slot, str(value))
    if slot.kind == "picture" and _is_picture(value):
        value = Image.fromarray(value[..., 0] if value.shape[2:] == (1,) else value)
    if slot.kind == "picture" and isinstance(value, Image.Image):
        data = images.as_png(value, slot.name)
        images.read(data, slot.name)  # what is wrong with it is told before anything heavy starts
        return File.keep(data, "picture", f"{slot.name}.png")
    expected = f"a path of {a(slot.kind)}, or a result of the studio"
    if slot.kind == "picture":
        expected = "a path, a result of the studio, a Pillow image or an array (H, W, 3) uint8, 0 to 255"
    step = "pass one of these"
    raise invalid(slot.name, expected=expected, received=_described(value), next_step=step)


def _is_picture(value: Any) -> bool:
    """Whether it is `(H, W) uint8`, or with 1, 3 or 4 channels: grey, RGB, RGBA."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim not in (2, 3):
        return False
    return min(value.shape) > 0 and value.shape[2:] in ((), (1,), (3,), (4,))


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} {value.dtype}"
    if isinstance(value, Image.Image):
        return f"one of mode {value.mode}"
    return type(value).__name__
