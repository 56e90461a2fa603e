"""A run as the `studio ...` command, and as the Python, that does the same."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress

from pages.form import own_samples, samples
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Spelled

_WIDE = 70  # letters from which on each argument has a line of its own


def line(task: str, settings: Settings, inputs: Inputs) -> str:
    """The command; settings at their default are left out. "" for a task without one."""
    found = tasks.get(task)
    if found.stands_for:
        return _by_another(tasks.imported(found.stands_for)(settings, inputs))
    if not found.command or _of_pages_alone(inputs):
        return ""
    parts = ["studio", *found.command.split()]
    for slot in sorted(found.inputs, key=lambda slot: bool(slot.flag)):
        files = inputs.get(slot.name, ())
        parts += [slot.flag] if slot.flag and files else []
        parts += [shlex.quote(_spelled(file)) for file in files]
        if slot.instead:
            parts += [shlex.quote(f"{slot.instead}:{name}") for name in getattr(settings, slot.instead)]
    parts += _out(found.makes(settings), settings)
    named = {slot.instead for slot in found.inputs}
    for name, field in settings.described().items():
        if name in named:
            continue
        value = getattr(settings, name)
        # Where models are built in, the first word of a command is always the model.
        if value != field.default or (field.positional and found.builtin and not inputs.get("model")):
            parts += _flag(field.flag, value)
    return " ".join(parts)


def python(task: str, settings: Settings, inputs: Inputs) -> str:
    """The lines of Python; settings at their default are left out.

    "" where `line` is, and for a task that another's command asks for.
    """
    found = tasks.get(task)
    if found.stands_for or not line(task, settings, inputs):
        return ""
    parts = [_literal(task)]
    for slot in found.inputs:
        names = [_spelled(file) for file in inputs.get(slot.name, ())]
        if names:
            parts.append(f"{slot.argument}={_literal(names)}")
    for name, field in settings.described().items():
        if (value := getattr(settings, name)) != field.default:
            parts.append(f"{name}={_literal(value)}")
    kind = found.makes(settings)
    then = "print(made)" if kind == "text" else f"made.save({_literal(_out(kind, settings)[1])})"
    given = ", ".join(parts)
    if len(given) > _WIDE:
        given = "".join(f"\n    {part}," for part in parts) + "\n"
    return f"import studio\n\nmade = studio.make({given})\n{then}"


def _literal(value: object) -> str:
    """A value as people write it in Python; a list of one word is that word."""
    if isinstance(value, tuple | list):
        if len(value) == 1 and isinstance(value[0], str):
            return _literal(value[0])
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _spelled(file: File) -> str:
    """A file as a command names it: a model that has a name here by that, since it may be no file."""
    name = file.name.removesuffix(".zip")
    if file.kind == "model" and presets.is_known(name):
        with suppress(StudioError):
            if presets.from_zip(file).digest == presets.find(name).digest:
                return name
    return samples.spelled(file)


def _of_pages_alone(inputs: Inputs) -> bool:
    return any(own_samples.is_sample(file) for files in inputs.values() for file in files)


def _by_another(spelled: Spelled) -> str:
    """The command of another task, with the settings that this one adds."""
    words = line(spelled.task.name, spelled.settings, spelled.inputs)
    more = [word for flag, value in spelled.values.items() for word in _flag(flag, value)]
    return " ".join([words.replace("-o out.png", f"-o out.{spelled.ending}", 1), *more])


def _out(kind: str, settings: Settings) -> list[str]:
    """Where the result goes; a text is printed."""
    if kind == "text":
        return []
    # The settings that make an animation also say of which kind its file is.
    form = getattr(settings, "form", "npz")
    ending = {"animation": getattr(settings, "video", "mp4"), "dataset": form, "network": form}
    return ["-o", "my-model" if kind == "model" else f"out.{ending.get(kind, 'png')}"]


def _flag(flag: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else [flag.replace("--", "--no-", 1)]
    if isinstance(value, tuple | list):
        return [flag, shlex.quote(",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value))]
    text = f"{value:g}" if isinstance(value, float) else shlex.quote(str(value))
    # What begins like a flag would be taken for one.
    return [f"{flag}={text}"] if isinstance(value, str) and value.startswith("-") else [flag, text]
