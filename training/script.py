"""The body of all training scripts: the task's flags, and the run of `studio train`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from studio import cli
from studio.cli import flags, train
from studio.core import tasks


def main(task: str, script: str, argv: Sequence[str] | None = None) -> int:
    """Runs `python -m training.SCRIPT DATA -o DIR [--resume] [--start-from PRESET] [settings]`.

    Args:
        task: name of the training task.
        script: name of the script, shown in its help.
        argv: arguments after the script's name; None for those of this process.

    Returns:
        The exit code, like that of the `studio` command.
    """
    training_task = tasks.get(task)
    parser = flags.Parser(f"python -m training.{script}", description=training_task.help)
    flags.prepare_command(parser, partial(train.run, training_task))
    train.add_flags(parser, training_task)
    return cli.main(argv, parser)
