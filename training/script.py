"""What every training script is made of: the task's own flags, and the run that `studio train` does
too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from studio import cli
from studio.cli import flags, train
from studio.core import tasks


def main(task: str, script: str, argv: Sequence[str] | None = None) -> int:
    """Runs `python -m training.SCRIPT DATA -o DIR [--resume] [--start-from PRESET] [settings]`.

    Args:
        task: the name of the training task.
        script: the name of the script, for its help.
        argv: the words after the script's name; those of this process when None.

    Returns:
        The exit code, as of the `studio` command.
    """
    found = tasks.get(task)
    parser = flags.Parser(f"python -m training.{script}", description=found.help)
    flags.prepare_leaf(parser, partial(train.run, found))
    train.add_flags(parser, found)
    return cli.main(argv, parser)
