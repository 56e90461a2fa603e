"""A film where a command takes a picture: every frame of it is painted, if a film is to come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.core import drawing, tasks
from studio.core.settings import Settings
from studio.core.tasks import Slot, Task
from studio.film.settings import FilmSettings
from studio.film.task import NAME

_ENDINGS = tuple(f".{kind}" for kind in drawing.KINDS)

Named = Mapping[Slot, Sequence[str]]


def given(task: Task, named: Named, out: str | None) -> bool:
    """Whether a film stands where a task takes one picture, and its result is named as one."""
    content = named[task.inputs[0]] if task.of_a_picture else []
    if not content or not out:
        return False
    return all(Path(text).suffix.lower() in _ENDINGS for text in (content[0], out))


def of(
    task: Task, settings: Settings, named: Named, out: str
) -> tuple[Task, Settings, dict[Slot, Sequence[str]]]:
    """The task that paints a film by another one, its settings, and the words of each of its slots."""
    repaint = tasks.get(NAME)
    kind = Path(out).suffix.lower().removeprefix(".")
    wanted = FilmSettings.parse({"task": task.name, "base": settings.model_dump_json(), "film": kind})
    words = {slot.name: texts for slot, texts in named.items()}
    words["film"] = words.pop(task.inputs[0].name)
    known = {slot: words.pop(slot.name, []) for slot in repaint.inputs}
    return repaint, wanted, known
