"""Estimates the seconds and memory of a video from those of its first frame."""

from __future__ import annotations

from functools import lru_cache

from studio.core import tasks
from studio.core.imaging import image_io, video_decoder
from studio.core.tasks import File, Inputs
from studio.video.settings import BLENDED_BANDS, VideoSettings

_BLENDING_SECONDS = 0.15  # s to blend a frame of about 512 px with the previous one


def estimate_seconds(settings: VideoSettings, inputs: Inputs) -> float:
    """Estimates the seconds that a video takes on two cores; 0 if unknown. Does not load Keras.

    Raises:
        InvalidInput: if the video is damaged, or the settings of its frames are invalid.
    """
    video = inputs["video"][0]
    per_frame = _estimate_frame(tasks.get(settings.task).estimate_seconds, settings, inputs)
    if per_frame and settings.task in BLENDED_BANDS and settings.temporal_consistency:
        per_frame += _BLENDING_SECONDS
    return per_frame * video_decoder.count_frames(video.read(), video.name, settings.max_fps, settings.span)


def estimate_bytes(settings: VideoSettings, inputs: Inputs) -> float:
    """Estimates the bytes of memory that a video takes. Does not load Keras. Raises as `estimate_seconds`."""
    return _estimate_frame(tasks.get(settings.task).estimate_bytes, settings, inputs)


def _estimate_frame(estimate: str, settings: VideoSettings, inputs: Inputs) -> float:
    """Runs an estimate of the frames' task on the first frame.

    Args:
        estimate: the task's `module:function`; with "" the result is 0.
        settings: of the video.
        inputs: of the video.
    """
    if not estimate:
        return 0
    task, frame = tasks.get(settings.task), _read_first_frame(inputs["video"][0])
    frame_inputs = {slot: files for slot, files in inputs.items() if slot != "video"}
    with tasks.store_in_memory():  # frames do not belong into the file store
        frame_inputs[task.inputs[0].name] = [File.store(frame, "image", "frame.png")]
        return tasks.import_object(estimate)(
            task.settings.from_plain(settings.base).for_frames(), frame_inputs
        )


@lru_cache(maxsize=4)  # pages estimate again at every change of a setting
def _read_first_frame(video: File) -> bytes:
    """Returns the first frame as a PNG."""
    return image_io.encode_png(video_decoder.decode_frame(video.read(), video.name))
