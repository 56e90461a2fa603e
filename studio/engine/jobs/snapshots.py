"""What pages see of the engine's work: snapshots, never handles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.core import tasks
from studio.core.progress import Report
from studio.core.recipes import Recipe
from studio.core.settings import Settings

State = Literal[
    "queued", "running", "stopping", "cancelling", "done", "stopped", "cancelled", "failed", "interrupted"
]
FINISHED = ("done", "stopped", "cancelled", "failed", "interrupted")


@dataclass(frozen=True)
class Job:
    """One job at one moment.

    Attributes:
        id: short, safe in an address, sorts by time.
        task, title: the task's name and its noun for people.
        settings, inputs: what was asked.
        owner: whose it is.
        state: "stopping" and "cancelling" until the worker is free; then "stopped" if the best result so far
            was kept, "cancelled" if nothing was; "interrupted" if it ended with neither a result nor a fault
            of its own, and nobody asked for that.
        place: 1 is next; 0 unless queued, or if it is paused.
        expected: about how many seconds it takes, as thought when it was asked for; None if not known.
        starts_in: about how many seconds it is until a queued one begins; None if not known.
        paused: whether it waits until it is resumed.
        batch: with what else it was asked for, as one; "" if alone.
        created, started, ended: seconds since 1970.
        report: the latest, without its picture.
        history: the points of the curves, `{"step", "seconds", **metrics}`, at most about 400.
        preview: the latest picture as WebP.
        result: what it made, also when it was stopped early.
        error: one sentence for a person, else "".
    """

    id: str
    task: str
    title: str
    settings: dict[str, Any]
    inputs: dict[str, list[tasks.File]]
    owner: str
    state: State
    place: int
    created: float
    started: float | None
    ended: float | None
    report: Report | None
    history: list[dict[str, Any]] = field(repr=False)
    preview: bytes | None = field(repr=False)
    result: tasks.Result | None
    error: str
    expected: float | None = None
    starts_in: float | None = None
    paused: bool = False
    batch: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    @property
    def kept(self) -> str:
        """What a stopped job kept, in a sentence; "" for any other."""
        if self.state != "stopped":
            return ""
        if self.report is None or not self.report.step:
            return "Stopped: kept the best result so far."
        of = f" of {self.report.total:,}" if self.report.total else ""
        return f"Stopped at step {self.report.step:,}{of}: kept the best result so far."

    @property
    def unit(self) -> str:
        """What has one place in the order of its owner: its batch, or the job if it is of none."""
        return self.batch or self.id


@dataclass(frozen=True)
class Batch:
    """Jobs that were asked for together, at one moment.

    Attributes:
        id: by which its owner calls it.
        jobs: the ids of its jobs, the oldest first.
        ended, failed: how many of them have ended, and how many of those without a result.
    """

    id: str
    jobs: tuple[str, ...]
    ended: int
    failed: int


@dataclass(frozen=True)
class Live:
    """A result of the live lane, in memory only until it is kept.

    Attributes:
        task, settings, inputs: what was asked.
        data: the bytes of the main file, with the recipe in it where the format has room.
        kind, name: what it is and what to call it.
        figures: named numbers.
        recipe: what made it.
        seconds: how long it took in the worker.
        stopped_early: whether it was stopped, and this is what there was until then.
    """

    task: str
    settings: Settings
    inputs: tasks.Inputs
    data: bytes = field(repr=False)
    kind: tasks.Kind
    name: str
    figures: Mapping[str, Any]
    recipe: Recipe | None
    seconds: float
    stopped_early: bool = False
