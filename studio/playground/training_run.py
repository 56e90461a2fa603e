"""Runs a training to its end, with previews, an optional video, and early stopping."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Generic

import numpy as np

from studio.core.errors import Cancelled
from studio.core.imaging.video_encoder import VideoEncoder
from studio.core.progress import Progress
from studio.core.training.curves import thin
from studio.playground.settings import NetworkSettings
from studio.playground.trainer import AnySnapshot, Diverged, Trainer

REPORT_SECONDS = 0.1  # s between reports; reports take at most a fifth of the time
_CHECK_SECONDS = 0.02  # s between checks for cancellation
_EARLY_STEPS = 16  # up to this step, every power of two is reported, because most changes there
_MAX_POINTS = 160  # points of the stored curve
AfterRows = Callable[[int, int], None]  # called with the number of rows done and of all rows
Render = Callable[[bool, AfterRows], np.ndarray]


@dataclass(frozen=True)
class TrainingResult(Generic[AnySnapshot]):
    """The result of training.

    Attributes:
        image: the final image, `(H, W, 3) uint8`; of a video, its last frame.
        video: bytes of the file; empty without a video.
        frames: number of frames of the video.
        steps: number of training steps.
        last: the last snapshot.
        history: `{"step", "training", "validation", ...}` of snapshots, including the first and last.
        has_diverged: whether training diverged.
        stopped_early: whether the user stopped it and this is the result so far.
        seconds: duration.
    """

    image: np.ndarray
    video: bytes
    frames: int
    steps: int
    last: AnySnapshot
    history: list[dict[str, float]] = field(repr=False)
    has_diverged: bool
    stopped_early: bool
    seconds: float


def run_training(
    trainer: Trainer[AnySnapshot],
    settings: NetworkSettings,
    progress: Progress,
    render: Render,
) -> TrainingResult[AnySnapshot]:
    """Trains a network.

    Args:
        trainer: the network and its training.
        settings: of the network and its training.
        progress: receives snapshots, counted in steps, or in frames of a video.
        render: returns the current image of the network, `(H, W, 3) uint8`; called with whether the user is
            waiting for it to stop, so that a smaller image will do, and with a function to call after every
            few rows.

    Raises:
        Cancelled: if the user stopped it before the first step.
    """
    start_time = time.monotonic()
    with ExitStack() as stack:
        video = stack.enter_context(VideoEncoder(settings.video, settings.fps)) if settings.frames else None
        run = _Run(trainer, settings, progress, video, render)
        run.train()
        if run.stopped and not run.trainer.steps:
            raise Cancelled
        last, image = run.take_snapshot(), run.render()
        is_complete = video is not None and (video.frames > 1 or video.frames == settings.frames)
        video_bytes = video.finish() if video is not None and is_complete else b""
    return TrainingResult(
        image,
        video_bytes,
        video.frames if video is not None and is_complete else 0,
        run.trainer.steps,
        last,
        [_round_metrics(point) for point in thin(run.history, _MAX_POINTS)],
        run.has_diverged,
        run.stopped,
        time.monotonic() - start_time,
    )


class _Run(Generic[AnySnapshot]):
    """A training run in progress.

    Args:
        video: receives frames, if there is one.
        render: see `run_training`.
    """

    def __init__(
        self,
        trainer: Trainer[AnySnapshot],
        settings: NetworkSettings,
        progress: Progress,
        video: VideoEncoder | None,
        render: Render,
    ):
        self.trainer, self._settings, self._progress = trainer, settings, progress
        self._video, self._render = video, render
        self._due_steps = frame_steps(settings)
        self._next_report = self._next_check = 0.0
        self.history: list[dict[str, float]] = []
        self.has_diverged = self.stopped = False

    def train(self) -> None:
        """Trains until the last step, until it diverges, or until the user stops it."""
        try:
            self._report()
            self._add_frames()
            while self.trainer.steps < self._settings.last_step:
                self.trainer.step()
                self._report()
                self._add_frames()
        except Diverged:
            self.has_diverged = True
        except Cancelled:
            self.stopped = True
            self._add_frames()  # as a replay of the recipe, which ends at this step

    def _report(self) -> None:
        """Reports a snapshot if it is due, and checks for cancellation."""
        now, steps = time.monotonic(), self.trainer.steps
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

    def take_snapshot(self) -> AnySnapshot:
        """Takes a snapshot and adds it to the history."""
        snapshot = self.trainer.take_snapshot()
        point = {name: value for name, value in snapshot.metrics.items() if name[-1].isalpha()}
        if self.history and self.history[-1]["step"] == self.trainer.steps:
            self.history.pop()
        self.history.append({"step": self.trainer.steps, **point})
        return snapshot

    def _add_frames(self) -> None:
        """Adds the due frames to the video; a frame that is due twice is repeated."""
        if self._video is None or not self._due_steps or self._due_steps[0] > self.trainer.steps:
            return
        frame = self._render(False, _ignore_rows)
        while self._due_steps and self._due_steps[0] <= self.trainer.steps:
            self._video.add(frame)
            self._due_steps.pop(0)

    def render(self) -> np.ndarray:
        """Renders the result, smaller if the user is waiting for it to stop."""
        if not self.stopped:
            try:
                return self._render(False, self._report_rows)
            except Cancelled:
                self.stopped = True
        return self._render(True, _ignore_rows)

    def _report_rows(self, rows: int, total: int) -> None:
        if rows < total:
            self._progress.report(rows, total, text="Rendering the image")


def _ignore_rows(_rows: int, _total: int) -> None:
    pass


def frame_steps(settings: NetworkSettings) -> list[int]:
    """Returns the steps of the video's frames: dense at the start, where most changes."""
    last_frame = max(1, settings.frames - 1)
    return [round(settings.steps * (number / last_frame) ** 2) for number in range(settings.frames)]


def _round_metrics(metrics: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in metrics.items()}
