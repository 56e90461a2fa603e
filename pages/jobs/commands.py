"""The `studio ...` command and the Python code that repeat a run."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress

from pages.form import sample_texts, samples, video_input
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import EquivalentCommand, File, Inputs

_MAX_LINE_CHARACTERS = 70  # of the arguments in one line; longer ones get one line each


def format_command(task: str, settings: Settings, inputs: Inputs) -> str:
    """Returns the command, without settings at their default; "" for a task without a command."""
    spec = tasks.get(task)
    if spec.equivalent_command:
        return _format_equivalent(tasks.import_object(spec.equivalent_command)(settings, inputs))
    if not spec.command or _has_page_samples(inputs):
        return ""
    parts = ["studio", *spec.command.split()]
    for slot in sorted(spec.inputs, key=lambda slot: bool(slot.flag)):
        files = inputs.get(slot.name, ())
        words = [_name_in_command(file) for file in files]
        words += getattr(settings, slot.name) if slot.names else ()
        parts += [slot.flag] if slot.flag and words else []
        parts += map(shlex.quote, words)
        if slot.name_setting:
            parts += [
                shlex.quote(f"{slot.name_setting}:{name}") for name in getattr(settings, slot.name_setting)
            ]
    parts += _format_output_flag(spec.choose_kind(settings), settings)
    input_settings = {slot.setting_of_names for slot in spec.inputs}
    for name, field in settings.describe().items():
        if name in input_settings:
            continue
        value = getattr(settings, name)
        # A task with built-in models takes the model as the first word of its command.
        is_model_name = field.positional and spec.builtin and not inputs.get("model")
        if not settings.is_default(name) or is_model_name:
            parts += _format_flag(field.flag, value)
    return " ".join(parts)


def format_python(task: str, settings: Settings, inputs: Inputs) -> str:
    """Returns the Python code, without settings at their default.

    Returns "" if `format_command` does, and for a task that uses the command of another one.
    """
    spec = tasks.get(task)
    if spec.equivalent_command or not format_command(task, settings, inputs):
        return ""
    parts = [_format_literal(task)]
    for slot in spec.inputs:
        names = [_name_in_command(file) for file in inputs.get(slot.name, ())]
        if names:
            parts.append(f"{slot.argument}={_format_literal(names)}")
    for name in settings.describe():
        if not settings.is_default(name):
            parts.append(f"{name}={_format_literal(getattr(settings, name))}")
    kind = spec.choose_kind(settings)
    last_line = (
        "print(made)"
        if kind == "text"
        else f"made.save({_format_literal(_format_output_flag(kind, settings)[1])})"
    )
    arguments = ", ".join(parts)
    if len(arguments) > _MAX_LINE_CHARACTERS:
        arguments = "".join(f"\n    {part}," for part in parts) + "\n"
    return f"import studio\n\nmade = studio.make({arguments})\n{last_line}"


def _format_literal(value: object) -> str:
    """Returns a value as a Python literal; a list of one string becomes that string."""
    if isinstance(value, tuple | list):
        if len(value) == 1 and isinstance(value[0], str):
            return _format_literal(value[0])
        return f"[{', '.join(map(_format_literal, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _name_in_command(file: File) -> str:
    """Returns how a command names a file: a model of the studio by its name, else the name of the file."""
    name = file.name.removesuffix(".zip")
    if file.kind == "model" and presets.is_known(name):
        with suppress(StudioError):
            if presets.from_zip(file).digest == presets.find(name).digest:
                return name
    return samples.command_name(file)


def _has_page_samples(inputs: Inputs) -> bool:
    return any(_is_page_sample(file) for files in inputs.values() for file in files)


def _is_page_sample(file: File) -> bool:
    """Returns whether a file is a sample that only the pages have, by its content."""
    if file.kind == "text":
        return file in (sample_texts.store_tales(), sample_texts.store_passages())
    is_candidate = file.kind == "animation" and file.name == video_input.SAMPLE_NAME
    return is_candidate and file == video_input.store_sample()


def _format_equivalent(equivalent: EquivalentCommand) -> str:
    """Returns the command of another task, with the settings that this one adds."""
    command = format_command(equivalent.task.name, equivalent.settings, equivalent.inputs)
    flags = [word for flag, value in equivalent.values.items() for word in _format_flag(flag, value)]
    return " ".join([command.replace("-o out.png", f"-o out.{equivalent.ending}", 1), *flags])


def _format_output_flag(kind: str, settings: Settings) -> list[str]:
    """Returns the output flag; a text is printed and has none."""
    if kind == "text":
        return []
    # The settings of an animation or data set also name its file type.
    file_format = getattr(settings, "form", "npz")
    ending = {"animation": getattr(settings, "video", "mp4"), "dataset": file_format, "network": file_format}
    return ["-o", "my-model" if kind == "model" else f"out.{ending.get(kind, 'png')}"]


def _format_flag(flag: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else [flag.replace("--", "--no-", 1)]
    if isinstance(value, tuple | list):
        return [flag, shlex.quote(",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value))]
    text = f"{value:g}" if isinstance(value, float) else shlex.quote(str(value))
    # A value that starts with "-" would be parsed as a flag.
    return [f"{flag}={text}"] if isinstance(value, str) and value.startswith("-") else [flag, text]
