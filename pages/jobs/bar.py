"""How far a job is: the share that is done, and the words next to it."""

from __future__ import annotations

from pages.jobs import steering
from pages.widgets import words
from studio import engine
from studio.core import amounts
from studio.core.progress import Report

MANY = 100_000  # a task with so many steps counts bytes


def bar(job: engine.Job) -> tuple[float, str]:
    """The share in [0, 1], and the step, the stage or the place in the queue."""
    report = job.report
    if job.state == "queued":
        return 0.0, f"Waiting, {steering.waits(job)}"
    if report is None or not report.total:
        return 0.0, (words.plain(report.stage) if report else "") or "Starting"
    if fetches(report):
        return report.share, fetching(report)
    left = amounts.left(report.seconds_left)
    text = words.plain(report.stage) or f"Step {report.step} of {report.total}"
    return report.share, " · ".join(part for part in (text, left) if part)


def fetches(report: Report) -> bool:
    """Whether a report is of a download, whose steps are bytes."""
    return report.total >= MANY


def fetching(report: Report) -> str:
    """The line for a download."""
    what = report.text.partition(" (")[0] or "Fetching"  # its size follows
    return f"{what}: {amounts.size(report.step)} of {amounts.size(report.total)}"
