"""The learning from its first step to the image: looks on the way, a video of it, and what ends it early."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.imaging.animations import Video
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.playground.learner import Learner, Look, RanAway
from studio.playground.settings import PlaygroundSettings

LOOK_SECONDS = 0.1  # between two looks, but no look may take more than a fifth of the time
_CHECK_SECONDS = 0.02  # between two questions whether somebody pressed Stop
_FIRST = 16  # steps of which each that is a power of two is looked at, for most happens there
_MOST_POINTS = 160  # of the curve that a result carries
_STOPPED = 8e9  # products that an image may take once somebody has pressed Stop: a third of a second
_STEP = 64  # px, of sizes


@dataclass(frozen=True)
class Learned:
    """What came of it.

    Attributes:
        image: as the network paints it in the end, `(H, W, 3) uint8`; of a video its last frame.
        video: the bytes of its file; empty without one.
        frames: of the video.
        steps: of learning.
        last: the last look.
        history: `{"step", "learned", "held out", ...}` of some looks, the first and the last among them.
        ran_away: whether the weights did.
        stopped_early: whether a user stopped it, and this is as far as it got.
        seconds: that it took.
    """

    image: np.ndarray
    video: bytes
    frames: int
    steps: int
    last: Look
    history: list[dict[str, float]] = field(repr=False)
    ran_away: bool
    stopped_early: bool
    seconds: float


def learn(photo: np.ndarray, settings: PlaygroundSettings, progress: Progress | None = None) -> Learned:
    """Fits a network to a photo, from the positions of its pixels to their colors.

    Args:
        photo: `(H, W, 3) uint8`.
        settings: of the network, its learning and the result.
        progress: told of the looks, counted in steps, or in frames of a video.

    Raises:
        Cancelled: if a user stopped it before the first step.
    """
    progress, began = progress or Progress(), time.monotonic()
    size = size_of(settings, *photo.shape[:2])
    with blas_threads.limited(1), ExitStack() as opened:
        video = opened.enter_context(Video(settings.video, settings.fps)) if settings.frames else None
        course = _Course(Learner(photo, settings), settings, progress, video, size)
        course.run()
        if course.stopped and not course.learner.steps:
            raise Cancelled
        last, image = course.look(), course.image()
        whole = video is not None and (video.frames > 1 or video.frames == settings.frames)
        data = video.finish() if video is not None and whole else b""
    return Learned(
        image,
        data,
        video.frames if video is not None and whole else 0,
        course.learner.steps,
        last,
        thinned(course.history),
        course.ran_away,
        course.stopped,
        time.monotonic() - began,
    )


class _Course:
    """One learning on its way.

    Args:
        video: that frames go into, if there is one.
        size: height and width of the result and of each frame.
    """

    def __init__(
        self,
        learner: Learner,
        settings: PlaygroundSettings,
        progress: Progress,
        video: Video | None,
        size: tuple[int, int],
    ):
        self.learner, self._settings, self._progress = learner, settings, progress
        self._video, self._size = video, size
        self._due = frame_steps(settings)
        self._next_look = self._next_check = 0.0
        self.history: list[dict[str, float]] = []
        self.ran_away = self.stopped = False

    def run(self) -> None:
        """Learns until its end, until the weights run away, or until a user stops it."""
        try:
            self._watch()
            self._add_frames()
            while self.learner.steps < self._settings.last_step:
                self.learner.step()
                self._watch()
                self._add_frames()
        except RanAway:
            self.ran_away = True
        except Cancelled:
            self.stopped = True
            self._add_frames()  # as a recipe will that names this step as the last

    def _watch(self) -> None:
        """Looks if it is time to, and finds out whether it is to stop."""
        now, steps = time.monotonic(), self.learner.steps
        early = steps <= _FIRST and steps & (steps - 1) == 0
        if now >= self._next_look or early:
            look = self.look()
            self._next_look = now + max(LOOK_SECONDS, 5 * (time.monotonic() - now))
            done, total = (
                (self._video.frames, self._settings.frames) if self._video else (steps, self._settings.steps)
            )
            self._progress.report(done, total, look.metrics, lambda: look.image)
        elif now >= self._next_check:
            self._next_check = now + _CHECK_SECONDS
            self._progress.check()

    def look(self) -> Look:
        """Looks, and notes it."""
        look = self.learner.look()
        point = {name: value for name, value in look.metrics.items() if name[-1].isalpha()}
        if self.history and self.history[-1]["step"] == self.learner.steps:
            self.history.pop()
        self.history.append({"step": self.learner.steps, **point})
        return look

    def _add_frames(self) -> None:
        """Puts into the video what is due: one that is due twice stands still."""
        if self._video is None or not self._due or self._due[0] > self.learner.steps:
            return
        frame = self.learner.paint(*self._size)
        while self._due and self._due[0] <= self.learner.steps:
            self._video.add(frame)
            self._due.pop(0)

    def image(self) -> np.ndarray:
        """The result; smaller than asked for if somebody waits for it to stop."""
        if not self.stopped:
            try:
                return self.learner.paint(*self._size, after=self._tell_rows)
            except Cancelled:
                self.stopped = True
        return self.learner.paint(*quick_size(self._settings, *self._size))

    def _tell_rows(self, rows: int) -> None:
        if rows < self._size[0]:
            self._progress.report(rows, self._size[0], text="Painting the image")


def frame_steps(settings: PlaygroundSettings) -> list[int]:
    """After which steps a video has its frames: close together in the beginning, where most changes."""
    last = max(1, settings.frames - 1)
    return [round(settings.steps * (number / last) ** 2) for number in range(settings.frames)]


def size_of(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """Height and width of the result of a photo with these."""
    return image_io.fitted(height, width, settings.size)


def quick_size(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """The size asked for, or the largest that is painted in a third of a second."""
    pixels = _STOPPED / (2 * settings.parameters)
    most = int((pixels * max(height, width) / min(height, width)) ** 0.5) // _STEP * _STEP
    size = max(_STEP, min(settings.size, most))
    return size_of(settings.model_copy(update={"size": size}), height, width)


def thinned(history: list[dict[str, float]]) -> list[dict[str, Any]]:
    """At most about _MOST_POINTS of them, the first and the last among them."""
    every = max(1, len(history) // _MOST_POINTS)
    kept = history[:-1:every] + history[-1:]
    return [{name: round(value, 6) for name, value in point.items()} for point in kept]
