"""How long each frame of an animation stays, and how often all of it plays; read without decoding a frame."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, islice, pairwise
from math import floor

from studio.core.imaging import video_facts
from studio.core.imaging.video_limits import MOST_FRAMES

_UNSAID = Fraction(1, 10)  # s that browsers show a frame of an animation that asks for next to nothing
_NEXT_TO_NOTHING = Fraction(1, 100)  # s
_LONGEST = Fraction(600)  # s that a frame may stay; a GIF can say 655
_MOST_PLAYS = 65535
_MOST_RATE = 240  # frames per second; no camera records faster for a player to show
_MOST_READ = MOST_FRAMES * _MOST_RATE  # more frames than that are too many at one frame a second
_JITTER = Fraction(9, 10)  # a frame may stay that much less than it should: WebP counts in milliseconds


@dataclass(frozen=True)
class FrameTimes:
    """The times of the frames of an animation.

    Attributes:
        durations: seconds that each frame stays, at least one; frames beyond them stay as long as the last.
        plays: how often all of it plays; 0 is without end.
    """

    durations: tuple[Fraction, ...]
    plays: int = 0

    @classmethod
    def even(cls, fps: float | Fraction, plays: int = 0) -> FrameTimes:
        """Frames that all stay `1 / fps` seconds."""
        return cls((1 / Fraction(fps),), plays)

    def of(self, number: int) -> Fraction:
        """Seconds that a frame stays, by its number from 0."""
        return self.durations[min(number, len(self.durations) - 1)]

    @property
    def seconds(self) -> float:
        """How long it plays once."""
        return float(sum(self.durations))

    @property
    def fps(self) -> float:
        """Frames per second, on average."""
        return len(self.durations) / self.seconds

    def part(self, numbers: range) -> FrameTimes:
        """The times of some frames in a row, by their numbers from 0."""
        return replace(self, durations=self.durations[numbers.start : numbers.stop])

    def thinned(self, most: int) -> tuple[FrameTimes, tuple[int, ...]]:
        """Leaves out frames so that none stays less than `1 / most` seconds; all together last as long.

        Returns:
            The times of the frames that are kept, and their numbers from 0.
        """
        if min(self.durations) >= _JITTER / most:
            return self, tuple(range(len(self.durations)))
        starts = [Fraction(0), *accumulate(self.durations)]
        slots = [floor(start * most) for start in starts[:-1]]
        kept = [n for n, slot in enumerate(slots) if n == 0 or slot != slots[n - 1]]
        end = max(floor(starts[-1] * most), slots[kept[-1]] + 1)
        lengths = [later - slot for slot, later in pairwise([*(slots[n] for n in kept), end])]
        return replace(self, durations=tuple(Fraction(length, most) for length in lengths)), tuple(kept)


def read(data: bytes) -> FrameTimes:
    """The times that an animation says. Raises nearly anything if it is damaged."""
    kind = video_facts.kind(data)
    if kind == "mp4":
        return FrameTimes(_bounded(_mp4_durations(data)))
    image = video_facts.image(data)  # whose header must be whole
    loop = int(image.info.get("loop", 1 if kind == "gif" else 0))
    if kind == "gif" and "loop" in image.info and loop:
        loop += 1  # it counts the repetitions after the first time
    told = {"gif": _gif_durations, "webp": _webp_durations, "apng": _apng_durations}[kind](data)
    counted = islice(told, _MOST_READ)
    shown = [seconds if seconds > _NEXT_TO_NOTHING else _UNSAID for seconds in counted] or [_UNSAID]
    return FrameTimes(_bounded(shown), min(max(loop, 0), _MOST_PLAYS))


def _bounded(durations: Sequence[Fraction]) -> tuple[Fraction, ...]:
    return tuple(min(seconds, _LONGEST) for seconds in durations)


def _mp4_durations(data: bytes) -> list[Fraction]:
    """By the times at which the frames are shown; even ones where these make no sense."""
    with video_facts.opened(data) as container:
        stream = container.streams.video[0]
        unit, average = stream.time_base or Fraction(1, 90_000), Fraction(stream.average_rate or 24)
        shown: list[tuple[int, int]] = []  # when, and how long, in units
        count = 0
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                count += 1
                if packet.pts is not None:
                    shown.append((packet.pts, packet.duration or 0))
            if count > _MOST_READ:
                break
    each = 1 / min(max(average, 1 / _LONGEST), Fraction(_MOST_RATE))
    durations = [(later[0] - one[0]) * unit for one, later in pairwise(sorted(shown))]
    if len(durations) != count - 1 or min(durations, default=1) <= 0:
        return [each] * max(1, count)
    return [*durations, max(shown)[1] * unit or each]


def _gif_durations(data: bytes) -> Iterator[Fraction]:
    with video_facts.opened(data) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield (packet.duration or 0) * Fraction(packet.time_base or 0)


def _webp_durations(data: bytes) -> Iterator[Fraction]:
    """From the chunks: FFmpeg does not read them, and Pillow only as it decodes."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"ANMF":
            yield Fraction(int.from_bytes(data[at + 20 : at + 23], "little"), 1000)
        at += 8 + size + size % 2


def _apng_durations(data: bytes) -> Iterator[Fraction]:
    for kind, body in video_facts.png_chunks(data):
        if kind == b"fcTL" and len(body) == 26:
            top, bottom = struct.unpack(">HH", body[20:24])
            yield Fraction(top, bottom or 100)
