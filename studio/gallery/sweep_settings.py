"""Sweeps by name: one or two settings of any task, each value tried, all of it on one sheet. Light."""

from __future__ import annotations

from typing import Any

from studio.core import tasks
from studio.core.settings import Settings, setting
from studio.core.tasks import Slot, Task

NAME = "gallery.sweep"


class SweepSettings(Settings):
    """Tries values of one or two settings of a task."""

    task: str = setting("", "Task to run with each value, e.g. style.transfer.", max_length=100)
    base: dict[str, Any] = setting({}, "Settings that stay the same in every cell.", max_length=100)
    vary: tuple[str, ...] = setting(
        (),
        "One or two settings to vary, with their values: strength=0.2,0.5,1, or strength=0.2:1:5 for five.",
        tier="main",
        max_length=2,
    )


def _slots() -> tuple[Slot, ...]:
    """Every input that some task has; which of them, and how many, the task that is swept says."""
    found: dict[str, Slot] = {}
    own = [name for name, entry in tasks.TASKS.items() if entry.startswith("studio.") and name != NAME]
    for task in own:
        for slot in tasks.get(task).inputs:
            most = max(slot.most, found[slot.name].most if slot.name in found else 1)
            kind = found[slot.name].kind if slot.name in found else slot.kind
            found[slot.name] = Slot(slot.name, kind, 0, most)
    return tuple(found.values())


SWEEP = Task(
    name=NAME,
    settings=SweepSettings,
    inputs=_slots(),
    produces="image",
    lane="drive",
    work="studio.gallery.sweep:run",
    title="Sweep",
    command="",
    help="try values of one or two settings, all on one sheet",
    check="studio.gallery.sweep:check",
    tries="studio.gallery.sweep:tries",
)
