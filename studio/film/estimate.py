"""What it takes to paint a film: the time of its first frame as often as it has frames, and its memory."""

from __future__ import annotations

from functools import lru_cache

from studio.core import tasks
from studio.core.pictures import animations, images
from studio.core.tasks import File, Inputs
from studio.film.settings import FilmSettings


def usual(settings: FilmSettings, inputs: Inputs) -> float:
    """About how many seconds a film takes on two cores. Loads no Keras.

    Raises:
        InvalidInput: if the film is damaged, or the settings of its frames are.
    """
    film = inputs["film"][0]
    each = _of_a_frame(tasks.get(settings.task).usual, settings, inputs)
    return animations.length(film.read(), film.name, animations.fastest(settings.film), settings.span) * each


def needs(settings: FilmSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a film takes. Loads no Keras. Raises as `usual`."""
    return _of_a_frame(tasks.get(settings.task).needs, settings, inputs)


def _of_a_frame(estimate: str, settings: FilmSettings, inputs: Inputs) -> float:
    """What an estimate of the task that paints the frames says of the first one; 0 if it has none."""
    if not estimate:
        return 0
    task, first = tasks.get(settings.task), _first_frame(inputs["film"][0])
    given = {slot: files for slot, files in inputs.items() if slot != "film"}
    with tasks.in_memory():  # the frames of a film are nobody's pictures
        given[task.inputs[0].name] = [File.keep(first, "picture", "frame.png")]
        return tasks.imported(estimate)(task.settings.from_plain(settings.base), given)


@lru_cache(maxsize=4)  # a page asks again at every move of a slider
def _first_frame(film: File) -> bytes:
    return images.encode_png(animations.first(film.read(), film.name))
