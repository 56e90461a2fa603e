"""One job as the server holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.core.errors import InvalidInput
from studio.core.progress import Report
from studio.engine.jobs import store
from studio.engine.jobs.snapshots import FINISHED, State


@dataclass
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

    @property
    def lane(self) -> str:
        """Where it runs; work of the live lane that someone queues is a job like others."""
        return "drive" if self.asked["lane"] == "drive" else "job"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    def of_request(self, task: str, settings: dict[str, Any], inputs: dict[str, Any]) -> Record:
        """This job, if a request that bears its key asks for the same. Raises `InvalidInput` if not."""
        if (self.asked["task"], self.asked["settings"], self.asked["inputs"]) != (task, settings, inputs):
            raise InvalidInput(
                "That idempotency key was used before, for something else. "
                "Next: take a new key for each request, and the same one only to send it again."
            )
        return self


def restored(folder: store.Folder, asked: dict[str, Any], state: dict[str, Any]) -> Record:
    """The job of a folder, whose files were checked as they were read."""
    known = {name: state[name] for name in ("state", "started", "ended", "error", "tries") if name in state}
    return Record(folder.path.name, folder, asked, report=last_report(state), **known)


def last_report(kept: dict[str, Any]) -> Report | None:
    """The last report that a state or an outcome tells of, if there was any."""
    packed = kept.get("report")
    return None if packed is None else store.unpack_report(packed)
