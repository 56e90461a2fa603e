"""Whether a training goes on from the checkpoints of one that was stopped, or begins anew."""

from __future__ import annotations

from studio.core.training import checkpoints
from studio.run import terminal


def take_up(run: checkpoints.Run, resume: bool | None, quiet: bool) -> None:
    """Goes on from the checkpoints of the same training, to end as an unbroken one, unless told not to.

    Raises:
        Unavailable: if another process does this training: two are hardly ever meant.
    """
    with run.alone():
        if resume is False:
            run.forget()
    if resume is False or quiet:
        return
    if resume is None and run.folder.exists():
        terminal.note("It goes on where the same training was stopped; --no-resume begins anew.")
    elif resume and not run.folder.exists():
        terminal.note("There is nothing to resume with these data and settings; it begins anew.")
