"""Takes a trained model into the studio: the only writer of pretrained/.

Command: python -m training.publish runs/shakespeare --name shakespeare --license CC-PDM-1.0
    --trained-on "plays of Shakespeare (tinyshakespeare.txt)"

Weights are shipped as float16, which halves their size; `--full` keeps them as they are. The settings.json of
the model must hold its figures and its command, as every training task saves them.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from studio import cli
from studio.cli import console, flags
from studio.core import amounts, paths, tasks
from studio.core.errors import invalid
from studio.core.litert import convert
from studio.core.models import model_folder, model_zip, presets
from studio.core.weights import index
from studio.run import terminal

if TYPE_CHECKING:
    import h5py

_STATED = "License: "
_DISCRIMINATORS = ("discriminator", "vgg16_discriminator")  # of a VAE, as its weights name them
_MOST_BYTES = 58 * 10**6  # of all presets together


def publish(
    folder: Path, name: str, license: str, trained_on: str, full: bool = False, judged: bool = True
) -> presets.Preset:
    """Copies a model folder to pretrained/NAME and enters it in pretrained/index.json.

    Args:
        folder: a model folder, as a training made it.
        name: lower-case letters, digits and hyphens.
        license: an SPDX identifier, or "research-only".
        trained_on: the data, in a few words.
        full: keeps float32.
        judged: keeps a VAE's discriminator, which only a training run that continues uses.

    Raises:
        InvalidInput: if the folder is not whole, has no figures, or there would be too much to ship.
    """
    found = presets.find(folder)
    data = found.data()
    if not {"figures", "command"} <= data.keys():
        received, step = "none", "train it again"
        raise invalid("model", expected="figures and a command", received=received, next_step=step)
    target = paths.shipped("pretrained") / name
    with tempfile.TemporaryDirectory(dir=paths.folder("cache")) as place:
        copy = Path(place) / name
        shutil.copytree(found.folder, copy)
        if not full:
            halve(found.weights(), copy / model_folder.WEIGHTS, () if judged else _DISCRIMINATORS)
        digest = paths.file_digest(copy / model_folder.WEIGHTS)
        made = json.loads((copy / model_folder.SETTINGS).read_bytes()) | {"weights": digest}
        (copy / model_folder.SETTINGS).write_text(_laid_out(made))
        (copy / model_folder.CARD).write_text(_with_license(found.card(), license))
        presets.unpack(model_zip.zipped(copy), target)  # which checks it once more
        litert = write_litert(target, not full)
    figures = data["figures"].items()
    numbers = {k: v for k, v in figures if isinstance(v, int | float) and not isinstance(v, bool)}
    entry = {
        "task": found.task,
        "folder": name,
        "sha256": digest,
        "license": license,
        "trained_on": trained_on,
        "command": data["command"],
        "figures": numbers,
        "litert": litert,
    }
    _enter(name, entry)
    return presets.find(name)


def write_litert(folder: Path, half: bool = True) -> dict[str, str]:
    """Writes the LiteRT files of a model into its folder. Returns the SHA-256 of each by its network's name.

    Args:
        folder: a model folder.
        half: stores weights as float16, as those of the model are.
    """
    preset = presets.find(folder)
    if not tasks.get(preset.task).networks:
        return {}
    convert.convert(preset, folder, half)
    return {path.stem: paths.file_digest(path) for path in sorted(folder.glob("*.tflite"))}


def _laid_out(made: dict[str, object]) -> str:
    """JSON with a line for each name and each row of numbers: a line for each number would take more room."""
    return re.sub(r"\n *(?=[-0-9])", " ", json.dumps(made, indent=1))  # no text in JSON has a line's end


def halve(source: Path, target: Path, without: Collection[str] = ()) -> None:
    """Writes weights with every float32 array as float16; Keras reads them into float32 again.

    Args:
        without: names of networks to leave out.
    """
    import h5py

    # Written again: HDF5 does not give back the room of what is replaced.
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        _copy(old, new, without)


def _copy(old: h5py.Group, new: h5py.Group, without: Collection[str] = ()) -> None:
    import h5py

    new.attrs.update(old.attrs)
    for name, one in old.items():
        if name in without:
            continue
        if isinstance(one, h5py.Group):
            _copy(one, new.create_group(name))
        else:
            new.create_dataset(name, data=one[()], dtype="float16" if one.dtype == "float32" else one.dtype)


def _with_license(card: str, license: str) -> str:
    lines = [f"{_STATED}{license}" if line.startswith(_STATED) else line for line in card.splitlines()]
    return "\n".join(lines) + "\n"


def _enter(name: str, entry: dict[str, object]) -> None:
    path = paths.shipped("pretrained") / "index.json"
    listed = json.loads(path.read_bytes())
    listed["presets"][name] = entry
    index.Index.model_validate(listed)
    paths.write(path, (json.dumps(listed, indent=2, ensure_ascii=False) + "\n").encode())
    index.shipped.cache_clear()
    size = sum(file.stat().st_size for file in path.parent.rglob("*") if file.is_file())
    if size > _MOST_BYTES:
        agreed = amounts.size(_MOST_BYTES)
        terminal.note(f"All presets have {amounts.size(size)}, more than the {agreed} that are agreed.")


def _run(arguments: argparse.Namespace) -> int:
    made = publish(
        Path(arguments.folder),
        arguments.name,
        arguments.license,
        arguments.trained_on,
        arguments.full,
        not arguments.without_discriminator,
    )
    console.say(str(made.folder))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.publish", description=__doc__.splitlines()[0])
    flags.prepare_leaf(parser, _run)
    parser.add_argument("folder", metavar="DIR", help="the model's folder")
    parser.add_argument("--name", required=True, help="what people call it")
    parser.add_argument("--license", required=True, help="an SPDX identifier, or research-only")
    parser.add_argument("--trained-on", required=True, help="the data, in a few words")
    room = parser.add_mutually_exclusive_group()
    room.add_argument("--full", action="store_true", help="keep float32")
    room.add_argument(
        "--without-discriminator",
        action="store_true",
        help=("leave out a VAE's discriminator, which only a training needs"),
    )
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
