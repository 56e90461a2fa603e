"""What a person sees of the queue: a job's place in it, and when it begins."""

from __future__ import annotations

from studio import engine
from studio.core import amounts
from studio.engine.jobs.waiting import RULE

HELP = f"{RULE} Times are told from earlier jobs of this machine."


def waits(job: engine.Job) -> str:
    """The place of a waiting job, and when it begins where that is known: "number 2 in the queue, ..."."""
    place = f"number {job.place} in the queue"
    return place if job.starts_in is None else f"{place}, begins in {amounts.about(job.starts_in)}"
