"""Resolves the arguments of a command, a program or an HTTP request to settings and inputs of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid, unknown
from studio.core.settings import Settings
from studio.core.tasks import File, Task
from studio.run.machine import LOCAL, Machine

SlotValues = Mapping[str, Sequence[Any]]  # for each slot, the names, paths or objects that stand for its files


def resolve(
    task: Task, values: Mapping[str, Any], words: SlotValues, machine: Machine = LOCAL
) -> tuple[Settings, dict[str, list[File]]]:
    """Returns the settings and the inputs of a task. The task's own check of them comes later.

    Args:
        task: the task.
        values: settings by name.
        words: for each slot, what stands for its files; the machine reads these.
        machine: machine that will run the task and knows models by name.

    Raises:
        InvalidInput: if a value or input is unknown or invalid.
        Unavailable: if a file is missing.
    """
    setting_values, slot_words = separate_names(task, values, words, machine)
    return task.settings.parse(setting_values), read_inputs(task, slot_words, machine)


def separate_names(
    task: Task, values: Mapping[str, Any], words: SlotValues, machine: Machine = LOCAL
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Separates names from files; returns the values of settings and the words of each slot.

    `house:mosaic` among the style images is the house style of that name. When a setting and a slot share a
    flag, such as `--network`, the name of a model is the setting, and anything else is a file, whose SHA-256
    goes into the recipe.

    Raises:
        InvalidInput: if there is no such slot.
    """
    slots, fields = {slot.name: slot for slot in task.inputs}, task.settings.model_fields
    if unknown_slot := next((name for name in words if name not in slots), None):
        raise unknown("input", unknown_slot, slots, "rename it")
    setting_values = dict(values)
    slot_words = {name: list(words.get(name, ())) for name in slots}
    for name, slot in slots.items():
        shared = slot.argument if slot.kind == "model" and slot.argument in fields else ""
        if shared in setting_values and not machine.is_name(task, setting_values[shared]):
            slot_words[name].append(setting_values.pop(shared))
        prefix = f"{slot.instead}:"
        names = [w for w in slot_words[name] if slot.instead and isinstance(w, str) and w.startswith(prefix)]
        if names:
            slot_words[name] = [word for word in slot_words[name] if word not in names]
            names_before = setting_values.get(slot.instead, ())
            names_before = [names_before] if isinstance(names_before, str) else names_before
            setting_values[slot.instead] = [*names_before, *(word.removeprefix(prefix) for word in names)]
    return setting_values, slot_words


def split_arguments(task: Task, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Splits arguments by name into settings and the words of each input.

    Raises:
        InvalidInput: if a name is neither a setting nor an input.
    """
    fields, slots = task.settings.model_fields, {slot.argument: slot for slot in task.inputs}
    values: dict[str, Any] = {}
    words: dict[str, list[Any]] = {}
    for name, value in arguments.items():
        slot = slots.get(name)
        if name in fields and (slot is None or slot.kind == "model"):
            values[name] = value
        elif slot is not None:
            words[slot.name] = list(value) if isinstance(value, list | tuple) else [value]
        else:
            raise unknown("argument", name, dict.fromkeys([*slots, *fields]))
    return values, words


def read_inputs(
    task: Task, slot_words: SlotValues, machine: Machine = LOCAL, labels: str | None = None
) -> dict[str, list[File]]:
    """Reads the files of each slot that has any.

    Args:
        task: the task.
        slot_words: words of each slot, as `separate_names` returns them.
        machine: machine that reads them.
        labels: path of a file with the class names of a third-party model.

    Raises:
        InvalidInput: if there are too many, or one is not a file, sample, model or data set of the right
            kind.
        Unavailable: if one is missing.
    """
    for slot in task.inputs:
        if len(slot_words[slot.name]) > slot.most:  # check before reading them all
            count, step = len(slot_words[slot.name]), "leave some out"
            raise invalid(slot.name, expected=f"{slot.most} at most", received=count, next_step=step)
    return {
        slot.name: [machine.read(slot, word, labels) for word in slot_words[slot.name]]
        for slot in task.inputs
        if slot_words[slot.name]
    }
