"""A job as the engine, pages and the API see it; batches of them; and live results."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import Field

from studio.core import tasks
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Kind, Result
from studio.engine.jobs.parts import FINISHED, Outcome, Request, State, Status
from studio.engine.jobs.store import Folder


class Job(Request, Status):
    """A job: the engine's own, which changes, or a copy of one moment, which pages and the API get.

    What only its folder has is read when it is first needed, so that a list of jobs costs little.

    Attributes:
        id: short, safe in an address, sorts by time.
        folder: its files.
        place: 1 is next; 0 unless queued, or if it is paused. Of copies alone.
        starts_in: estimate of how many seconds it is until a queued one begins; None if unknown. Likewise.
        sent_preview: the latest image as WebP that its worker sent; None before, and once it is finished.
    """

    id: str
    folder: Folder = Field(repr=False)
    state: State = "queued"
    place: int = 0
    starts_in: float | None = None
    sent_preview: bytes | None = Field(None, repr=False)

    def __eq__(self, other: object) -> bool:
        """Whether both are one job, as it stood at one moment."""
        return isinstance(other, Job) and self.id == other.id and super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """The points of the curves, `{"step", "seconds", **metrics}`, at most about 400."""
        return self.folder.history()

    @cached_property
    def preview(self) -> bytes | None:
        """The latest image as WebP; None if there is none."""
        return self.sent_preview or self.folder.preview()

    @cached_property
    def result(self) -> Result | None:
        """What it made, also when it was stopped early; None while it is not finished, and if it failed."""
        outcome = self.folder.read(Outcome) if self.finished else None
        return outcome.result if outcome else None

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
        """What has one place in the order: the batch of an owner, or a job that is of none."""
        return f"{self.owner}/{self.batch}" if self.batch else self.id

    @property
    def seconds_left(self) -> float | None:
        """Estimate of how long a running job still takes; None if unknown."""
        left = self.report.seconds_left if self.report else None
        if left is None and self.expected is not None and self.started is not None:
            left = max(self.expected - (time.time() - self.started), 0.0)
        return left

    @property
    def seconds_a_step(self) -> float | None:
        """How many seconds per step takes, of a driver one of its jobs; None before there was one."""
        done = self.report.step - self.report.began if self.report else 0
        return self.report.seconds / done if self.report and done > 0 else None


@dataclass(frozen=True)
class Batch:
    """Jobs that were requested together, at one moment.

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
        task, settings, inputs: what was requested.
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
    kind: Kind
    name: str
    figures: Mapping[str, Any]
    recipe: Recipe | None
    seconds: float
    stopped_early: bool = False
