"""`studio replay`: makes a result again from the recipe inside it, and compares."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.cli import console, flags
from studio.core import paths, tasks
from studio.core.errors import invalid, make_printable, with_article
from studio.core.imaging import image_io, video_decoder, video_limits
from studio.core.tasks import Kind, Result
from studio.gallery import replay, replay_difference
from studio.run import input_files, outputs, terminal
from studio.run.machine import add_to_gallery
from studio.run.protected_inputs import find_free_path

EXIT_DIFFERENT = 1  # exit code
_NOUNS = {"animation": "video", "text": "text", "dataset": "set of images"}


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_command(commands, "replay", "make a result again from its recipe", _run)
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
    recipe = outputs.read_recipe(path)
    task = tasks.get(recipe.task)
    file = path.with_suffix("") if outputs.is_recipe(path) else path
    kind = task.choose_kind(recipe.parse_settings())
    original = _read_original(file, task, kind) if arguments.verify else None
    out = _resolve_output(arguments, file, kind, (".json",) if task.format_json else ())
    replay.restore_inputs(map(paths.expand_user, arguments.inputs), recipe)
    for source in replay.find_missing_inputs(recipe):
        input_files.store_sample_file(source.name)
    replay.check(recipe)
    started = time.monotonic()
    with console.show_progress(f"{task.title} again", arguments) as progress:
        result = replay.run(recipe, progress, terminal.print_note)
    if out is not None and arguments.out is None:  # another process may have used the name meanwhile
        out = find_free_path(out.with_name(_default_name(file)))
    if task.format_json:
        return console.report_answer(task, result, {}, out, time.monotonic() - started, arguments)
    seconds = time.monotonic() - started
    if out is not None:
        add_to_gallery(result, seconds)
        out = outputs.display_path(outputs.save_result(result, out), arguments.out or out.name)
    if original is None or (result.stopped_early and out is not None):
        return console.report_result(result, out, seconds, arguments)
    if result.stopped_early:
        raise KeyboardInterrupt
    return _report_difference(
        _compare(original, result, file),
        replay_difference.find_reasons(recipe, result),
        out,
        seconds,
        arguments,
    )


def _read_original(file: Path, task: tasks.Task, kind: Kind) -> np.ndarray | bytes:
    """Reads the original to compare with: the pixels of an image, or the bytes of another valid file."""
    if kind == "image":
        return image_io.read(file)
    label = f"{_NOUNS.get(kind, kind)} {make_printable(file.name, 60)}"
    if task.format_json or kind not in _NOUNS:
        step = "make it again without `--verify`, and compare the scores"
        expected = "an image, video, text or set of images"
        received = "metrics" if task.format_json else with_article(kind)
        raise invalid(label, expected=expected, received=received, next_step=step)
    try:
        data = paths.read(file, video_limits.MAX_BYTES)
    except paths.TooLarge:
        raise invalid(label, expected="at most 1 GB", received="more") from None
    except OSError as error:
        step = "check the path"
        raise invalid(label, expected="a file", received=error.strerror, next_step=step) from None
    for _ in video_decoder.decode(data, label) if kind == "animation" else ():
        pass
    return data


def _resolve_output(
    arguments: argparse.Namespace, file: Path, kind: Kind, more_endings: tuple[str, ...]
) -> Path | None:
    """Returns the output path; None with `--verify` and without `-o`, when nothing is saved."""
    if arguments.out is None and arguments.verify:
        return None
    default = find_free_path(Path(_default_name(file)))
    sources = [arguments.file, str(file), *arguments.inputs] if arguments.out else []
    out = outputs.resolve_output(arguments.out or str(default), kind, sources, more_endings)
    if kind == "animation" and out.suffix.lower() != file.suffix.lower():
        expected = f"a name that ends in {file.suffix}, as the video does"
        raise invalid(
            f"output {make_printable(out.name, 60)}",
            expected=expected,
            received=out.suffix,
            next_step="rename the output",
        )
    return out


def _default_name(file: Path) -> str:
    """Returns the file name of a result without `-o`."""
    return f"{file.stem}-again{file.suffix}"


def _compare(
    original: np.ndarray | bytes, result: Result, file: Path
) -> replay_difference.Difference | replay_difference.TextDifference:
    if not isinstance(original, bytes):
        return replay_difference.compare_images(original, result, file.suffix.lower())
    if result.files[0].kind in ("text", "dataset"):
        return replay_difference.compare_texts(original, outputs.join_texts(result))
    return replay_difference.compare_videos(original, result)


def _report_difference(
    difference: replay_difference.Difference | replay_difference.TextDifference,
    reasons: list[str],
    out: Path | None,
    seconds: float,
    arguments: argparse.Namespace,
) -> int:
    if arguments.json:
        shown_reasons = [] if difference.is_identical else reasons
        report = {
            "path": out,
            "seconds": round(seconds, 3),
            "figures": difference.figures,
            "reasons": shown_reasons,
        }
        console.print_json(report)
    elif difference.is_identical:
        console.print_line("identical")
    else:
        console.print_line(f"{difference.sentence} Possible reasons: {'; '.join(reasons)}.")
    return 0 if difference.is_identical else EXIT_DIFFERENT
