"""Measures a network of house styles on held-out photos, and writes it with new figures and a new card.

Command: python -m training.measure_style house flowers5_3000.tar -o runs/measured --looked-at 8
then: python -m training.publish runs/measured --name house --full --license MIT --trained-on "..."

The network must have styles that the studio draws. Its weights are copied unchanged. `--looked-at` leaves out
the first held-out photos: earlier tests used them to choose weights.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from studio import cli
from studio.cli import console, flags
from studio.core import data, paths
from studio.core.data import split
from studio.core.errors import invalid
from studio.core.imaging import paintings
from studio.core.models import model_folder, presets
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced
from studio.style.house import card, known_styles
from studio.style.house.held_out_losses import FINAL_PHOTOS, HeldOutLosses
from studio.style.house.settings import MIN_PHOTOS
from studio.style.house.task import compute_style_grams


def measure(
    preset: presets.Preset, photos: str, skipped: int, count: int, progress: Progress
) -> HeldOutLosses:
    """Measures the losses of a network on the held-out photos of its training, each in every style.

    Args:
        preset: a network of styles that the studio draws.
        photos: its training data set.
        skipped: number of the first held-out photos to leave out.
        count: photos to test on, evenly spaced over the others.

    Raises:
        InvalidInput: if it has other styles, or no photo is left.
    """
    from studio.core.objectives import backbones
    from studio.style.house import paint
    from studio.style.house.train import Trainer

    names = known_styles.styles_of(preset)
    if unknown := sorted(set(names) - set(paintings.list_paintings())):
        expected, step = "styles that the studio draws", "measure a network of those"
        raise invalid("network", expected=expected, received=", ".join(unknown), next_step=step)
    # Compare the style over the whole image, like the fine mode, in float32.
    settings = known_styles.settings_of(preset).model_copy(update={"parts": 1, "precision": "float32"})
    dataset = data.load_dataset(
        data.store_reference(photos), settings.photo_side, 3, progress, min_images=MIN_PHOTOS
    )
    if "least_held_out" in preset.read_data().get("figures", {}):
        train_rows, test_rows = split.split(split.compute_positions(dataset, progress), settings.held_out)
    else:
        train_rows, test_rows = split.split_by_count(len(dataset.images), settings.held_out)
    if not 0 <= skipped < len(test_rows):
        expected, step = f"0 to {len(test_rows) - 1}, one less than are held out", "choose another number"
        raise invalid("--looked-at", expected=expected, received=skipped, next_step=step)
    vgg16 = backbones.load("vgg16", progress).average_pooling
    target_grams = compute_style_grams(
        names, {name: paintings.read_painting(name) for name in names}, vgg16, settings, progress
    )
    trainer_args = (settings, target_grams, range(len(names)), vgg16)
    trainer = Trainer(dataset.images, train_rows, test_rows, *trainer_args, start=paint.load_keras(preset))
    progress.report_stage("Painting held-out photos")
    return trainer.measure(select_evenly_spaced(test_rows[skipped:], count), progress)


def write_model(preset: presets.Preset, losses: HeldOutLosses, target: Path) -> None:
    """Writes a model with the figures of a test and a new card; copies its weights unchanged."""
    names, manifest = known_styles.styles_of(preset), model_folder.read_manifest(preset.folder)
    figures = {**losses.to_figures(), "tested_styles": list(names), "tested_parts": 1}
    model_data = {**manifest.data, "figures": {**manifest.data["figures"], **figures}}
    settings = known_styles.settings_of(preset)
    text = card.compose(
        model_data["trained_on"], settings, model_data["figures"], model_data["command"], names
    )
    with model_folder.replacing(target) as fresh:
        shutil.copytree(preset.folder, fresh, dirs_exist_ok=True)
        changed = manifest.model_copy(update={"data": model_data}).model_dump(mode="json")
        paths.write(fresh / model_folder.SETTINGS, json.dumps(changed, indent=1).encode())
        paths.write(fresh / model_folder.CARD, text.encode())


def _run(arguments: argparse.Namespace) -> int:
    preset = presets.find(arguments.network)
    with console.show_progress("Measuring", arguments) as progress:
        losses = measure(preset, arguments.data, arguments.looked_at, arguments.photos, progress)
    write_model(preset, losses, Path(arguments.out))
    if arguments.json:
        console.print_json({"path": arguments.out, "figures": losses.to_figures()})
    else:
        console.print_line(arguments.out)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.measure_style", description=__doc__.splitlines()[0])
    flags.prepare_command(parser, _run)
    parser.add_argument("network", metavar="PRESET", help="a network of house styles")
    parser.add_argument("data", metavar="DATA", help="the photos that the network was trained on")
    parser.add_argument("-o", "--out", metavar="DIR", required=True, help="folder to save the model in")
    parser.add_argument(
        "--looked-at", type=int, default=0, help="number of held-out photos to skip, from the first"
    )
    parser.add_argument(
        "--photos",
        type=int,
        default=FINAL_PHOTOS,
        help=f"number of photos to measure after those (default {FINAL_PHOTOS})",
    )
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
