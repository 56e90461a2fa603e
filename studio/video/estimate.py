"""What it takes to paint a video: the time of its first frame as often as it has frames, and its memory."""

from __future__ import annotations

from functools import lru_cache

from studio.core import tasks
from studio.core.imaging import animations, image_io
from studio.core.tasks import File, Inputs
from studio.video.settings import VideoSettings


def usual(settings: VideoSettings, inputs: Inputs) -> float:
    """About how many seconds a video takes on two cores. Loads no Keras.

    Raises:
        InvalidInput: if the video is damaged, or the settings of its frames are.
    """
    video = inputs["video"][0]
    each = _of_a_frame(tasks.get(settings.task).usual, settings, inputs)
    return (
        animations.length(video.read(), video.name, animations.fastest(settings.video), settings.span) * each
    )


def needs(settings: VideoSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a video takes. Loads no Keras. Raises as `usual`."""
    return _of_a_frame(tasks.get(settings.task).needs, settings, inputs)


def _of_a_frame(estimate: str, settings: VideoSettings, inputs: Inputs) -> float:
    """What an estimate of the task that paints the frames says of the first one; 0 if it has none."""
    if not estimate:
        return 0
    task, first = tasks.get(settings.task), _first_frame(inputs["video"][0])
    given = {slot: files for slot, files in inputs.items() if slot != "video"}
    with tasks.in_memory():  # the frames of a video are nobody's images
        given[task.inputs[0].name] = [File.keep(first, "image", "frame.png")]
        return tasks.imported(estimate)(task.settings.from_plain(settings.base), given)


@lru_cache(maxsize=4)  # a page asks again at every move of a slider
def _first_frame(video: File) -> bytes:
    return image_io.encode_png(animations.first(video.read(), video.name))
