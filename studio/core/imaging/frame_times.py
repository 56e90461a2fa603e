"""Reads frame durations and loop count of an animation without decoding frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, islice, pairwise
from math import floor

from studio.core.imaging import gif_blocks, video_facts, webp_chunks
from studio.core.imaging.video_limits import MAX_FRAMES

_DEFAULT_DURATION = Fraction(1, 10)  # s; browsers use it for frames up to `_SHORTEST_DURATION`
_SHORTEST_DURATION = Fraction(1, 100)  # s
_LONGEST_DURATION = Fraction(600)  # s, longest duration of a frame; a GIF allows 655
_MAX_PLAYS = 65535
_MAX_RATE = 240  # frames per second of the fastest cameras whose videos players show in real time
_MAX_FRAMES_READ = MAX_FRAMES * _MAX_RATE  # more frames are too many even at one frame per second
_JITTER = Fraction(9, 10)  # share of the due duration to accept, because WebP rounds to milliseconds


@dataclass(frozen=True)
class FrameTimes:
    """The times of the frames of an animation.

    Attributes:
        durations: duration of each frame in seconds, at least one; later frames have the last duration.
        plays: how often the animation plays; 0 loops forever.
    """

    durations: tuple[Fraction, ...]
    plays: int = 0

    @classmethod
    def even(cls, fps: float | Fraction, plays: int = 0) -> FrameTimes:
        """Returns equal durations of `1 / fps` seconds."""
        return cls((1 / Fraction(fps),), plays)

    def duration_of(self, number: int) -> Fraction:
        """Returns the duration of a frame in seconds, by its number from 0."""
        return self.durations[min(number, len(self.durations) - 1)]

    @property
    def seconds(self) -> float:
        """Duration of one loop in seconds."""
        return float(sum(self.durations))

    @property
    def fps(self) -> float:
        """Average frames per second."""
        return len(self.durations) / self.seconds

    def select(self, numbers: range) -> FrameTimes:
        """Selects the times of consecutive frames, by their numbers from 0."""
        return replace(self, durations=self.durations[numbers.start : numbers.stop])

    def limit_rate(self, max_fps: int) -> tuple[FrameTimes, tuple[int, ...]]:
        """Skips frames so that none is shorter than `1 / most` seconds, and keeps the total duration.

        Returns:
            The times of the remaining frames, and their numbers from 0.
        """
        if min(self.durations) >= _JITTER / max_fps:
            return self, tuple(range(len(self.durations)))
        starts = [Fraction(0), *accumulate(self.durations)]
        slots = [floor(start * max_fps) for start in starts[:-1]]
        numbers = [n for n, slot in enumerate(slots) if n == 0 or slot != slots[n - 1]]
        end = max(floor(starts[-1] * max_fps), slots[numbers[-1]] + 1)
        lengths = [next_slot - slot for slot, next_slot in pairwise([*(slots[n] for n in numbers), end])]
        return replace(self, durations=tuple(Fraction(length, max_fps) for length in lengths)), tuple(numbers)


def read(data: bytes) -> FrameTimes:
    """Reads the times of an animation. Raises almost any exception if it is damaged."""
    kind = video_facts.detect_kind(data)
    if kind == "mp4":
        return FrameTimes(_cap_durations(_read_mp4_durations(data)))
    image = video_facts.open_image(data)  # checks the header
    loop = int(image.info.get("loop", 1 if kind == "gif" else 0))
    if kind == "gif" and "loop" in image.info and loop:
        loop += 1  # a GIF counts repetitions after the first time
    durations = {"gif": _read_gif_durations, "webp": _read_webp_durations, "apng": _read_apng_durations}[
        kind
    ](data)
    display_durations = [
        seconds if seconds > _SHORTEST_DURATION else _DEFAULT_DURATION
        for seconds in islice(durations, _MAX_FRAMES_READ)
    ] or [_DEFAULT_DURATION]
    return FrameTimes(_cap_durations(display_durations), min(max(loop, 0), _MAX_PLAYS))


def _cap_durations(durations: Sequence[Fraction]) -> tuple[Fraction, ...]:
    return tuple(min(seconds, _LONGEST_DURATION) for seconds in durations)


def _read_mp4_durations(data: bytes) -> list[Fraction]:
    """Reads durations from the presentation times of frames; equal ones if these are invalid."""
    with video_facts.open_container(data) as container:
        stream = video_facts.get_video_stream(container)
        unit, average_rate = stream.time_base or Fraction(1, 90_000), Fraction(stream.average_rate or 24)
        packet_times: list[tuple[int, int]] = []  # start and duration, in units
        count = 0
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                count += 1
                if packet.pts is not None:
                    packet_times.append((packet.pts, packet.duration or 0))
            if count > _MAX_FRAMES_READ:
                break
    average_duration = 1 / min(max(average_rate, 1 / _LONGEST_DURATION), Fraction(_MAX_RATE))
    durations = [(following[0] - current[0]) * unit for current, following in pairwise(sorted(packet_times))]
    if len(durations) != count - 1 or min(durations, default=1) <= 0:
        return [average_duration] * max(1, count)
    return [*durations, max(packet_times)[1] * unit or average_duration]


def _read_gif_durations(data: bytes) -> Iterator[Fraction]:
    gif_blocks.check_whole(data)  # Pillow and FFmpeg skip the rest of a cut file
    with video_facts.open_container(data) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield (packet.duration or 0) * Fraction(packet.time_base or 0)


def _read_webp_durations(data: bytes) -> Iterator[Fraction]:
    """Yields durations from the chunks of a WebP, because FFmpeg ignores them and Pillow has to decode."""
    for place in webp_chunks.find_durations(data):
        yield Fraction(int.from_bytes(data[place], "little"), 1000)


def _read_apng_durations(data: bytes) -> Iterator[Fraction]:
    for kind, body in video_facts.read_png_chunks(data):
        if kind == b"fcTL" and len(body) == 26:
            numerator, denominator = struct.unpack(">HH", body[20:24])
            yield Fraction(numerator, denominator or 100)
