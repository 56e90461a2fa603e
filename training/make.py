"""Trains a shipped model from scratch: runs all phases of its recipe, `training/recipes/NAME.toml`.

Command: python -m training.make digits-vae --data mnist.npz -o runs/digits-vae

Without NAME it lists the recipes. After a crash the same command continues: finished phases are kept, and the
interrupted one resumes from its checkpoint.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from studio import cli
from studio.cli import console, flags
from studio.core import paths, tasks
from studio.core.errors import Cancelled, InvalidInput, did_you_mean
from studio.core.models import cards, model_folder, presets
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task
from studio.run import outputs, request, terminal
from training import script
from training.drawings.__main__ import main as draw

FOLDER = Path(__file__).with_name("recipes")
MODEL = "model"  # folder of the last phase
_LENGTHS = ("steps", "epochs", "test_every", "ema_steps")  # settings that `--fraction` scales


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(_Part):
    """A data set of a recipe.

    Attributes:
        file: its usual file name.
        about: what it contains.
        license: an SPDX identifier, or "research-only".
        sha256: of the file; "" for a folder, and for drawings, which differ between versions of Pillow.
        get: a sentence that says where the file comes from; "" for drawings.
        draw: arguments of `python -m training.drawings` that make the file; empty for other data.
    """

    file: str
    about: str
    license: str
    sha256: str = ""
    get: str = ""
    draw: tuple[str, ...] = ()


class Phase(_Part):
    """One training run of a recipe.

    Attributes:
        name: of its folder.
        why: a sentence that says why the phase exists.
        settings: of the training task, in addition to those of the recipe; the others keep their defaults.
        inputs: words of the task's inputs that replace those of the recipe.
    """

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    why: str
    settings: dict[str, Any] = {}
    inputs: dict[str, list[str]] = {}


class Recipe(_Part):
    """How a shipped model is trained from scratch.

    Attributes:
        task: name of the training task.
        script: name of the training script.
        title: what the model is, in a few words.
        start: shipped model that the first phase starts from; "" for none.
        data: the training data.
        drawings: images that are drawn for `--drawings`; None for none.
        settings: of all phases.
        inputs: words of the task's inputs, such as styles, of all phases.
        phases: in order; each starts from the weights of the one before.
        expected: what the shipped model took and reached, one sentence per machine.
    """

    task: str
    script: str
    title: str
    start: str = ""
    data: Data
    drawings: Data | None = None
    settings: dict[str, Any] = {}
    inputs: dict[str, list[str]] = {}
    phases: tuple[Phase, ...]
    expected: tuple[str, ...]


def list_recipes() -> list[str]:
    """Returns the names of all recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_recipe(name: str) -> Recipe:
    """Reads a recipe.

    Raises:
        InvalidInput: if there is none of this name.
    """
    if name not in list_recipes():
        hint = did_you_mean(name, list_recipes())
        raise InvalidInput(f"There is no recipe {name}. Use {', '.join(list_recipes())}. {hint}".strip())
    return Recipe.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))


def values_of(recipe: Recipe, phase: Phase, fraction: float = 1.0) -> dict[str, Any]:
    """Returns the values of a phase's settings.

    Args:
        fraction: above 0, at most 1; scales the number of steps and what is counted in steps.
    """
    values = recipe.settings | phase.settings
    lengths = {name: max(1, round(values[name] * fraction)) for name in _LENGTHS if name in values}
    return values | lengths


def make(
    name: str, data: str | None, out: Path, fraction: float = 1.0, switches: tuple[str, ...] = ()
) -> int:
    """Runs the phases of a recipe that are not finished.

    Args:
        name: of the recipe.
        data: path of the data, `sample:NAME` or `tfds:NAME`; None for the file of the recipe.
        out: folder for the models of all phases; the last one is `out / MODEL`.
        fraction: see `values_of`.
        switches: further flags of the training script.

    Returns:
        The exit code of the first phase that failed, else 0.

    Raises:
        InvalidInput: if the recipe or its data are missing, or `out` has models of another training run.
    """
    recipe = read_recipe(name)
    task = tasks.get(recipe.task)
    source = data or _find_or_draw_data(recipe.data, out)
    _check_data(recipe.data, source)
    shared = recipe.inputs | (
        {"drawings": [_find_or_draw_data(recipe.drawings, out)]} if recipe.drawings else {}
    )
    start = recipe.start
    for number, phase in enumerate(recipe.phases, 1):
        folder = out / (MODEL if phase is recipe.phases[-1] else phase.name)
        inputs = shared | phase.inputs
        slot_values = inputs | {task.inputs[0].name: [source]} | ({"start": [start]} if start else {})
        settings, files = request.resolve(task, values_of(recipe, phase, fraction), slot_values)
        heading = f"Phase {number} of {len(recipe.phases)}, {phase.name}"
        if _is_finished(folder, task, settings, files):
            terminal.print_note(f"{heading}: finished.")
        else:
            terminal.print_note(f"{heading}: {phase.why}")
            slot_arguments = [
                word
                for slot in task.inputs
                if slot.name in inputs
                for word in (slot.flag, *inputs[slot.name])
            ]
            command = shlex.split(
                cards.format_command(recipe.script, source, settings, start, slot_arguments)
            )[3:]
            arguments = [str(folder) if word == "DIR" else word for word in command]
            code = script.main(recipe.task, recipe.script, [*arguments, *switches])
            if code or not _is_finished(folder, task, settings, files):
                return code
        start = str(folder)
    _write_command(out / MODEL, _format_command(name, recipe, source, fraction))
    for sentence in recipe.expected:
        terminal.print_note(f"Expected: {sentence}")
    return 0


