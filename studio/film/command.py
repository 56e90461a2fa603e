"""How a command asks for a film: as for one frame of it, with the film in the place of the picture."""

from __future__ import annotations

from studio.core import tasks
from studio.core.tasks import Inputs, Spelled
from studio.film.settings import FilmSettings


def stands_for(settings: FilmSettings, inputs: Inputs) -> Spelled:
    """The task that paints a frame, with the film in its place."""
    task = tasks.get(settings.task)
    files = {slot: some for slot, some in inputs.items() if slot != "film"}
    files[task.inputs[0].name] = inputs["film"]
    more: dict[str, object] = {}
    if settings.fps and "fps" in task.settings.described():
        more["--fps"] = settings.fps
    if settings.start:
        more["--start"] = settings.start
    if settings.end is not None:
        more["--end"] = settings.end
    return Spelled(task, task.settings.from_plain(settings.base), files, settings.film, more)
