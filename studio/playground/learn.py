"""Trains a network on a photo, with previews, an optional video, and early stopping."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.imaging.video_encoder import VideoEncoder
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.playground.learner import Diverged, Learner, Snapshot
from studio.playground.settings import PlaygroundSettings

REPORT_SECONDS = 0.1  # s between reports; reports take at most a fifth of the time
_CHECK_SECONDS = 0.02  # s between checks for cancellation
_EARLY_STEPS = 16  # up to this step, every power of two is reported, because most changes there
_MAX_POINTS = 160  # points of the stored curve
_QUICK_PRODUCTS = 8e9  # multiplications of the final image after the user pressed Stop: a third of a second
_SIZE_STEP = 64  # px, step of sizes


@dataclass(frozen=True)
class TrainingResult:
    """The result of training.

    Attributes:
        image: the final output of the network, `(H, W, 3) uint8`; of a video, its last frame.
        video: bytes of the file; empty without a video.
        frames: number of frames of the video.
        steps: number of training steps.
        last: the last snapshot.
        history: `{"step", "training", "validation", ...}` of snapshots, including the first and last.
        has_diverged: whether training diverged.
        stopped_early: whether the user canceled and this is the result so far.
        seconds: duration.
    """

    image: np.ndarray
    video: bytes
    frames: int
    steps: int
    last: Snapshot
    history: list[dict[str, float]] = field(repr=False)
    has_diverged: bool
    stopped_early: bool
    seconds: float


def learn(
    photo: np.ndarray, settings: PlaygroundSettings, progress: Progress | None = None
) -> TrainingResult:
    """Fits a network to a photo, from the positions of its pixels to their colors.

    Args:
        photo: `(H, W, 3) uint8`.
        settings: of the network, its training and the result.
        progress: receives snapshots, counted in steps, or in frames of a video.

    Raises:
        Cancelled: if the user stopped it before the first step.
    """
    progress, start_time = progress or Progress(), time.monotonic()
    size = size_of(settings, *photo.shape[:2])
    with blas_threads.limit_threads(1), ExitStack() as stack:
        video = stack.enter_context(VideoEncoder(settings.video, settings.fps)) if settings.frames else None
        run = _Run(Learner(photo, settings), settings, progress, video, size)
        run.train()
        if run.stopped and not run.learner.steps:
            raise Cancelled
        last, image = run.take_snapshot(), run.render()
        is_complete = video is not None and (video.frames > 1 or video.frames == settings.frames)
        video_bytes = video.finish() if video is not None and is_complete else b""
    return TrainingResult(
        image,
        video_bytes,
        video.frames if video is not None and is_complete else 0,
        run.learner.steps,
        last,
        thin_history(run.history),
        run.has_diverged,
        run.stopped,
        time.monotonic() - start_time,
    )


class _Run:
    """A training run in progress.

    Args:
        video: receives frames, if there is one.
        size: height and width of the result and of each frame.
    """

    def __init__(
        self,
        learner: Learner,
        settings: PlaygroundSettings,
        progress: Progress,
        video: VideoEncoder | None,
        size: tuple[int, int],
    ):
        self.learner, self._settings, self._progress = learner, settings, progress
        self._video, self._size = video, size
        self._due_steps = frame_steps(settings)
        self._next_report = self._next_check = 0.0
        self.history: list[dict[str, float]] = []
        self.has_diverged = self.stopped = False

    def train(self) -> None:
        """Trains until the last step, until it diverges, or until the user stops it."""
        try:
            self._report()
            self._add_frames()
            while self.learner.steps < self._settings.last_step:
                self.learner.step()
                self._report()
                self._add_frames()
        except Diverged:
            self.has_diverged = True
        except Cancelled:
            self.stopped = True
            self._add_frames()  # as a replay of the recipe, which ends at this step

    def _report(self) -> None:
        """Reports a snapshot if it is due, and checks for cancellation."""
        now, steps = time.monotonic(), self.learner.steps
        is_early = steps <= _EARLY_STEPS and steps & (steps - 1) == 0
        if now >= self._next_report or is_early:
            snapshot = self.take_snapshot()
            self._next_report = now + max(REPORT_SECONDS, 5 * (time.monotonic() - now))
            done, total = steps, self._settings.steps
            if self._video:
                done, total = self._video.frames, self._settings.frames
            self._progress.report(done, total, snapshot.metrics, lambda: snapshot.image)
        elif now >= self._next_check:
            self._next_check = now + _CHECK_SECONDS
            self._progress.check()

    def take_snapshot(self) -> Snapshot:
        """Takes a snapshot and adds it to the history."""
        snapshot = self.learner.take_snapshot()
        point = {name: value for name, value in snapshot.metrics.items() if name[-1].isalpha()}
        if self.history and self.history[-1]["step"] == self.learner.steps:
            self.history.pop()
        self.history.append({"step": self.learner.steps, **point})
        return snapshot

    def _add_frames(self) -> None:
        """Adds the due frames to the video; a frame that is due twice is repeated."""
        if self._video is None or not self._due_steps or self._due_steps[0] > self.learner.steps:
            return
        frame = self.learner.render(*self._size)
        while self._due_steps and self._due_steps[0] <= self.learner.steps:
            self._video.add(frame)
            self._due_steps.pop(0)

    def render(self) -> np.ndarray:
        """Renders the result, smaller if the user is waiting for it to stop."""
        if not self.stopped:
            try:
                return self.learner.render(*self._size, after=self._report_rows)
            except Cancelled:
                self.stopped = True
        return self.learner.render(*quick_size(self._settings, *self._size))

    def _report_rows(self, rows: int) -> None:
        if rows < self._size[0]:
            self._progress.report(rows, self._size[0], text="Painting the image")


def frame_steps(settings: PlaygroundSettings) -> list[int]:
    """Returns the steps of the video's frames: dense at the start, where most changes."""
    last_frame = max(1, settings.frames - 1)
    return [round(settings.steps * (number / last_frame) ** 2) for number in range(settings.frames)]


def size_of(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """Returns height and width of the result for a photo's height and width."""
    return image_io.fitted_size(height, width, settings.size)


def quick_size(settings: PlaygroundSettings, height: int, width: int) -> tuple[int, int]:
    """Returns the result's size, or the largest that renders in a third of a second."""
    pixels = _QUICK_PRODUCTS / (2 * settings.parameters)
    max_size = int((pixels * max(height, width) / min(height, width)) ** 0.5) // _SIZE_STEP * _SIZE_STEP
    size = max(_SIZE_STEP, min(settings.size, max_size))
    return size_of(settings.model_copy(update={"size": size}), height, width)


def thin_history(history: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Thins the history to about _MAX_POINTS points, including the first and the last."""
    interval = max(1, len(history) // _MAX_POINTS)
    points = history[:-1:interval] + history[-1:]
    return [{name: round(value, 6) for name, value in point.items()} for point in points]
