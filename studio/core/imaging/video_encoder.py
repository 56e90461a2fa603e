"""Encodes frames as an MP4, WebP or GIF video.

It encodes frames one by one into a file, so that only a few are in memory at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import IO, TYPE_CHECKING, Self

import numpy as np

from studio.core import paths
from studio.core.imaging import transparency, video_codecs
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_codecs import VideoKind
from studio.core.imaging.video_limits import MAX_FPS

if TYPE_CHECKING:
    import av

_MAX_GIF_FPS = 50
_SHORTEST_UNIT = Fraction(1, 90_000)  # s, smallest time unit of an MP4


class VideoEncoder:
    """Encodes an animation.

    Args:
        kind: one of KINDS. An MP4 loses the last row or column of an odd side, because of its chroma
            subsampling.
        times: frames per second with an infinite loop (at most 50 for a GIF; MP4 players decide about loops),
            or the duration of each frame and the number of loops.
        transparent: whether to keep transparency, if the kind supports it; else it is composited over white.
    """

    def __init__(self, kind: VideoKind, times: FrameTimes | int, transparent: bool = False):
        if isinstance(times, int):
            times = FrameTimes.even(min(times, _MAX_GIF_FPS) if kind == "gif" else times)
        self._kind, self._times, self._transparent, self.frames = kind, times, transparent, 0
        self._unit, self._time = _choose_time_unit(kind, times), Fraction(0)
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=paths.ensure_folder("cache"))  # noqa: SIM115
        self._output: tuple[av.container.OutputContainer, av.VideoStream] | None = None
        self._durations: dict[int, int] = {}  # duration by start time, in units

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, frame: np.ndarray) -> None:
        """Encodes the next frame, `(H, W, 3 or 4) uint8`, of the size of the first."""
        frame = (
            transparency.add_alpha(frame) if self._transparent else transparency.composite_over_white(frame)
        )
        if self._output is None:
            self._output = self._open_output(*frame.shape[:2])
        _, stream = self._output
        image = video_codecs.to_video_frame(self._kind, frame)
        start = round(self._time / self._unit)
        self._time += self._times.duration_of(self.frames)
        self._durations[start] = max(1, round(self._time / self._unit) - start)
        image.pts, image.time_base = start, self._unit
        self._write_packets(stream.encode(image))
        self.frames += 1

    def finish(self) -> bytes:
        """Returns the bytes of the animation. Raises `ValueError` if there is no frame."""
        if self._output is None:
            raise ValueError("a video has one frame at least")
        container, stream = self._output
        self._write_packets(stream.encode())
        container.close()
        self._file.seek(0)
        data = self._file.read()
        if self._kind == "webp":
            return video_codecs.fix_webp(data, self._time, self._transparent)
        if self._kind == "gif":
            return video_codecs.fix_gif(data, self._times.duration_of(self.frames - 1), self._transparent)
        return data

    def _write_packets(self, packets: list[av.Packet]) -> None:
        assert self._output is not None
        for packet in packets:
            if self._kind == "mp4" and packet.pts in self._durations:  # FFmpeg does not know that of the last
                packet.duration = self._durations[packet.pts]
            self._output[0].mux(packet)

    def _open_output(self, height: int, width: int) -> tuple[av.container.OutputContainer, av.VideoStream]:
        import av

        kind = self._kind
        codec, settings, options = video_codecs.choose_encoder(kind, self._times.plays, self._transparent)
        container = av.open(self._file, "w", format=kind, options=options)
        stream = container.add_stream(codec, rate=1 / self._unit, options=settings)
        multiple = 2 if kind == "mp4" else 1  # chroma subsampling needs even sides
        stream.height, stream.width = height - height % multiple, width - width % multiple
        stream.pix_fmt = video_codecs.choose_pixel_format(kind, self._transparent)
        if kind == "mp4":
            video_codecs.set_colors(stream.codec_context)
        return container, stream


def _choose_time_unit(kind: VideoKind, times: FrameTimes) -> Fraction:
    """Returns the time unit in seconds: fixed for GIF and WebP, else the common divisor of all durations."""
    if kind != "mp4":
        return Fraction(1, 100) if kind == "gif" else Fraction(1, 1000)
    numerators, denominators = zip(
        *(duration.as_integer_ratio() for duration in times.durations), strict=True
    )
    return max(Fraction(gcd(*numerators), lcm(*denominators)), _SHORTEST_UNIT)


def encode(
    frames: Iterable[np.ndarray], kind: VideoKind, times: FrameTimes | int, transparent: bool = False
) -> bytes:
    """Encodes frames of equal size, `(H, W, 3 or 4) uint8`, as an animation. See `VideoEncoder`."""
    with VideoEncoder(kind, times, transparent) as video:
        for frame in frames:
            video.add(frame)
        return video.finish()


def highest_fps(kind: VideoKind) -> int:
    """Returns the highest number of frames per second of a kind."""
    return _MAX_GIF_FPS if kind == "gif" else MAX_FPS