def _format_command(name: str, recipe: Recipe, source: str, fraction: float) -> str:
    """Returns the command that repeats all phases, without folders of this machine."""
    data = [] if recipe.data.draw else ["--data", source if ":" in source else Path(source).name]
    shortened = [] if fraction == 1 else ["--fraction", f"{fraction:g}"]
    return shlex.join(["python", "-m", "training.make", name, *data, *shortened])


def _write_command(folder: Path, command: str) -> None:
    """Writes a command into a model and its card, in place of that of the last phase."""
    manifest = model_folder.read_manifest(folder)
    card = (folder / model_folder.CARD).read_text("utf-8").replace(manifest.data["command"], command)
    new_manifest = manifest.model_copy(update={"data": manifest.data | {"command": command}})
    paths.write(folder / model_folder.SETTINGS, new_manifest.model_dump_json().encode())
    paths.write(folder / model_folder.CARD, card.encode())


def _find_or_draw_data(data: Data, out: Path) -> str:
    """Returns the path of a recipe's data: a file of this name here or, for drawings, in `out`."""
    if not data.draw:
        return data.file
    path = out / data.file
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        terminal.print_note(f"Drawing {data.about}")
        if draw([*data.draw, "-o", str(path)]):
            raise Cancelled
    return str(path)


def _check_data(data: Data, source: str) -> None:
    """Raises `InvalidInput` if the data are missing; notes that other data give other figures."""
    path = Path(source)
    if not path.exists():
        if source == data.file:
            raise InvalidInput(f"{data.file} is missing. {data.get} Name it with --data.")
        return
    if data.sha256 and path.is_file() and paths.file_digest(path) != data.sha256:
        terminal.print_note(f"{path.name} is not the recipe's {data.file}, so the metrics will differ.")


def _is_finished(folder: Path, task: Task, settings: Settings, inputs: Inputs) -> bool:
    """Returns whether a folder holds the model of this training run, complete.

    Raises:
        InvalidInput: if it holds a model of another training run.
    """
    if not model_folder.is_folder(folder):
        return False
    outputs.check_same_training(folder, task.name, settings, inputs)
    return presets.find(folder).read_data().get("figures", {}).get("ended") != "cancelled"


def _run(arguments: argparse.Namespace) -> int:
    if not arguments.name:
        names = list_recipes()
        width = max(map(len, names)) + 2
        for name in names:
            console.print_line(f"{name:<{width}}{read_recipe(name).title}")
        return 0
    if not 0 < arguments.fraction <= 1:
        raise InvalidInput(f"Invalid --fraction: {arguments.fraction:g}. Use a number above 0, at most 1.")
    out = Path(arguments.out or f"runs/{arguments.name}")
    options = vars(arguments)
    return make(
        arguments.name,
        arguments.data,
        out,
        arguments.fraction,
        tuple(f"--{name}" for name in ("json", "quiet", "verbose") if options[name]),
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.make", description=__doc__.splitlines()[0])
    flags.prepare_command(parser, _run)
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="name of a shipped model; without it, list them"
    )
    parser.add_argument(
        "--data", metavar="FILE", help="training data (default: the recipe's file in this folder)"
    )
    parser.add_argument("-o", "--out", metavar="DIR", help="folder for the models (default: runs/NAME)")
    help = "train for this fraction of the steps, e.g. 0.1 for a quick trial (default: 1)"
    parser.add_argument("--fraction", type=float, default=1.0, metavar="SHARE", help=help)
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
