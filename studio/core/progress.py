"""Progress: what every function that can run over a second reports to, and where it learns of a cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from studio.core.errors import Cancelled

PREVIEW_SECONDS = 0.5
MOST_STAGE = 60  # characters; a longer text is what is made, not the name of a stage


@dataclass(frozen=True)
class Report:
    """One moment of a running task.

    Attributes:
        step, total: passes done of all; a total of 0 means not known yet.
        metrics: named figures of this step, e.g. `{"style": 0.4}`.
        preview: `(H, W, 3) uint8`, about twice a second, else None.
        text: text made so far or, shorter, the name of the stage ("Fetching VGG16"), else "".
        seconds: since the first report with this total, so that a fetch before does not corrupt the time
            left.
        began: the step of that report, which is not 0 where a run continues from a checkpoint.
        tests: how often a training run has tested itself so far; 0 for what does not.
    """

    step: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    preview: np.ndarray | None = None
    text: str = ""
    seconds: float = 0.0
    began: int = 0
    tests: int = 0

    @property
    def stage(self) -> str:
        """What is under way now, e.g. "Fetching VGG16" or "Trial 2 of 9"; "" where nothing names it."""
        return self.text if len(self.text) <= MOST_STAGE else ""

    @property
    def share(self) -> float:
        """How much of all passes is done, from 0 to 1; 0 while their number is not known."""
        return min(self.step / self.total, 1.0) if self.total else 0.0

    @property
    def seconds_a_step(self) -> float | None:
        """How long a step took so far, in the mean; None before the first step."""
        taken = self.step - self.began
        return self.seconds / taken if taken > 0 and self.total else None

    @property
    def seconds_left(self) -> float | None:
        """The time left at the rate so far; None before the first step."""
        each = self.seconds_a_step
        return each * (self.total - self.step) if each is not None else None


class Progress:
    """Passes reports on to a listener and raises `Cancelled` once a user asked to stop.

    Args:
        listener: called with every `Report`; nothing when None.
        cancelled: called at every report; raises `Discarded` if nothing shall be kept.
        preview_seconds: least time between two previews, so that drawing them never dominates the work.
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
        self._start, self._total, self._began = time.monotonic(), 0, 0
        self._last_preview = float("-inf")

    def report(
        self,
        step: int,
        total: int,
        metrics: Mapping[str, float] | None = None,
        preview: Callable[[], np.ndarray] | None = None,
        text: str = "",
        tests: int = 0,
    ) -> None:
        """Reports one step. `preview` is called only when one is due.

        Raises:
            Cancelled: if a user asked to stop. The report is passed on first.
        """
        if self._listener is not None:
            image = preview() if preview is not None and self._preview_due() else None
            if total != self._total:
                self._start, self._total, self._began = time.monotonic(), total, step
            seconds = time.monotonic() - self._start
            told = dict(metrics or {})
            self._listener(Report(step, total, told, image, text, seconds, self._began, tests))
        self.check()

    def stage(self, text: str) -> None:
        """Names what happens before the first step, e.g. "Fetching VGG16"."""
        self.report(0, 0, text=text)

    def check(self) -> None:
        """Raises `Cancelled` if a user asked to stop; for places between two reports."""
        if self._cancelled():
            raise Cancelled

    def silent(self) -> Progress:
        """One that tells nobody, but still raises `Cancelled`: for long work within a step."""
        return Progress(cancelled=self._cancelled)

    def deaf(self) -> Progress:
        """One that tells as this one does, but never raises: for work that may only end elsewhere."""
        return Progress(self._listener, preview_seconds=self._preview_seconds)

    def _preview_due(self) -> bool:
        now = time.monotonic()
        if now - self._last_preview < self._preview_seconds:
            return False
        self._last_preview = now
        return True


@contextmanager
def terminal_bar(
    title: str, quiet: bool = False, cancelled: Callable[[], bool] | None = None
) -> Iterator[Progress]:
    """A `Progress` drawn as a bar with time left on stderr.

    Args:
        title: stands before the bar.
        quiet: draws nothing.
        cancelled: as in `Progress`; without it, Ctrl-C raises `KeyboardInterrupt` as usual.
    """
    if quiet:
        yield Progress(cancelled=cancelled)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[metrics]}", style="dim"),
    )
    console = Console(stderr=True)
    # Into a file or a pipe a bar would leave control codes and empty lines.
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        row = bar.add_task(title, total=None, count="", metrics="")

        def draw(report: Report) -> None:
            metrics = "  ".join(f"{name} {value:.3g}" for name, value in report.metrics.items())
            stage = f"{title}: {report.stage}" if report.stage else title
            total = report.total or None
            count = counted(report)
            bar.update(
                row, completed=report.step, total=total, description=stage, count=count, metrics=metrics
            )

        yield Progress(draw, cancelled)


def counted(report: Report) -> str:
    """How far, and how fast: "12/40  2.1/s"; the share alone where the steps are bytes."""
    if not report.total:
        return ""
    if report.total >= 100_000:
        return f"{report.step / report.total:.0%}"
    taken = report.step - report.began
    rate = f"  {taken / report.seconds:.1f}/s" if taken and report.seconds else ""
    return f"{report.step}/{report.total}{rate}"
