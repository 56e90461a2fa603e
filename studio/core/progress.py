"""Progress reports of long-running functions, and their cancellation."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.amounts import format_time_left
from studio.core.errors import Cancelled

PREVIEW_SECONDS = 0.5
LINE_SECONDS = 30.0  # s between two lines of progress in a file or a pipe
_MIN_TIME_CONSTANT = 30.0  # s, of the moving average of the rate
MAX_STAGE_CHARACTERS = 60  # a longer text is generated text, not the name of a stage
_MIN_DOWNLOAD_BYTES = 100_000


@dataclass(frozen=True)
class Report:
    """A progress report of a running task.

    Attributes:
        step, total: number of steps done, and of all steps; a total of 0 means unknown.
        metrics: metrics of this step by name, e.g. `{"style": 0.4}`.
        preview: `(H, W, 3) uint8`, about twice per second, else None.
        text: the text generated so far or, if short, the name of the stage ("Fetching VGG16"), else "".
        seconds: time since the first report with this total, so a download does not distort the time left.
        first_step: the step of that first report; more than 0 if the run resumed from a checkpoint.
        seconds_left: estimated seconds until `total`; None if unknown, as before the second step.
        tests: number of tests of a training run so far; 0 for other tasks.
        work: share of the work done, 0 to 1, where steps differ in cost; None if all cost the same.
    """

    step: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    preview: np.ndarray | None = None
    text: str = ""
    seconds: float = 0.0
    first_step: int = 0
    seconds_left: float | None = None
    tests: int = 0
    work: float | None = None

    @property
    def stage(self) -> str:
        """The current stage, e.g. "Fetching VGG16" or "Trial 2 of 9"; "" if it has no name."""
        return self.text if len(self.text) <= MAX_STAGE_CHARACTERS else ""

    @property
    def share(self) -> float:
        """The share of the work done, 0 to 1; 0 while the number of steps is unknown."""
        if not self.total:
            return 0.0
        return min(1.0, self.step / self.total if self.work is None else self.work)

    @property
    def counts_bytes(self) -> bool:
        """Whether it is of a download, whose steps are bytes; no training run has so many steps."""
        return self.total >= _MIN_DOWNLOAD_BYTES

    @property
    def seconds_per_step(self) -> float | None:
        """Mean seconds per step, over all steps where they differ in cost; None before the first step."""
        steps = self.step - self.first_step if self.work is None else self.work * self.total
        return self.seconds / steps if steps > 0 else None


class _TimeLeft:
    """Estimates the time left by an exponential moving average of the rate.

    The time constant grows with the run, so that a long run does not forget its slow parts, such as tests.
    The first step does not count, because it loads and compiles.

    Args:
        seconds: now, on any clock.
        done: steps done before.
    """

    def __init__(self, seconds: float, done: float):
        self._start = self._last = seconds
        self._done, self._is_first = done, True
        self._weighted_seconds = self._weighted_steps = 0.0

    def update(self, seconds: float, done: float, total: float) -> float | None:
        """Returns the seconds left after `done` of `total` steps; None before the second step."""
        steps = done - self._done
        if steps > 0 and not self._is_first:
            time_constant = max(_MIN_TIME_CONSTANT, (seconds - self._start) / 2)
            decay = math.exp((self._last - seconds) / time_constant)
            self._weighted_seconds = decay * self._weighted_seconds + seconds - self._last
            self._weighted_steps = decay * self._weighted_steps + steps
        if steps > 0:
            self._last, self._done, self._is_first = seconds, done, False
        if done >= total:
            return 0.0
        if not self._weighted_steps:
            return None
        return self._weighted_seconds / self._weighted_steps * (total - done)


class Progress:
    """Sends reports to a listener, and raises `Cancelled` once the user stops the task.

    Args:
        listener: called with every `Report`; None for none.
        cancelled: called at every report; returns whether to stop, raises `Discarded` to keep nothing.
        preview_seconds: minimum time between two previews, to limit their cost.
    """

    def __init__(
        self,
        listener: Callable[[Report], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
    ):
        self._listener = listener
        self._cancelled = cancelled or (lambda: False)
        self._preview_seconds = preview_seconds
        self._start, self._total, self._first_step = time.monotonic(), 0, 0
        self._time_left = _TimeLeft(self._start, 0)
        self._last_preview = float("-inf")

    def report(
        self,
        step: int,
        total: int,
        metrics: Mapping[str, float] | None = None,
        preview: Callable[[], np.ndarray] | None = None,
        text: str = "",
        tests: int = 0,
        work: float | None = None,
    ) -> None:
        """Reports a step. `preview` is called only when a preview is due. See `Report` for the arguments.

        Raises:
            Cancelled: if the user stopped the task; the report is sent first.
        """
        if self._listener is not None:
            image = preview() if preview is not None and self._start_preview_if_due() else None
            work = None if work is None else min(work, 1.0)  # a rounded sum of shares may be above 1
            now, done = time.monotonic(), step if work is None else work * total
            if total != self._total:
                self._start, self._total, self._first_step = now, total, step
                self._time_left = _TimeLeft(now, done)
            left = self._time_left.update(now, done, total) if total else None
            counts = (now - self._start, self._first_step, left, tests, work)
            self._listener(Report(step, total, dict(metrics or {}), image, text, *counts))
        self.check()

    def report_stage(self, name: str) -> None:
        """Reports the name of a stage before the first step, e.g. "Fetching VGG16"."""
        self.report(0, 0, text=name)

    def check(self) -> None:
        """Raises `Cancelled` if the user stopped the task. For use between two reports."""
        if self._cancelled():
            raise Cancelled

    def add_listener(self, listener: Callable[[Report], None]) -> None:
        """Sends the reports to one more listener, which is called first."""
        first = self._listener

        def notify_both(report: Report) -> None:
            listener(report)
            if first is not None:
                first(report)

        self._listener = notify_both

    def without_listener(self) -> Progress:
        """Returns a progress without listener that still raises `Cancelled`, for long work within a step."""
        return Progress(cancelled=self._cancelled)

    def without_cancel(self) -> Progress:
        """Returns a progress with this listener that never raises, for work that must not stop here."""
        return Progress(self._listener, preview_seconds=self._preview_seconds)

    def _start_preview_if_due(self) -> bool:
        """Returns whether a preview is due. If so, the next one is due `preview_seconds` later."""
        now = time.monotonic()
        if now - self._last_preview < self._preview_seconds:
            return False
        self._last_preview = now
        return True


class Stages:
    """Reports the progress of work in several stages as one.

    Args:
        progress: of the whole work.
        seconds: the estimated seconds of each stage, by its key, in order.
    """

    _PARTS = 1000  # steps that the progress of all stages adds up to

    def __init__(self, progress: Progress, seconds: Mapping[Any, float]):
        self._progress, self._seconds = progress, seconds

    def begin(self, stage: Any, title: str, preview: Callable[[], np.ndarray]) -> Progress:
        """Reports the start of a stage, and returns the progress for its work.

        Args:
            stage: the key of the stage.
            title: of the stage, e.g. "Removing noise".
            preview: returns the image so far, `(H, W, 3) uint8`; shown until the work sends its own.
        """
        stages = list(self._seconds)
        total = sum(self._seconds.values()) or 1.0
        start = sum(self._seconds[earlier] for earlier in stages[: stages.index(stage)]) / total
        share = self._seconds[stage] / total

        def report(part: Report) -> None:
            step = round(self._PARTS * (start + share * part.share))
            image = part.preview
            self._progress.report(
                step, self._PARTS, preview=preview if image is None else lambda: image, text=title
            )

        report(Report(0, 0))
        return Progress(report)


@contextmanager
def show_terminal_bar(
    title: str, quiet: bool = False, cancelled: Callable[[], bool] | None = None
) -> Iterator[Progress]:
    """Yields a `Progress` that shows a bar with the time left on stderr.

    In a file or a pipe, where a bar would leave control codes, long work prints a line now and then instead.

    Args:
        title: shown before the bar.
        quiet: whether to show nothing.
        cancelled: see `Progress`; without it, Ctrl-C raises `KeyboardInterrupt`.
    """
    if quiet:
        yield Progress(cancelled=cancelled)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Progress(_LinePrinter(title), cancelled)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[metrics]}", style="dim"),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        row = bar.add_task(title, total=None, count="", metrics="")

        def update_bar(report: Report) -> None:
            bar.update(
                row,
                completed=report.share * report.total,
                total=report.total or None,
                description=_format_title(title, report),
                count=format_steps(report),
                metrics=_format_metrics(report),
            )

        yield Progress(update_bar, cancelled)


class _LinePrinter:
    """Prints a line to stderr every `LINE_SECONDS`, so that the log of a long training shows where it is."""

    def __init__(self, title: str):
        self._title, self._printed_at = title, time.monotonic()

    def __call__(self, report: Report) -> None:
        """Prints a report if the last line is old enough."""
        if time.monotonic() - self._printed_at < LINE_SECONDS:
            return
        self._printed_at = time.monotonic()
        time_left = format_time_left(report.seconds_left)
        parts = (_format_title(self._title, report), format_steps(report), time_left, _format_metrics(report))
        sys.stderr.write("  ".join(filter(None, parts)) + "\n")


def _format_title(title: str, report: Report) -> str:
    return f"{title}: {report.stage}" if report.stage else title


def _format_metrics(report: Report) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in report.metrics.items())


def format_steps(report: Report) -> str:
    """Formats steps and rate: "12/40  2.1/s"; only the percentage if the steps are bytes."""
    if not report.total:
        return ""
    if report.counts_bytes:
        return f"{report.step / report.total:.0%}"
    steps = report.step - report.first_step
    rate = f"  {steps / report.seconds:.1f}/s" if steps and report.seconds else ""
    return f"{report.step}/{report.total}{rate}"
