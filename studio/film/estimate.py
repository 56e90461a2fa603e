"""How long it takes to paint a film: its first frame, as often as it has frames."""

from __future__ import annotations

from studio.core import drawing, images, tasks
from studio.core.tasks import File, Inputs
from studio.film.settings import FilmSettings


def usual(settings: FilmSettings, inputs: Inputs) -> float:
    """About how many seconds a film takes on two cores. Loads no Keras.

    Raises:
        InvalidInput: if the film is damaged, or the settings of its frames are.
    """
    film = inputs["film"][0]
    data = film.read()
    task = tasks.get(settings.task)
    first = images.encode_png(next(drawing.frames(data, film.name)))
    given = {slot: files for slot, files in inputs.items() if slot != "film"}
    with tasks.held():  # the frames of a film are nobody's pictures
        given[task.inputs[0].name] = [File.keep(first, "picture", "frame.png")]
        each = tasks.imported(task.usual)(task.settings.parse_json(settings.base), given) if task.usual else 0
    return drawing.length(data, film.name) * each
