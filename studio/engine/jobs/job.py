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
from studio.engine.jobs.records import FINISHED, Outcome, Request, State, Status
from studio.engine.jobs.store import Folder


class Job(Request, Status):
    """A job: the engine's own, which changes, or a snapshot for pages and the API.

    Data from its folder is read on first use, so listing jobs is cheap.

    Attributes:
        id: short, safe in a URL, sorts by time.
        folder: its files.
        place: its place in the queue, from 1; 0 if it is not queued or is paused. Set in snapshots only.
        starts_in: estimated seconds until a queued job begins; None if unknown. Set in snapshots only.
        sent_preview: the latest preview from its worker, WebP; None before the first and once it is finished.
    """

    id: str
    folder: Folder = Field(repr=False)
    state: State = "queued"
    place: int = 0
    starts_in: float | None = None
    sent_preview: bytes | None = Field(None, repr=False)

    def __eq__(self, other: object) -> bool:
        """Returns whether both are the same job in the same state."""
        return isinstance(other, Job) and self.id == other.id and super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """The points of the curves, `{"step", "seconds", **metrics}`, at most about 400."""
        return self.folder.read_history()

    @cached_property
    def preview(self) -> bytes | None:
        """The latest image as WebP; None if there is none."""
        return self.sent_preview or self.folder.read_preview()

    @cached_property
    def result(self) -> Result | None:
        """The result, even if stopped early; None while it is unfinished, and if it failed."""
        outcome = self.folder.read(Outcome) if self.finished else None
        return outcome.result if outcome else None

    @property
    def finished(self) -> bool:
        """Whether the job has ended."""
        return self.state in FINISHED

    @property
    def stop_note(self) -> str:
        """A sentence about the result of a stopped job; "" for any other."""
        if self.state != "stopped":
            return ""
        if self.report is None or not self.report.step:
            return "Stopped: kept the best result so far."
        total_text = f" of {self.report.total:,}" if self.report.total else ""
        return f"Stopped at step {self.report.step:,}{total_text}: kept the best result so far."

    @property
    def unit(self) -> str:
        """The key of its place in the queue: an owner's batch, or a job without a batch."""
        return f"{self.owner}/{self.batch}" if self.batch else self.id

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until a running job ends; None if unknown."""
        left = self.report.seconds_left if self.report else None
        if left is None and self.expected is not None and self.started is not None:
            left = max(self.expected - (time.time() - self.started), 0.0)
        return left

    @property
    def seconds_per_step(self) -> float | None:
        """Mean seconds per step, for a driver per job that it runs; None before the first."""
        return self.report.seconds_per_step if self.report else None


@dataclass(frozen=True)
class Batch:
    """A snapshot of the jobs of a batch.

    Attributes:
        id: the owner's name for it.
        jobs: the ids of its jobs, oldest first.
        ended, failed: how many of them have ended, and how many of those without a result.
    """

    id: str
    jobs: tuple[str, ...]
    ended: int
    failed: int


@dataclass(frozen=True)
class Live:
    """A result of the live lane, in memory until the user saves it.

    Attributes:
        task, settings, inputs: the request.
        data: the bytes of the main file, with the embedded recipe if the format allows one.
        kind, name: the kind and name of the main file.
        figures: named values.
        recipe: repeats the result.
        seconds: its duration in the worker.
        stopped_early: whether it was stopped, so this is the result so far.
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
