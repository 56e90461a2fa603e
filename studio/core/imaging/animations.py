"""Animations: frames go in one after another, the bytes of an MP4, WebP or GIF come out, and back.

A video is encoded as its frames come, into a file: of hundreds of large ones only a few are in memory at
once.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from math import gcd
from typing import IO, TYPE_CHECKING, Self

import numpy as np
from PIL import ImageSequence

from studio.core import paths
from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import (
    color_management,
    frame_times,
    mp4_frames,
    transparency,
    video_encoders,
    video_facts,
    video_limits,
    video_span,
)
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_encoders import KINDS as KINDS
from studio.core.imaging.video_encoders import VideoKind
from studio.core.imaging.video_limits import MOST_DRAWN, MOST_FPS, MOST_RECORDED
from studio.core.imaging.video_span import WHOLE, Span

if TYPE_CHECKING:
    import av

ENDINGS = (*(f".{kind}" for kind in KINDS), ".apng", ".png", ".mov", ".m4v")  # MP4s of phones end in the last
_MOST_GIF_FPS = 50
_FINEST = Fraction(1, 90_000)  # s that the times of an MP4 are counted in if they have no larger unit


class Video:
    """Encodes an animation.

    Args:
        kind: one of KINDS. An MP4 loses the last row or column of an odd side, since its colors lie on every
            second pixel.
        times: frames per second, or how long each frame stays and how often all of them play. A number is
            without end (an MP4 as its player wishes); a GIF shows at most 50.
        transparent: whether transparency is kept, where the kind has any; else it lies over white.
    """

    def __init__(self, kind: VideoKind, times: FrameTimes | int, transparent: bool = False):
        if isinstance(times, int):
            times = FrameTimes.even(min(times, _MOST_GIF_FPS) if kind == "gif" else times)
        self._kind, self._times, self._transparent, self.frames = kind, times, transparent, 0
        self._unit, self._at = _unit(kind, times), Fraction(0)
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=paths.folder("cache"))  # noqa: SIM115
        self._opened: tuple[av.container.OutputContainer, av.VideoStream] | None = None
        self._stays: dict[int, int] = {}  # how long a frame stays by its time, both in units

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, frame: np.ndarray) -> None:
        """Encodes the next frame, `(H, W, 3 or 4) uint8`, of the same size as the first."""
        frame = transparency.with_alpha(frame) if self._transparent else transparency.opaque(frame)
        if self._opened is None:
            self._opened = self._open(*frame.shape[:2])
        _, stream = self._opened
        image = video_encoders.image_of(self._kind, frame)
        began = round(self._at / self._unit)
        self._at += self._times.of(self.frames)
        self._stays[began] = max(1, round(self._at / self._unit) - began)
        image.pts, image.time_base = began, self._unit
        self._write(stream.encode(image))
        self.frames += 1

    def finish(self) -> bytes:
        """The whole file. Raises `ValueError` if no frame was added."""
        if self._opened is None:
            raise ValueError("a video has one frame at least")
        container, stream = self._opened
        self._write(stream.encode())
        container.close()
        self._file.seek(0)
        data = self._file.read()
        if self._kind == "webp":
            return video_encoders.completed_webp(data, self._at, self._transparent)
        if self._kind == "gif":
            return video_encoders.completed_gif(data, self._times.of(self.frames - 1), self._transparent)
        return data

    def _write(self, packets: list[av.Packet]) -> None:
        assert self._opened is not None
        for packet in packets:
            if self._kind == "mp4" and packet.pts in self._stays:  # else the last would stay as its neighbor
                packet.duration = self._stays[packet.pts]
            self._opened[0].mux(packet)

    def _open(self, height: int, width: int) -> tuple[av.container.OutputContainer, av.VideoStream]:
        import av

        kind = self._kind
        codec, settings, options = video_encoders.encoder(kind, self._times.plays, self._transparent)
        container = av.open(self._file, "w", format=kind, options=options)
        stream = container.add_stream(codec, rate=1 / self._unit, options=settings)
        even = 2 if kind == "mp4" else 1
        stream.height, stream.width = height - height % even, width - width % even
        stream.pix_fmt = video_encoders.pixel_format(kind, self._transparent)
        if kind == "mp4":
            video_encoders.set_colors(stream.codec_context)
        return container, stream


def _unit(kind: VideoKind, times: FrameTimes) -> Fraction:
    """The seconds that the times of a kind are counted in."""
    if kind != "mp4":
        return Fraction(1, 100) if kind == "gif" else Fraction(1, 1000)
    unit = times.durations[0]
    for one in times.durations[1:]:
        unit = Fraction(
            gcd(unit.numerator * one.denominator, one.numerator * unit.denominator),
            unit.denominator * one.denominator,
        )
    return max(unit, _FINEST)


def encode(
    frames: Iterable[np.ndarray], kind: VideoKind, times: FrameTimes | int, transparent: bool = False
) -> bytes:
    """Frames, `(H, W, 3 or 4) uint8` and all of one size, -> the bytes of an animation. See `Video`."""
    with Video(kind, times, transparent) as video:
        for frame in frames:
            video.add(frame)
        return video.finish()


def fastest(kind: VideoKind) -> int:
    """How many frames per second a video of a kind shows at most."""
    return _MOST_GIF_FPS if kind == "gif" else MOST_FPS


def frames(
    data: bytes, name: str = "video", most: int = MOST_FPS, transparent: bool = False, span: Span = WHOLE
) -> Iterator[np.ndarray]:
    """Reads an animation frame by frame; its first bytes decide what it is, whatever its name says.

    Args:
        data: of an MP4, WebP, GIF or APNG; a still GIF or WebP is an animation of one frame.
        name: what errors call it.
        most: frames per second. Of a quicker video some are left out, as `times` says.
        transparent: whether transparency is kept; else it lies over white.
        span: the part of it that is read.

    Yields:
        `(H, W, 3) uint8`; `(H, W, 4)` for frames with any transparency, if it is kept.

    Raises:
        InvalidInput: if it is none of these, is damaged, or has more or larger frames than the studio makes.
    """
    length(data, name, most, span)  # which refuses a longer one before anything is made of its first frames
    read = mp4_frames.read if video_facts.is_mp4(data) else _image_frames
    count, size = 0, None
    try:
        every = frame_times.read(data)
        part = span.frames(every, name)
        shown, numbers = every.part(part).thinned(most)
        kept = {part.start + number for number in numbers}
        for number, frame in enumerate(read(data)):
            if number < part.start:
                continue
            if span.end is not None and number >= part.stop:
                break
            size = size or frame.shape[:2]
            if frame.shape[:2] != size:
                raise ValueError("its frames have several sizes")
            if number not in kept and number < len(every.durations):
                continue
            count += 1
            video_span.check_length(count, shown.fps, name)
            yield frame if transparent else transparency.opaque(frame)
    except InvalidInput:
        raise
    except Exception as error:  # parsers raise nearly anything on a damaged file
        raise _refused(data, name, error) from None
    if not count:
        raise _refused(data, name, ValueError("no frame"))


def times(data: bytes, name: str = "video", most: int = MOST_FPS, span: Span = WHOLE) -> FrameTimes:
    """The times of the frames that `frames` gives. Raises `InvalidInput` as that."""
    every = _times(data, name)
    return every.part(span.frames(every, name)).thinned(most)[0]


def length(data: bytes, name: str = "video", most: int = MOST_FPS, span: Span = WHOLE) -> int:
    """How many frames `frames` will give, as the video says, unread. Raises `InvalidInput` as that."""
    shown = times(data, name, most, span)
    count = len(shown.durations)
    video_span.check_length(count, shown.fps, name)
    return count


def duration(data: bytes, name: str = "video") -> float:
    """How many seconds a video of any length lasts, as it says. Raises `InvalidInput` if it is damaged."""
    return _times(data, name).seconds


def first(data: bytes, name: str = "video", start: float = 0.0) -> np.ndarray:
    """The frame of a video of any length that is shown at `start` seconds. Raises as `frames`."""
    return next(frames(data, name, span=Span(start, start + video_span.MOMENT)))


def check(data: bytes, name: str = "video") -> None:
    """Decodes as much of a video as can be used, unless that would take too long.

    Raises:
        InvalidInput: as `frames`, but not for its length; or if it has too many pixels in all.
    """
    used = Span(0, video_span.longest(times(data, name).fps))
    _check_cost(data, name, len(used.frames(_times(data, name), name)))
    for _ in frames(data, name, span=used):
        pass


def _check_cost(data: bytes, name: str, count: int) -> None:
    """Every frame counts, also those that are left out of a quicker video: all are decoded."""
    try:
        size = video_facts.pixels(data)
    except Exception as error:
        raise _refused(data, name, error) from None
    most = MOST_RECORDED if video_facts.is_mp4(data) else MOST_DRAWN
    if count * size > most:
        fits = most // max(1, size)
        expected = f"at most {fits:,} frames of this size" if fits else "smaller frames"
        step = "cut it, or save it smaller or as MP4"
        raise invalid(name, expected=expected, received=f"{count:,}", next_step=step)


def _times(data: bytes, name: str) -> FrameTimes:
    """Of all frames."""
    try:
        return frame_times.read(data)
    except Exception as error:
        raise _refused(data, name, error) from None


def _refused(data: bytes, name: str, error: Exception) -> InvalidInput:
    """The error for what cannot be read, which says what it really is."""
    received, step = video_facts.other_kind(data), "choose another, or save it as MP4"
    if not received:
        received, step = str(error) if type(error) is ValueError else "a damaged one", "save it again as MP4"
    return invalid(name, expected="a whole MP4, WebP, GIF or APNG", received=received, next_step=step)


def _image_frames(data: bytes) -> Iterator[np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a large size, which is checked next
        image = video_facts.image(data)
    video_limits.check_size(*image.size)
    # An APNG may begin with a still for programs that show no animations.
    for part in islice(ImageSequence.Iterator(image), int(getattr(image, "default_image", False)), None):
        part.load()
        yield transparency.pixels(color_management.to_srgb(part))
