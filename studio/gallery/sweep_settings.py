"""The sweep task and its settings. Imports nothing heavy."""

from __future__ import annotations

from typing import Any

from studio.core import tasks
from studio.core.settings import Settings, setting
from studio.core.tasks import Slot, Task

NAME = "gallery.sweep"


class SweepSettings(Settings):
    """Tries values of one or two settings of a task."""

    task: str = setting("", "Task to run with each value, such as style.transfer.", max_length=100)
    base: dict[str, Any] = setting(
        {},
        "Settings of the task that stay the same while others vary.",
        max_length=100,
        label="Fixed settings",
    )
    vary: tuple[str, ...] = setting(
        (),
        "One or two settings to vary, with their values, such as strength=0.2,0.5,1 or strength=0.2:1:5 "
        "(five values from 0.2 to 1).",
        tier="main",
        max_length=2,
    )


def _make_slots() -> tuple[Slot, ...]:
    """Returns a slot for every input of any task; the swept task checks which and how many it needs."""
    slots: dict[str, Slot] = {}
    task_names = [name for name, entry in tasks.TASKS.items() if entry.startswith("studio.") and name != NAME]
    for task in task_names:
        for slot in tasks.get(task).inputs:
            most = max(slot.max_files, slots[slot.name].max_files if slot.name in slots else 1)
            kind = slots[slot.name].kind if slot.name in slots else slot.kind
            slots[slot.name] = Slot(slot.name, kind, 0, most, is_overlay=slot.is_overlay)
    return tuple(slots.values())


SWEEP = Task(
    name=NAME,
    settings=SweepSettings,
    inputs=_make_slots(),
    produces="image",
    lane="drive",
    work="studio.gallery.sweep:run",
    title="Sweep",
    command="",
    help="try several values of one or two settings, and show all results in one grid",
    check="studio.gallery.sweep:check",
    plan_trials="studio.gallery.sweep:plan_trials",
)
