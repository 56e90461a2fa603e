"""What another program asks for in JSON -> a task, its settings and its inputs. No path is ever followed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, invalid, short_name, unknown
from studio.core.settings import Settings
from studio.core.tasks import File, Slot, Task
from studio.run import arguments, input_files

_LONGEST = 120  # characters of a name
Reference = tuple[str, str]  # what names a file, and what a person calls it


def parse(
    name: str, settings: Mapping[str, Any], inputs: Mapping[str, Sequence[Reference]]
) -> tuple[Task, Settings, dict[str, list[File]]]:
    """The task, its settings and its inputs; whether they go together is looked at by who runs it.

    Args:
        inputs: of each slot its files, as digests of kept files or names of samples and models.

    Raises:
        InvalidInput: if one of them is not known or not right.
        Unavailable: if a file is not here, or not of whoever asks.
    """
    task = tasks.get(name)
    _check_text(settings)
    chosen = dict(settings)
    slots = {slot.name: slot for slot in task.inputs}
    files: dict[str, list[File]] = {}
    for given, references in inputs.items():
        if given not in slots:
            raise unknown("input", given, slots, "rename it")
        slot = slots[given]
        if len(references) > slot.most:
            step = "leave some out"
            raise invalid(given, expected=f"{slot.most} at most", received=len(references), next_step=step)
        for reference, called in references:
            names, _ = arguments.names_among(slot, [reference])
            if names:
                chosen[slot.instead] = [*_listed(chosen.get(slot.instead)), *names]
            else:
                files.setdefault(given, []).append(_file(slot, reference, called))
    for setting, known in task.settings.described().items():
        if known.here and setting in chosen:
            step = "leave it out"
            raise invalid(f"`{setting}`", expected="nothing", received="a value", next_step=step)
    return task, task.settings.parse(chosen), files


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _file(slot: Slot, reference: str, name: str) -> File:
    if paths.DIGEST.fullmatch(reference):
        owners.check(reference)
        paths.kept(reference)
        return File(reference, slot.kind, short_name(name, _LONGEST) or slot.name)
    found = input_files.from_name(slot, reference)
    if found is None:
        expected = "the id of an upload or a result, or the name of a sample or model"
        raise invalid(
            f"input {slot.name}", expected=expected, received=reference, next_step="upload the file"
        )
    return found


def _check_text(settings: Mapping[str, Any]) -> None:
    """JSON can spell halves of letters, which no file and no answer can hold, and levels without end."""
    try:
        from_json(json.dumps(dict(settings), ensure_ascii=False).encode())
    except (ValueError, RecursionError):
        raise InvalidInput("The settings hold what is no text, or too many levels. Mend them.") from None
