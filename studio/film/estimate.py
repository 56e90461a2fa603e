"""What it takes to paint a film: the time of its first frame as often as it has frames, and its memory."""

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
    return drawing.length(film.read(), film.name) * _of_a_frame(
        tasks.get(settings.task).usual, settings, inputs
    )


def needs(settings: FilmSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a film takes. Loads no Keras. Raises as `usual`."""
    return _of_a_frame(tasks.get(settings.task).needs, settings, inputs)


def _of_a_frame(estimate: str, settings: FilmSettings, inputs: Inputs) -> float:
    """What an estimate of the task that paints the frames says of the first one; 0 if it has none."""
    if not estimate:
        return 0
    film, task = inputs["film"][0], tasks.get(settings.task)
    first = images.encode_png(next(drawing.frames(film.read(), film.name)))
    given = {slot: files for slot, files in inputs.items() if slot != "film"}
    with tasks.held():  # the frames of a film are nobody's pictures
        given[task.inputs[0].name] = [File.keep(first, "picture", "frame.png")]
        return tasks.imported(estimate)(task.settings.parse_json(settings.base), given)
