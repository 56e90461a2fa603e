"""Films: a short film, every frame of it painted, dreamt into or explained."""

from studio.core import tasks
from studio.core.tasks import Slot, Task
from studio.film.settings import FilmSettings

PAINTERS = ("style.transfer", "dream.ascend", "classify.explain", "colour.picture")


def _slots() -> tuple[Slot, ...]:
    """The film, and what the tasks that paint frames take besides; they say themselves how many."""
    found = {"film": Slot("film", "animation")}
    for name in PAINTERS:
        for slot in tasks.get(name).inputs[1:]:
            found.setdefault(slot.name, Slot(slot.name, slot.kind, 0, slot.most))
    return tuple(found.values())


REPAINT = Task(
    name="film.repaint",
    settings=FilmSettings,
    inputs=_slots(),
    produces="animation",
    lane="job",
    work="studio.film.task:run",
    usual="studio.film.estimate:usual",
    needs="studio.film.estimate:needs",
    title="Film",
    command="",
    stands_for="studio.film.command:stands_for",
    help="paint every frame of a film",
    check="studio.film.task:check",
)
