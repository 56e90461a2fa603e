"""The progress of a job, as a share and a text."""

from __future__ import annotations

from pages.jobs import queue_controls
from pages.widgets import words
from studio import engine
from studio.core import amounts
from studio.core.progress import Report


def describe_progress(job: engine.Job) -> tuple[float, str]:
    """Returns the progress in [0, 1], and the step, the stage or the position in the queue as text."""
    report = job.report
    if job.state == "queued":
        return 0.0, f"Waiting, {queue_controls.queue_position(job)}"
    if report is None or not report.total:
        return 0.0, (words.escape(report.stage) if report else "") or "Starting"
    if report.counts_bytes:
        return report.share, describe_download(report)
    time_left = amounts.format_time_left(report.seconds_left)
    text = words.escape(report.stage) or f"Step {report.step} of {report.total}"
    return report.share, " · ".join(part for part in (text, time_left) if part)


def describe_download(report: Report) -> str:
    """Returns the text for a download."""
    label = report.text.partition(" (")[0] or "Fetching"  # without the size in parentheses
    return f"{label}: {amounts.format_bytes(report.step)} of {amounts.format_bytes(report.total)}"
