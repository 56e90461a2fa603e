"""What tasks that answer in JSON have to say: in words for a person, as one object for a program."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.cli import console
from studio.cli.text_stream import Scribe
from studio.core import tasks
from studio.core.tasks import Result, Slot, Task
from studio.run import outputs, terminal


def tell(
    task: Task,
    result: Result,
    named: Mapping[Slot, Sequence[str]],
    out: Path | None,
    seconds: float,
    arguments: argparse.Namespace,
) -> int:
    """Prints or saves the answer. Returns the exit code.

    Args:
        task: one that is `readable`.
        result: its JSON is the first file.
        named: what the person called the inputs, by slot: a task knows only the names of files.
        out: where the answer goes instead of stdout: JSON if it ends so, else words.
        seconds: that it took.
        arguments: of the command.
    """
    told = _with_paths(json.loads(result.files[0].read()), named)
    words = tasks.imported(task.readable)(told)
    if out:
        out = outputs.shown_place(outputs.save_answer(told, words, result, out), arguments.out or out.name)
    if arguments.json:
        where = {"path": out} if out else {}
        console.say_json(
            {**told, **where, "seconds": round(seconds, 3), "stopped_early": result.stopped_early}
        )
    elif out:
        console.say(str(out))
    else:
        Scribe().finish(words)
    if result.stopped_early and not arguments.quiet:
        terminal.note("Stopped early.")
    return console.STOPPED if result.stopped_early else 0


def _with_paths(told: dict[str, Any], named: Mapping[Slot, Sequence[str]]) -> dict[str, Any]:
    """The same with the paths that a person wrote in the place of names."""
    for slot, texts in named.items():
        listed = told.get(slot.name)
        if isinstance(listed, list) and len(listed) == len(texts):
            told[slot.name] = [{**one, "path": text} for one, text in zip(listed, texts, strict=True)]
    return told
