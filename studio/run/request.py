"""What a command, a program or a request over HTTP names -> the settings and the inputs of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid, unknown
from studio.core.settings import Settings
from studio.core.tasks import File, Task
from studio.run.machine import HERE, Machine

Words = Mapping[str, Sequence[Any]]  # by the name of a slot, what was given for its files


def resolve(
    task: Task, values: Mapping[str, Any], words: Words, machine: Machine = HERE
) -> tuple[Settings, dict[str, list[File]]]:
    """The settings and the inputs of a task; whether they go together, its check says.

    Args:
        values: settings by name.
        words: for each slot what stands for its files: whatever the machine reads.
        machine: where the task will run, whose models names may be.

    Raises:
        InvalidInput: if one of them is not known or not right.
        Unavailable: if a file is not there.
    """
    chosen, named = sort(task, values, words, machine)
    return task.settings.parse(chosen), read(task, named, machine)


def sort(
    task: Task, values: Mapping[str, Any], words: Words, machine: Machine = HERE
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Tells names from files, whichever way they came: the values of settings, and the words of each slot.

    `house:mosaic` among the style images is the house style of that name. Where a setting and a slot share a
    flag, as `--network` does, the name of a model is the setting's and all else a file, of which a recipe
    keeps the SHA-256.

    Raises:
        InvalidInput: if there is no such slot.
    """
    slots, fields = {slot.name: slot for slot in task.inputs}, task.settings.model_fields
    if stray := next((name for name in words if name not in slots), None):
        raise unknown("input", stray, slots, "rename it")
    chosen = dict(values)
    named = {name: list(words.get(name, ())) for name in slots}
    for name, slot in slots.items():
        shared = slot.argument if slot.kind == "model" and slot.argument in fields else ""
        if shared in chosen and not machine.is_name(task, chosen[shared]):
            named[name].append(chosen.pop(shared))
        prefix = f"{slot.instead}:"
        names = [w for w in named[name] if slot.instead and isinstance(w, str) and w.startswith(prefix)]
        if names:
            named[name] = [word for word in named[name] if word not in names]
            before = chosen.get(slot.instead, ())
            before = [before] if isinstance(before, str) else before
            chosen[slot.instead] = [*before, *(word.removeprefix(prefix) for word in names)]
    return chosen, named


def by_kind(task: Task, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What was given by name, as settings and as what stands for the files of each input.

    Raises:
        InvalidInput: if a name is none of these.
    """
    fields, slots = task.settings.model_fields, {slot.argument: slot for slot in task.inputs}
    values: dict[str, Any] = {}
    words: dict[str, list[Any]] = {}
    for name, value in given.items():
        slot = slots.get(name)
        if name in fields and (slot is None or slot.kind == "model"):
            values[name] = value
        elif slot is not None:
            words[slot.name] = list(value) if isinstance(value, list | tuple) else [value]
        else:
            raise unknown("argument", name, dict.fromkeys([*slots, *fields]))
    return values, words


def read(
    task: Task, named: Words, machine: Machine = HERE, labels: str | None = None
) -> dict[str, list[File]]:
    """The files of each slot that has any.

    Args:
        named: as `sort` gives them.
        labels: of a model that was made elsewhere, the path of a file that names its classes.

    Raises:
        InvalidInput: if there are too many, or one is no file, sample, model or data set of the slot's kind.
        Unavailable: if one is not there.
    """
    for slot in task.inputs:
        if len(named[slot.name]) > slot.most:  # before all of them are read
            count, step = len(named[slot.name]), "leave some out"
            raise invalid(slot.name, expected=f"{slot.most} at most", received=count, next_step=step)
    return {
        slot.name: [machine.read(slot, one, labels) for one in named[slot.name]]
        for slot in task.inputs
        if named[slot.name]
    }
