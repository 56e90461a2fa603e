"""The learning from its first step to the picture: looks on the way, a film of it, and what ends it early."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.pictures import images
from studio.core.pictures.animations import Film
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.playground.learner import Learner, Look, RanAway
from studio.playground.settings import PlaygroundSettings

LOOK_SECONDS = 0.1  # between two looks, but no look may take more than a fifth of the time
_CHECK_SECONDS = 0.02  # between two questions whether somebody pressed Stop
_FIRST = 16  # steps of which each that is a power of two is looked at, for most happens there
_MOST_POINTS = 160  # of the curve that a result carries
_STOPPED = 8e9  # products that a picture may take once somebody has pressed Stop: a third of a second
_STEP = 64  # px, of sizes


@dataclass(frozen=True)
class Learnt:
    """What came of it.

    Attributes:
        picture: as the network paints it in the end, `(H, W, 3) uint8`; of a film its last frame.
        film: the bytes of its file; empty without one.
        frames: of the film.
        steps: of learning.
        last: the last look.
        history: `{"step", "learnt", "held out", ...}` of some looks, the first and the last among them.
        ran_away: whether the weights did.
        stopped_early: whether a person stopped it, and this is as far as it got.
        seconds: that it took.
    """

    picture: np.ndarray
    film: bytes
    frames: int
    steps: int
    last: Look
    history: list[dict[str, float]] = field(repr=False)
    ran_away: bool
    stopped_early: bool
    seconds: float


def learn(photo: np.ndarray, settings: PlaygroundSettings, progress: Progress | None = None) -> Learnt:
    """Teaches a network a photo, from the places of its pixels to their colours.

    Args:
        photo: `(H, W, 3) uint8`.
        settings: of the network, its learning and the result.
        progress: told of the looks, counted in steps, or in frames of a film.

    Raises:
        Cancelled: if a person stopped it before the first step.
    """
    progress, began = progress or Progress(), time.monotonic()
    size = size_of(settings, *photo.shape[:2])
    with blas_threads.limited(1), ExitStack() as opened:
        film = opened.enter_context(Film(settings.film, settings.fps)) if settings.frames else None
        course = _Course(Learner(photo, settings), settings, progress, film, size)
        course.run()
        if course.stopped and not course.learner.steps:
            raise Cancelled
        last, picture = course.look(), course.picture()
        whole = film is not None and (film.frames > 1 or film.frames == settings.frames)
        data = film.finish() if film is not None and whole else b""
    return Learnt(
        picture,
        data,
        film.frames if film is not None and whole else 0,
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
        film: that frames go into, if there is one.
        size: height and width of the result and of each frame.
    """

    def __init__(
        self,
        learner: Learner,
        settings: PlaygroundSettings,
        progress: Progress,
        film: Film | None,
        size: tuple[int, int],
    ):
        self.learner, self._settings, self._progress = learner, settings, progress
        self._film, self._size = film, size
        self._due = frame_steps(settings)
        self._next_look = self._next_check = 0.0
        self.history: list[dict[str, float]] = []
        self.ran_away = self.stopped = False

    def run(self) -> None:
        """Learns until its end, until the weights run away, or until a person stops it."""
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
                (self._film.frames, self._settings.frames) if self._film else (steps, self._settings.steps)
            )
            self._progress.report(done, total, look.metrics, lambda: look.picture)
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
        """Puts into the film what is due: one that is due twice stands still."""
        if self._film is None or not self._due or self._due[0] > self.learner.steps:
            return
        frame = self.learner.paint(*self._size)
        while self._due and self._due[0] <= self.learner.steps:
            self._film.add(frame)
            self._due.pop(0)

    def picture(self) -> np.ndarray:
        """The result; smaller than asked for if somebody waits for it to stop."""
        if not self.stopped:
            try:
                return self.learner.paint(*self._size, after=self._tell_rows)
            except Cancelled:
                self.stopped = True
        return self.learner.paint(*quick_size(self._settings, *self._size))

    def _tell_rows(self, rows: int) -> None:
        if rows < self._size[0]:
            self._progress.report(rows, self._size[0], text="Painting the picture")


def frame_steps(settings: PlaygroundSettings) -> list[int]:
    """After which steps a film has its frames: close together in the beginning, where most changes."""
    last = max(1, settings.frames - 1)
    return [round(settings.steps * (number / last) ** 2) for number in range(settings.frames)]


def size_of(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """Height and width of the result of a photo with these."""
    return images.fitted(height, width, settings.size)


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
