"""Estimates the seconds and memory of a video from those of its first frame."""

from __future__ import annotations

from functools import lru_cache

from studio.core import tasks
from studio.core.imaging import animations, image_io
from studio.core.tasks import File, Inputs
from studio.video.settings import VideoSettings


def estimate_seconds(settings: VideoSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of a video on two cores. Loads no Keras.

    Raises:
        InvalidInput: if the video is damaged, or the settings of its frames are invalid.
    """
    video = inputs["video"][0]
    each = _for_one_frame(tasks.get(settings.task).usual, settings, inputs)
    return (
        animations.count_frames(
            video.read(), video.name, animations.highest_fps(settings.video), settings.span
        )
        * each
    )


def estimate_bytes(settings: VideoSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of a video. Loads no Keras. Raises like `estimate_seconds`."""
    return _for_one_frame(tasks.get(settings.task).needs, settings, inputs)


def _for_one_frame(estimate: str, settings: VideoSettings, inputs: Inputs) -> float:
    """Runs an estimate of the frames' task on the first frame; 0 without one."""
    if not estimate:
        return 0
    task, first = tasks.get(settings.task), _first_frame(inputs["video"][0])
    frame_inputs = {slot: files for slot, files in inputs.items() if slot != "video"}
    with tasks.in_memory():  # frames do not belong into the file store
        frame_inputs[task.inputs[0].name] = [File.keep(first, "image", "frame.png")]
        return tasks.import_object(estimate)(task.settings.from_plain(settings.base), frame_inputs)


@lru_cache(maxsize=4)  # pages ask again at every change of a setting
def _first_frame(video: File) -> bytes:
    return image_io.encode_png(animations.decode_frame(video.read(), video.name))
