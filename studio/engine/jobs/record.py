"""One job as the server holds it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import InvalidInput
from studio.core.progress import Report
from studio.engine.jobs import store
from studio.engine.jobs.snapshots import FINISHED, State

CANCELLED = "It was cancelled, so nothing was kept."


@dataclass(eq=False)
class Record:
    """One job as the server holds it; `asked` is its job.json."""

    id: str
    folder: store.Folder
    asked: dict[str, Any]
    state: State = "queued"
    started: float | None = None
    ended: float | None = None
    error: str = ""
    tries: int = 0  # how often it began
    sendings: int = 0
    report: Report | None = None
    preview: bytes | None = None
    turn: float | None = None  # by which it is sorted among those that wait; as a rule, when it was asked for
    paused: bool = False  # it keeps its place, but does not begin
    passed: int = 0  # how many jobs that were asked for later went before it
    # Those jobs and batches, as far as this server saw them, each with when its newest job was asked for.
    passers: dict[str, float] = field(default_factory=dict)
    sent: float = 0.0  # when, by the monotonic clock

    @property
    def unit(self) -> str:
        """What has one place in the order: the batch of an owner, or a job that is of none."""
        batch = self.asked.get("batch")
        return f"{self.asked['owner']}/{batch}" if batch else self.id

    @property
    def expected(self) -> float | None:
        """About how many seconds it was thought to take when it was asked for; None if that was not known."""
        return self.asked.get("expected")

    @property
    def seconds_left(self) -> float | None:
        """About how long a running job still takes; None if that is not known."""
        left = self.report.seconds_left if self.report else None
        if left is None and self.expected is not None and self.started is not None:
            left = max(self.expected - (time.time() - self.started), 0.0)
        return left

    @property
    def seconds_a_step(self) -> float | None:
        """How many seconds a step takes, of a driver one of its jobs; None before there was one."""
        done = self.report.step - self.report.began if self.report else 0
        return self.report.seconds / done if self.report and done > 0 else None

    @property
    def lane(self) -> str:
        """Where it runs; work of the live lane that someone queues is a job like others."""
        return "drive" if self.asked["lane"] == "drive" else "job"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    def settle(self, reason: str, state: State) -> None:
        """Ends it: by its outcome if the worker left one, else in `state` with `reason`.

        Of a job that is being cancelled nothing is kept, even if its worker was done first.
        """
        ended, outcome = time.time(), None
        if self.state == "cancelling":
            self.folder.discard()
            reason, state = CANCELLED, "cancelled"
        else:
            outcome = self.folder.read("outcome")
        if outcome is not None:
            ended = self.folder.written("outcome")  # the server may have died before it could see it
            reason, state = outcome.get("error", ""), _ended_as(outcome)
            self.report = last_report(outcome) or self.report
        self.state, self.error, self.ended = state, reason, ended
        self.preview = None  # the folder has it

    def makes_same(
        self,
        task: str,
        settings: dict[str, Any],
        inputs: dict[str, list[dict[str, str]]],
        weights: dict[str, str],
    ) -> bool:
        """Whether this job makes what a request asks for, whatever its input files are called."""
        own = self.asked
        same = (own["task"], own["settings"], own.get("weights") or {}) == (task, settings, weights)
        return same and _digests(own["inputs"]) == _digests(inputs)

    def of_request(self, task: str, settings: dict[str, Any], inputs: dict[str, Any]) -> Record:
        """This job, if a request that bears its key asks for the same. Raises `InvalidInput` if not."""
        if (self.asked["task"], self.asked["settings"], self.asked["inputs"]) != (task, settings, inputs):
            raise InvalidInput(
                "That idempotency key was used before, for something else. "
                "Take a new key for each request, and the same one only to send it again."
            )
        return self


def _digests(inputs: dict[str, list[dict[str, str]]]) -> dict[str, list[str]]:
    return {slot: [file["digest"] for file in files] for slot, files in inputs.items()}


_KEPT = ("state", "started", "ended", "error", "tries", "turn", "paused", "passed")


def kept(record: Record) -> dict[str, Any]:
    """What state.json holds of a job."""
    report = None if record.report is None else store.pack_report(record.report)
    return {name: getattr(record, name) for name in _KEPT} | {"report": report}


def restored(folder: store.Folder, asked: dict[str, Any], state: dict[str, Any]) -> Record:
    """The job of a folder, whose files were checked as they were read."""
    known = {name: state[name] for name in _KEPT if state.get(name) is not None}
    known.setdefault("turn", asked["created"])
    return Record(folder.path.name, folder, asked, report=last_report(state), **known)


def last_report(kept: dict[str, Any]) -> Report | None:
    """The last report that a state or an outcome tells of, if there was any."""
    packed = kept.get("report")
    return None if packed is None else store.unpack_report(packed)


def _ended_as(outcome: dict[str, Any]) -> State:
    """The state of a job whose worker left an outcome."""
    if "result" in outcome:
        return store.finished_state(outcome["result"]["stopped_early"])
    return "cancelled" if outcome.get("cancelled") else "failed"
