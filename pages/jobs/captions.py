"""What stands below a result: what it was made of, how, and what there is of it if it was stopped."""

from __future__ import annotations

from pages.jobs import results
from pages.widgets import words
from studio.core import amounts, tasks
from studio.core.settings import Settings
from studio.core.tasks import Result


def of_run(run: words.Run, result: Result, seconds: float = 0.0) -> str:
    """The caption of a finished run, e.g. "coffee + mosaic · fine · seed 3 · took 42 s".

    Args:
        run: a job, or an item of the gallery.
        result: what came of it.
        seconds: how long it took; 0 for not known.
    """
    settings = tasks.settings_of(run.task, run.settings)
    took = f"took {amounts.duration(max(seconds, 1))}" if seconds else ""
    parts = [words.made_of(run), *how(settings), took, stopped(settings, result)]
    return " · ".join(part for part in parts if part)


def how(settings: Settings | None) -> list[str]:
    """The mode of some settings and their seed, where there is one and something is drawn at random."""
    found = []
    if settings is not None and settings.manner:
        found.append(words.choice(settings.manner).lower())
    if settings is not None and results.other_seeds(settings):
        found.append(f"seed {settings.model_dump()['seed']}")
    return found


def stopped(settings: Settings | None, result: Result) -> str:
    """What there is of a result that was stopped early; "" of a whole one."""
    if not result.stopped_early:
        return ""
    frames = result.figures.get("frames")
    fields = type(settings).described() if settings is not None else {}
    counted = [getattr(settings, name) for name, field in fields.items() if field.video == "frames"]
    all = result.figures.get("of") or max(counted, default=0)
    if isinstance(frames, int) and 0 < frames < all:
        return f"stopped early, the first {frames} of {all} frames"
    return "stopped early, the best so far"
