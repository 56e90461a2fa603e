"""Resolves the arguments of a command, a program or an HTTP request to settings and inputs of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid, unknown
from studio.core.settings import Settings
from studio.core.tasks import File, Slot, Task
from studio.run.machine import LOCAL, Machine

# For each slot, the names, paths or objects that stand for its files.
SlotValues = Mapping[str, Sequence[Any]]


def resolve(
    task: Task, values: Mapping[str, Any], slot_values: SlotValues, machine: Machine = LOCAL
) -> tuple[Settings, dict[str, list[File]]]:
    """Returns the settings and the inputs of a task. The task's own check of them comes later.

    Args:
        task: the task.
        values: settings by name.
        slot_values: for each slot, what stands for its files; the machine reads these.
        machine: machine that will run the task and knows models by name.

    Raises:
        InvalidInput: if a value or input is unknown or invalid.
        Unavailable: if a file is missing.
    """
    setting_values, file_values = separate_names(task, values, slot_values, machine)
    return task.settings.parse(setting_values), read_inputs(task, file_values, machine)


def separate_names(
    task: Task, values: Mapping[str, Any], slot_values: SlotValues, machine: Machine = LOCAL
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Moves names of house styles, models and masks from the slots to the settings, and files the other way.

    Among the files of a slot, its own names, such as `person` for a mask, are values of the setting with the
    slot's name. `house:mosaic` among the style images is the house style of that name. When a setting and a
    slot share a flag, such as `--network`, the name of a model is the setting, and anything else is a file,
    whose SHA-256 goes into the recipe.

    Returns:
        The values of settings, and what stands for the files of each slot.

    Raises:
        InvalidInput: if there is no such slot.
    """
    slots, fields = {slot.name: slot for slot in task.inputs}, task.settings.model_fields
    if unknown_slot := next((name for name in slot_values if name not in slots), None):
        raise unknown("input", unknown_slot, slots, "rename it")
    setting_values = dict(values)
    file_values = {name: list(slot_values.get(name, ())) for name in slots}
    for name, slot in slots.items():
        shared = slot.argument if slot.kind == "model" and slot.argument in fields else ""
        if shared in setting_values and not machine.is_model_name(task, setting_values[shared]):
            file_values[name].append(setting_values.pop(shared))
        if slot.setting_of_names:
            _move_names(slot, setting_values, file_values)
    return setting_values, file_values


def _move_names(slot: Slot, values: dict[str, Any], file_values: dict[str, list[Any]]) -> None:
    """Moves the names among the files of a slot to its setting of names."""
    prefix = f"{slot.name_setting}:" if slot.name_setting else ""
    words = [
        word
        for word in file_values[slot.name]
        if isinstance(word, str) and (word.startswith(prefix) if prefix else word in slot.names)
    ]
    if not words:
        return
    file_values[slot.name] = [
        word for word in file_values[slot.name] if not isinstance(word, str) or word not in words
    ]
    setting_name = slot.setting_of_names
    names_before = values.get(setting_name, ())
    names_before = [names_before] if isinstance(names_before, str) else names_before
    values[setting_name] = [*names_before, *(word.removeprefix(prefix) for word in words)]


def split_arguments(task: Task, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Splits arguments by name into settings and what stands for the files of each input.

    Raises:
        InvalidInput: if a name is neither a setting nor an input.
    """
    fields, slots = task.settings.model_fields, {slot.argument: slot for slot in task.inputs}
    values: dict[str, Any] = {}
    slot_values: dict[str, list[Any]] = {}
    for name, value in arguments.items():
        slot = slots.get(name)
        if name in fields and (slot is None or slot.kind == "model"):
            values[name] = value
        elif slot is not None:
            slot_values[slot.name] = list(value) if isinstance(value, list | tuple) else [value]
        else:
            raise unknown("argument", name, dict.fromkeys([*slots, *fields]))
    return values, slot_values


def read_inputs(
    task: Task, file_values: SlotValues, machine: Machine = LOCAL, labels: str | None = None
) -> dict[str, list[File]]:
    """Reads the files of each slot that has any.

    Args:
        task: the task.
        file_values: what stands for the files of each slot, as `separate_names` returns it.
        machine: machine that reads them.
        labels: path of a file with the class names of a third-party model.

    Raises:
        InvalidInput: if there are too many, or one is not a file, sample, model or data set of the right
            kind.
        Unavailable: if one is missing.
    """
    for slot in task.inputs:
        if len(file_values[slot.name]) > slot.max_files:  # check before reading them all
            expected, received = f"at most {slot.max_files}", f"{len(file_values[slot.name])} files"
            raise invalid(slot.name, expected=expected, received=received, next_step="leave some out")
    return {
        slot.name: [machine.read(slot, value, labels) for value in file_values[slot.name]]
        for slot in task.inputs
        if file_values[slot.name]
    }
