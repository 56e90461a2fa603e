"""Ships a trained model with the studio: the only writer of pretrained/.

Command: python -m training.publish runs/shakespeare --name shakespeare --license CC-PDM-1.0
    --trained-on "plays of Shakespeare (tinyshakespeare.txt)"

Weights are shipped as float16, which halves their size; `--full` keeps float32. The settings.json of the
model must hold its figures and its command, as every training task saves them.
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

_LICENSE_PREFIX = "License: "
_DISCRIMINATORS = ("discriminator", "vgg16_discriminator")  # of a VAE, by the names in its weights
_MAX_BYTES = 62 * 10**6  # of all presets together


def publish(
    folder: Path,
    name: str,
    license: str,
    trained_on: str,
    full: bool = False,
    with_discriminator: bool = True,
) -> presets.Preset:
    """Copies a model folder to pretrained/NAME and enters it in pretrained/index.json.

    Args:
        folder: a model folder of a training run.
        name: lower-case letters, digits and hyphens.
        license: an SPDX identifier, or "research-only".
        trained_on: the data, in a few words.
        full: keeps float32.
        with_discriminator: keeps a VAE's discriminator, which only resumed training needs.

    Raises:
        InvalidInput: if the folder is incomplete, has no figures, or the presets get too large.
    """
    preset = presets.find(folder)
    model_data = preset.read_data()
    if not {"figures", "command"} <= model_data.keys():
        received, step = "none", "train it again"
        raise invalid("model", expected="figures and a command", received=received, next_step=step)
    target = paths.shipped_path("pretrained") / name
    with tempfile.TemporaryDirectory(dir=paths.ensure_folder("cache")) as folder_path:
        copy = Path(folder_path) / name
        shutil.copytree(preset.folder, copy)
        if not full:
            halve(
                preset.check_weights(),
                copy / model_folder.WEIGHTS,
                () if with_discriminator else _DISCRIMINATORS,
            )
        digest = paths.file_digest(copy / model_folder.WEIGHTS)
        manifest = json.loads((copy / model_folder.SETTINGS).read_bytes()) | {"weights": digest}
        (copy / model_folder.SETTINGS).write_text(_format_json(manifest))
        (copy / model_folder.CARD).write_text(_replace_license(preset.read_card(), license))
        presets.unpack(model_zip.pack(copy), target)  # checks it again
        litert = write_litert(target, not full)
    figures = model_data["figures"].items()
    metrics = {k: v for k, v in figures if isinstance(v, int | float) and not isinstance(v, bool)}
    entry = {
        "task": preset.task,
        "folder": name,
        "sha256": digest,
        "license": license,
        "trained_on": trained_on,
        "command": model_data["command"],
        "figures": metrics,
        "litert": litert,
    }
    _add_to_index(name, entry)
    return presets.find(name)


def write_litert(folder: Path, half: bool = True) -> dict[str, str]:
    """Writes the LiteRT files of a model into its folder. Returns their SHA-256 by name of the network.

    Args:
        folder: a model folder.
        half: stores weights as float16, like those of the model.
    """
    preset = presets.find(folder)
    task = tasks.get(preset.task)
    if not task.load_networks:
        return {}
    if task.list_embedded_weights and tasks.import_object(task.list_embedded_weights)(preset):
        return {}  # it is converted on first use, because the studio ships no weights of others
    convert.convert(preset, folder, half)
    return {path.stem: paths.file_digest(path) for path in sorted(folder.glob("*.tflite"))}


def _format_json(manifest: dict[str, object]) -> str:
    """Formats JSON with one line per name and per row of numbers, which saves disk space."""
    # JSON strings contain no line breaks.
    return re.sub(r"\n *(?=[-0-9])", " ", json.dumps(manifest, indent=1))


def halve(source: Path, target: Path, excluded: Collection[str] = ()) -> None:
    """Writes weights as float16; Keras loads them as float32.

    Args:
        excluded: names of networks to leave out.
    """
    import h5py

    # Write a new file: HDF5 does not free the space of replaced data.
    with h5py.File(source, "r") as source_file, h5py.File(target, "w") as target_file:
        _copy_as_float16(source_file, target_file, excluded)


def _copy_as_float16(source: h5py.Group, target: h5py.Group, excluded: Collection[str] = ()) -> None:
    import h5py

    target.attrs.update(source.attrs)
    for name, item in source.items():
        if name in excluded:
            continue
        if isinstance(item, h5py.Group):
            _copy_as_float16(item, target.create_group(name))
        else:
            target.create_dataset(
                name, data=item[()], dtype="float16" if item.dtype == "float32" else item.dtype
            )


def _replace_license(card: str, license: str) -> str:
    lines = [
        f"{_LICENSE_PREFIX}{license}" if line.startswith(_LICENSE_PREFIX) else line
        for line in card.splitlines()
    ]
    return "\n".join(lines) + "\n"


def _add_to_index(name: str, entry: dict[str, object]) -> None:
    path = paths.shipped_path("pretrained") / "index.json"
    index_data = json.loads(path.read_bytes())
    index_data["presets"][name] = entry
    index.Index.model_validate(index_data)
    paths.write(path, (json.dumps(index_data, indent=2, ensure_ascii=False) + "\n").encode())
    index.load.cache_clear()
    size = sum(file.stat().st_size for file in path.parent.rglob("*") if file.is_file())
    if size > _MAX_BYTES:
        limit = amounts.format_bytes(_MAX_BYTES)
        terminal.print_note(
            f"All presets have {amounts.format_bytes(size)}, more than the {limit} that are agreed."
        )


def _run(arguments: argparse.Namespace) -> int:
    preset = publish(
        Path(arguments.folder),
        arguments.name,
        arguments.license,
        arguments.trained_on,
        arguments.full,
        not arguments.without_discriminator,
    )
    console.print_line(str(preset.folder))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.publish", description=__doc__.splitlines()[0])
    flags.prepare_command(parser, _run)
    parser.add_argument("folder", metavar="DIR", help="the model's folder")
    parser.add_argument("--name", required=True, help="name of the published model")
    parser.add_argument("--license", required=True, help="an SPDX identifier, or research-only")
    parser.add_argument("--trained-on", required=True, help="short description of the training data")
    size_options = parser.add_mutually_exclusive_group()
    size_options.add_argument("--full", action="store_true", help="keep float32")
    size_options.add_argument(
        "--without-discriminator",
        action="store_true",
        help=("leave out a VAE's discriminator, which only training needs"),
    )
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
