"""What Start takes: about how long here, and how much memory."""

from __future__ import annotations

from studio.core import amounts, capacity, tasks
from studio.core.errors import NoRoom
from studio.core.settings import Settings
from studio.core.tasks import Inputs


def cost_in_words(task: str, settings: Settings, inputs: Inputs) -> str:
    """Says what a job takes: ", which takes about 2 minutes here, and 1.6 GiB of memory".

    "" where that is not known; of a job that does not fit into the memory, that and what would.
    """
    found = tasks.get(task)
    try:
        memory = tasks.check_room(found, settings, inputs, capacity.JOB_SHARE)
    except NoRoom as error:
        return f". {str(error).removesuffix('.')}"
    seconds = tasks.expected_seconds(found, settings, inputs)
    if seconds is None:
        return ""
    also = f", and {capacity.gib(memory)} of memory" if memory else ""
    return f", which takes {amounts.about(seconds)} here{also}"
