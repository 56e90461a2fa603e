"""Captions of results: inputs, mode, seed, duration and whether the job was stopped early."""

from __future__ import annotations

from pages.widgets import words
from studio.core import amounts, tasks
from studio.core.settings import Settings
from studio.core.tasks import Result


def describe_run(run: words.Run, result: Result, seconds: float = 0.0) -> str:
    """Returns the caption of a finished run, e.g. "coffee + mosaic · fine · seed 3 · took 42 s".

    Args:
        run: a job, or an item of the gallery.
        result: of the run.
        seconds: duration; 0 if unknown.
    """
    settings = tasks.parse_saved_settings(run.task, run.settings)
    duration = f"took {amounts.format_duration(max(seconds, 1))}" if seconds else ""
    parts = [
        words.describe_inputs(run),
        *describe_mode_and_seed(settings),
        duration,
        describe_early_stop(settings, result),
    ]
    return " · ".join(part for part in parts if part)


def describe_mode_and_seed(settings: Settings | None) -> list[str]:
    """Returns the mode and the seed of settings, the seed only if it has an effect."""
    if settings is None:
        return []
    mode = [words.choice_label(settings.mode_name).lower()] if settings.mode_name else []
    return [*mode, f"seed {settings.model_dump()['seed']}"] if settings.draws_at_random else mode


def describe_early_stop(settings: Settings | None, result: Result) -> str:
    """Returns what a job that was stopped early has made; "" for a complete result."""
    if not result.stopped_early:
        return ""
    frames = result.figures.get("frames")
    fields = type(settings).describe() if settings is not None else {}
    frame_counts = [getattr(settings, name) for name, field in fields.items() if field.video == "frames"]
    frames_planned = result.figures.get("of") or max(frame_counts, default=0)
    if isinstance(frames, int) and 0 < frames < frames_planned:
        return f"stopped early, the first {frames} of {frames_planned} frames"
    return "stopped early, the best so far"
