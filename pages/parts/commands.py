"""A run as the `studio ...` command that does the same."""

from __future__ import annotations

import shlex

from pages.parts import samples
from studio.core.settings import Settings
from studio.core.tasks import Inputs

# Task -> the words of its command, and the slots that stand without a flag.
COMMANDS = {"style.transfer": ("style", ("content", "style"))}


def line(task: str, settings: Settings, inputs: Inputs) -> str:
    """The command; settings at their default are left out."""
    words, plain = COMMANDS.get(task, (f"run {task}", ()))
    parts = ["studio", *words.split()]
    parts += [shlex.quote(samples.spelled(file)) for slot in plain for file in inputs.get(slot, ())]
    for slot, files in inputs.items():
        if slot not in plain and files:
            parts += [f"--{slot}s", *(shlex.quote(samples.spelled(file)) for file in files)]
    parts += ["-o", "out.png"]
    for name, field in settings.described().items():
        value = getattr(settings, name)
        if value != field.default:
            parts += _flag(field.flag, value)
    return " ".join(parts)


def _flag(flag: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else [flag.replace("--", "--no-", 1)]
    if isinstance(value, tuple | list):
        return [flag, ",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)]
    return [flag, f"{value:g}" if isinstance(value, float) else shlex.quote(str(value))]
