"""`studio replay`: makes a result again from the recipe inside it, and compares."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from studio.cli import console, flags, outputs
from studio.core import images, tasks
from studio.core.tasks import Kind
from studio.gallery import compare, replay

DIFFERENT = 1


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_leaf(commands, "replay", "make a result again from its recipe", _run)
    parser.add_argument("file", metavar="FILE", help="a picture that the studio saved, or its .json")
    parser.add_argument("-o", "--out", help="where the result goes; NAME-again.png here when not given")
    parser.add_argument(
        "--verify", action="store_true", help="compare with FILE: exit 1 if they differ; saves only with -o"
    )
    parser.add_argument(
        "--inputs",
        nargs="+",
        default=[],
        metavar="PATH",
        help="files, or folders of files, among which are inputs that the studio no longer has",
    )


def _run(arguments: argparse.Namespace) -> int:
    path = Path(arguments.file).expanduser()
    recipe = outputs.recipe_of(path)
    task = tasks.get(recipe.task)
    made = path.with_suffix("") if path.suffix == ".json" else path
    original = images.read(made) if arguments.verify else None
    out = _out(arguments, made, task.produces)
    replay.take_back(map(Path, arguments.inputs), recipe)
    replay.check(recipe)
    started = time.monotonic()
    with console.working(f"{task.title} again", arguments) as progress:
        result = replay.again(recipe, progress, console.note)
    if out is not None:
        outputs.save(result, out)
    seconds = time.monotonic() - started
    if original is None or (result.stopped_early and out is not None):
        return console.tell(result, out, seconds, arguments)
    if result.stopped_early:
        raise KeyboardInterrupt
    found = compare.difference(original, result, made.suffix.lower())
    return _tell(found, compare.reasons(recipe, result), out, seconds, arguments)


def _out(arguments: argparse.Namespace, made: Path, kind: Kind) -> Path | None:
    if arguments.out:
        return outputs.checked(arguments.out, kind, [arguments.file, str(made)])
    if arguments.verify:
        return None
    return outputs.checked(str(outputs.unused(f"{made.stem}-again", made.suffix)), kind)


def _tell(
    found: compare.Difference,
    reasons: list[str],
    out: Path | None,
    seconds: float,
    arguments: argparse.Namespace,
) -> int:
    if arguments.json:
        figures = {"identical": found.identical, "max": found.most, "mean": found.mean}
        why = [] if found.identical else reasons
        console.say_json({"path": out, "seconds": round(seconds, 3), "figures": figures, "reasons": why})
    elif found.identical:
        console.say("identical")
    else:
        console.say(f"{found.words} Possible reasons: {'; '.join(reasons)}.")
    return 0 if found.identical else DIFFERENT
