"""`studio replay`: makes a result again from the recipe inside it, and compares."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.cli import console, flags
from studio.core import paths, tasks
from studio.core.errors import a, invalid, printable
from studio.core.imaging import animations, image_io, video_limits
from studio.core.tasks import Kind, Result
from studio.gallery import replay, replay_difference
from studio.run import input_files, outputs, terminal
from studio.run.machine import keep
from studio.run.protected_inputs import unused

DIFFERENT = 1
_NOUNS = {"animation": "video", "text": "text", "dataset": "set of images"}


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_leaf(commands, "replay", "make a result again from its recipe", _run)
    parser.add_argument("file", metavar="FILE", help="a file that the studio saved, or its .json")
    parser.add_argument("-o", "--out", help="path of the result (default: NAME-again.EXT in this folder)")
    parser.add_argument(
        "--verify", action="store_true", help="compare with FILE: exit 1 if they differ; saves only with -o"
    )
    parser.add_argument(
        "--inputs",
        nargs="+",
        default=[],
        metavar="PATH",
        help="files, folders, data sets or models to search for inputs that the studio no longer has",
    )


def _run(arguments: argparse.Namespace) -> int:
    path = paths.expand_user(arguments.file)
    recipe = outputs.recipe_of(path)
    task = tasks.get(recipe.task)
    made = path.with_suffix("") if outputs.is_recipe(path) else path
    kind = task.makes(recipe.checked_settings())
    original = _original(made, task, kind) if arguments.verify else None
    out = _out(arguments, made, kind, (".json",) if task.readable else ())
    replay.take_back(map(paths.expand_user, arguments.inputs), recipe)
    for source in replay.missing(recipe):
        input_files.keep_sample(source.name)
    replay.check(recipe)
    started = time.monotonic()
    with console.working(f"{task.title} again", arguments) as progress:
        result = replay.again(recipe, progress, terminal.note)
    if out is not None and arguments.out is None:  # others may have taken the name meanwhile
        out = unused(out.with_name(_usual(made)))
    if task.readable:
        return console.tell_answer(task, result, {}, out, time.monotonic() - started, arguments)
    seconds = time.monotonic() - started
    if out is not None:
        keep(result, seconds)
        out = outputs.shown_place(outputs.save(result, out), arguments.out or out.name)
    if original is None or (result.stopped_early and out is not None):
        return console.tell(result, out, seconds, arguments)
    if result.stopped_early:
        raise KeyboardInterrupt
    return _tell(
        _difference(original, result, made),
        replay_difference.reasons(recipe, result),
        out,
        seconds,
        arguments,
    )


def _original(made: Path, task: tasks.Task, kind: Kind) -> np.ndarray | bytes:
    """What is compared with: the pixels of an image, else the file, once all of it can be read."""
    if kind == "image":
        return image_io.read(made)
    name = f"{_NOUNS.get(kind, kind)} {printable(made.name, 60)}"
    if task.readable or kind not in _NOUNS:
        step = "make it again without `--verify`, and compare the scores"
        expected = "an image, video, text or set of images"
        received = "metrics" if task.readable else a(kind)
        raise invalid(name, expected=expected, received=received, next_step=step)
    try:
        data = paths.read(made, video_limits.MOST_BYTES)
    except paths.TooLarge:
        raise invalid(name, expected="at most 1 GB", received="more") from None
    except OSError as error:
        step = "check the path"
        raise invalid(name, expected="a file", received=error.strerror, next_step=step) from None
    for _ in animations.frames(data, name) if kind == "animation" else ():
        pass
    return data


def _out(arguments: argparse.Namespace, made: Path, kind: Kind, also: tuple[str, ...]) -> Path | None:
    if arguments.out is None and arguments.verify:
        return None
    usual = unused(Path(_usual(made)))
    made_from = [arguments.file, str(made), *arguments.inputs] if arguments.out else []
    out = outputs.checked(arguments.out or str(usual), kind, made_from, also)
    if kind == "animation" and out.suffix.lower() != made.suffix.lower():
        ends = f"a name that ends in {made.suffix}, as the video does"
        raise invalid(
            f"output {printable(out.name, 60)}",
            expected=ends,
            received=out.suffix,
            next_step="rename the output",
        )
    return out


def _usual(made: Path) -> str:
    """What a result is called that nobody named."""
    return f"{made.stem}-again{made.suffix}"


def _difference(
    original: np.ndarray | bytes, result: Result, made: Path
) -> replay_difference.Difference | replay_difference.TextDifference:
    if not isinstance(original, bytes):
        return replay_difference.difference(original, result, made.suffix.lower())
    if result.files[0].kind in ("text", "dataset"):
        return replay_difference.text_difference(original, outputs.text_of(result))
    return replay_difference.video_difference(original, result)


def _tell(
    found: replay_difference.Difference | replay_difference.TextDifference,
    reasons: list[str],
    out: Path | None,
    seconds: float,
    arguments: argparse.Namespace,
) -> int:
    if arguments.json:
        why = [] if found.identical else reasons
        told = {"path": out, "seconds": round(seconds, 3), "figures": found.figures, "reasons": why}
        console.say_json(told)
    elif found.identical:
        console.say("identical")
    else:
        console.say(f"{found.words} Possible reasons: {'; '.join(reasons)}.")
    return 0 if found.identical else DIFFERENT
