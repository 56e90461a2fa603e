"""Decodes MP4, WebP, GIF and APNG videos to frames, and checks them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice

import numpy as np
from PIL import ImageSequence
from PIL.PngImagePlugin import PngImageFile

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import (
    color_management,
    frame_times,
    mp4_frames,
    transparency,
    video_facts,
    video_limits,
    video_span,
)
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_codecs import KINDS
from studio.core.imaging.video_limits import MAX_FPS, MAX_MP4_PIXELS, MAX_WEBP_GIF_PIXELS
from studio.core.imaging.video_span import WHOLE_VIDEO, Span

# Phones save MP4 as .mov, .m4v or .3gp.
EXTENSIONS = (*(f".{kind}" for kind in KINDS), ".apng", ".png", ".mov", ".m4v", ".3gp", ".3g2")


def decode(
    data: bytes,
    name: str = "video",
    max_fps: int = MAX_FPS,
    transparent: bool = False,
    span: Span = WHOLE_VIDEO,
) -> Iterator[np.ndarray]:
    """Decodes an animation frame by frame; its first bytes, not its name, decide about the format.

    Args:
        data: bytes of an MP4, WebP, GIF or APNG; a still GIF or WebP has one frame.
        name: name of the file, for errors.
        max_fps: largest number of frames per second; frames of a faster video are skipped, see `read_times`.
        transparent: whether to keep transparency; else it is composited over white.
        span: part to read.

    Yields:
        `(H, W, 3) uint8`, or `(H, W, 4)` for frames with transparency if it is kept.

    Raises:
        InvalidInput: if it has another format, is damaged, or exceeds the limits of `video_limits`.
    """
    count_frames(data, name, max_fps, span)  # refuse too long videos before yielding a frame
    decode_all = mp4_frames.decode if video_facts.is_mp4(data) else _decode_image_frames
    count, size = 0, None
    try:
        all_times = frame_times.read(data)
        selection = span.select_frames(all_times, name)
        selected_times, numbers = all_times.select(selection).limit_rate(max_fps)
        kept_numbers = {selection.start + number for number in numbers}
        for number, frame in enumerate(decode_all(data, selection.start), start=selection.start):
            if span.end is not None and number >= selection.stop:
                break
            size = size or frame.shape[:2]
            if frame.shape[:2] != size:
                raise ValueError("its frames have several sizes")
            if number not in kept_numbers and number < len(all_times.durations):
                continue
            count += 1
            video_span.check_length(count, selected_times.fps, name)
            yield frame if transparent else transparency.composite_over_white(frame)
    except InvalidInput:
        raise
    except Exception as error:  # parsers raise almost any exception for a damaged file
        raise _invalid_video_error(data, name, error) from None
    if not count:
        raise _invalid_video_error(data, name, ValueError("no frame"))


def read_times(
    data: bytes, name: str = "video", max_fps: int = MAX_FPS, span: Span = WHOLE_VIDEO
) -> FrameTimes:
    """Reads the times of the frames that `decode` yields. Raises as `decode`."""
    all_times = _read_frame_times(data, name)
    return all_times.select(span.select_frames(all_times, name)).limit_rate(max_fps)[0]


def count_frames(data: bytes, name: str = "video", max_fps: int = MAX_FPS, span: Span = WHOLE_VIDEO) -> int:
    """Counts the frames that `decode` yields, without decoding. Raises as `decode`."""
    selected_times = read_times(data, name, max_fps, span)
    count = len(selected_times.durations)
    video_span.check_length(count, selected_times.fps, name)
    return count


def read_duration(data: bytes, name: str = "video") -> float:
    """Reads the duration of a video of any length, in seconds. Raises `InvalidInput` if it is damaged."""
    return _read_frame_times(data, name).seconds


def decode_frame(data: bytes, name: str = "video", start: float = 0.0) -> np.ndarray:
    """Decodes the frame at `start` seconds of a video of any length. Raises as `decode`."""
    return next(decode(data, name, span=Span(start, start + video_span.MOMENT_SECONDS)))


def check(data: bytes, name: str = "video") -> None:
    """Checks a video by decoding the longest part that the studio can use.

    Raises:
        InvalidInput: as `decode`, except for its length; or if that part has too many pixels.
    """
    span = Span(0, video_span.longest_seconds(read_times(data, name).fps))
    _check_pixel_count(data, name, len(span.select_frames(_read_frame_times(data, name), name)))
    for _ in decode(data, name, span=span):
        pass


def _check_pixel_count(data: bytes, name: str, count: int) -> None:
    """Refuses too many pixels, also counting frames that a faster video skips, as all are decoded."""
    try:
        frame_pixels = video_facts.count_pixels(data)
    except Exception as error:
        raise _invalid_video_error(data, name, error) from None
    max_pixels = MAX_MP4_PIXELS if video_facts.is_mp4(data) else MAX_WEBP_GIF_PIXELS
    if count * frame_pixels > max_pixels:
        max_frames = max_pixels // max(1, frame_pixels)
        expected = f"at most {max_frames:,} frames of this size" if max_frames else "smaller frames"
        step = "cut it, or save it smaller or as MP4"
        raise invalid(name, expected=expected, received=f"{count:,}", next_step=step)


def _read_frame_times(data: bytes, name: str) -> FrameTimes:
    """Reads the times of all frames."""
    try:
        return frame_times.read(data)
    except Exception as error:
        raise _invalid_video_error(data, name, error) from None


def _invalid_video_error(data: bytes, name: str, error: Exception) -> InvalidInput:
    """Returns the error for a file that cannot be read, which names its real format."""
    received, step = video_facts.describe_other_kind(data), "choose another, or save it as MP4"
    if not received:
        received, step = (
            str(error) if type(error) is ValueError else "a damaged one",
            "save it again as MP4 with H.264",
        )
    return invalid(name, expected="a whole MP4, WebP, GIF or APNG", received=received, next_step=step)


def _decode_image_frames(data: bytes, first: int) -> Iterator[np.ndarray]:
    """Decodes an animated image from the frame number `first` on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a large size, which is checked next
        image = video_facts.open_image(data)
    video_limits.check_size(*image.size)
    # Skip the still image that an APNG may have for programs without APNG support.
    frames = islice(ImageSequence.Iterator(image), int(getattr(image, "default_image", False)), None)
    for number, frame in enumerate(frames):
        # Pillow 13 composites a PNG's frame into this copy, to which disposal "previous" should return.
        previous = frame._prev_im.copy() if isinstance(frame, PngImageFile) and frame._prev_im else None
        frame.load()
        if previous:
            frame._prev_im = previous  # type: ignore[attr-defined]
        if number >= first:  # conversion takes longer than decoding
            yield transparency.to_pixels(color_management.to_srgb(frame))
