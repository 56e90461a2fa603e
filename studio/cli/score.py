"""`studio score`: measures a trained model on held-out data."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from typing import Any

from studio.cli import console, flags, make
from studio.core import paths, tasks
from studio.core.data import builders
from studio.core.errors import invalid
from studio.core.models import cards, model_folder, presets
from studio.core.progress import Progress
from studio.core.tasks import Slot
from studio.run import input_files, terminal


def add(commands: Any) -> None:
    """Adds the command."""
    help = "measure a trained model on held-out data; prints one JSON object"
    parser = flags.add_command(commands, "score", help, _run)
    parser.add_argument(
        "preset", metavar="PRESET", help="a trained model: its name or folder, or an imported classifier"
    )
    data_help = "a text file for a language model, else images, sample:NAME or tfds:NAME"
    parser.add_argument("data", metavar="DATA", help=data_help)
    part = (
        "part of the data to use, as fractions, such as 0.9:1.0 (default: what training held out; for a "
        "classifier its test split, or every image that it was not trained on)"
    )
    parser.add_argument("--labels", metavar="FILE", help=make.LABELS_HELP)
    preprocessing = (
        "pixel range or normalization that an imported model expects (default: as the model states, else 0-1)"
    )
    parser.add_argument("--preprocessing", metavar="RANGE", help=preprocessing)
    flat = "flatten images for an imported model whose input is a vector, such as 784 values"
    parser.add_argument("--flat", action="store_true", help=flat)
    parser.add_argument("--part", metavar="FROM:TO", help=part)
    parser.add_argument("--publish", action="store_true", help="write the metrics into the model's card")


def _run(arguments: argparse.Namespace) -> int:
    path = paths.expand_user(arguments.preset)
    is_file = input_files.is_imported(path) or input_files.is_missing(path)
    preset = (
        None
        if is_file and not presets.is_known(arguments.preset)
        else input_files.find_preset(arguments.preset)
    )
    part = _parse_part(arguments.part) if arguments.part is not None else None
    scores = {task.name: task.evaluate for task in map(tasks.get, tasks.TASKS) if task.evaluate}
    if preset is None and arguments.publish:
        received, step = "an imported model", "leave out --publish"
        raise invalid("--publish", expected="a model with a card", received=received, next_step=step)
    if preset is not None and preset.task not in scores:
        expected = f"a model of {', '.join(scores)}"
        raise invalid(f"preset {preset.name}", expected=expected, received=preset.task)
    with console.show_progress("Score", arguments) as progress:
        if preset is None:
            figures = _score_imported(arguments, part, progress)
        else:
            figures = dict(tasks.import_object(scores[preset.task])(preset, arguments.data, part, progress))
    for sentence in figures.pop("notes", ()):
        terminal.print_note(sentence)
    if arguments.publish and preset is not None:
        _update_card(preset, figures, arguments)
    console.print_json(figures)
    return 0


def _update_card(preset: presets.Preset, figures: Mapping[str, Any], arguments: argparse.Namespace) -> None:
    """Writes the figures and the command that measured them into the card of a model."""
    path = paths.expand_user(arguments.data)
    data = arguments.data if builders.is_tfds_name(arguments.data) else path.name
    command = ["studio", "score", preset.name, data]
    command += ["--part", arguments.part] if arguments.part else []
    card = cards.replace_score(preset.read_card(), figures, shlex.join(command))
    paths.write(preset.folder / model_folder.CARD, card.encode())


def _score_imported(
    arguments: argparse.Namespace, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Scores an imported classifier on its classes."""
    file = input_files.read(Slot("model", "model"), arguments.preset, arguments.labels)
    score = next(task.evaluate_imported for task in map(tasks.get, tasks.TASKS) if task.evaluate_imported)
    return dict(
        tasks.import_object(score)(
            file, arguments.data, part, progress, arguments.preprocessing, arguments.flat
        )
    )


def _parse_part(text: str) -> tuple[float, float]:
    try:
        start, end = map(float, text.split(":"))
    except ValueError:
        start = end = 0.0
    if not 0 <= start < end <= 1:
        expected = "two numbers of 0 to 1, the smaller first, as 0.9:1.0"
        raise invalid("`--part`", expected=expected, received=text, next_step="choose another part")
    return start, end
