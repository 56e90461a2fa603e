"""Draws a training data set by code, free of any license.

Command: python -m training.drawings avatars -o avatars.npz -n 20000 --seed 0

avatars: cartoon faces, `images`, `(n, size, size, 3) uint8`, and one float array per attribute: smile,
glasses, hat, beard, hair_length. sketches: cartoon faces with sketches, the data of training.train_sketch.
images: faces and paintings, to use as `--drawings` of training.train_enhance. The same seed gives the same
bytes.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from studio import cli
from studio.cli import console, flags
from studio.core import amounts, paths
from studio.core.data import arrays
from studio.core.errors import invalid
from studio.run import outputs
from training.drawings.data_sets import KINDS, draw_data_set

_MAX_COUNT, _SIZE_RANGE, _SIZE_STEP = 200_000, (16, 1024), 4


def save_arrays(path: Path, arrays_by_name: Mapping[str, np.ndarray]) -> None:
    """Writes a reproducible npz atomically."""
    with paths.replacing(path) as temporary:
        arrays.write(temporary, arrays_by_name)


def _run(arguments: argparse.Namespace) -> int:
    size = arguments.size or KINDS[arguments.kind].size
    path = outputs.resolve_output(arguments.out, "dataset")
    _check_arguments(path, arguments.kind, arguments.count, size, arguments.seed)
    started = time.monotonic()
    with console.show_progress(f"Drawing {arguments.kind}", arguments) as progress:
        arrays_by_name = draw_data_set(arguments.kind, arguments.count, arguments.seed, progress, size)
        progress.report_stage("Saving")
        save_arrays(path, arrays_by_name)
    shown_path = outputs.display_path(path, arguments.out)
    if arguments.json:
        facts = {name: array for name, array in arrays_by_name.items() if array.ndim == 1}
        means = {name: round(float(array.mean()), 4) for name, array in facts.items()}
        console.print_json(
            {"path": shown_path, "seconds": round(time.monotonic() - started, 3), "means": means}
        )
    else:
        console.print_line(str(shown_path))
    return 0


def _check_arguments(path: Path, kind: str, count: int, size: int, seed: int) -> None:
    if path.suffix.lower() != ".npz":
        expected, received = "a name that ends in .npz", path.suffix or "a name without an ending"
        raise invalid("output", expected=expected, received=received, next_step="name it so")
    for name, value, low, high in (
        ("-n", count, 1, _MAX_COUNT),
        ("--size", size, *_SIZE_RANGE),
        ("--seed", seed, 0, 2**31),
    ):
        if not low <= value <= high:
            step = "choose a number in between"
            raise invalid(name, expected=f"{low:,} to {high:,}", received=value, next_step=step)
    if size % _SIZE_STEP:
        step = f"choose {size - size % _SIZE_STEP}"
        raise invalid("--size", expected=f"a multiple of {_SIZE_STEP}", received=size, next_step=step)
    shapes = KINDS[kind].describe_item(size).values()
    item_bytes = sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in shapes)
    if count * item_bytes > arrays.MAX_BYTES:
        expected = f"at most {amounts.format_bytes(arrays.MAX_BYTES)} of arrays"
        received = f"{count:,} of {size} x {size} px"
        raise invalid("-n", expected=expected, received=received, next_step="draw fewer or smaller ones")


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.drawings", description=__doc__.splitlines()[0])
    flags.prepare_command(parser, _run)
    default_sizes = ", ".join(f"{kind.size} of {name}" for name, kind in KINDS.items())
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=f"one of {', '.join(KINDS)}")
    parser.add_argument("-o", "--out", required=True, metavar="FILE.npz", help="path of the file to write")
    parser.add_argument(
        "-n", "--count", type=int, default=20_000, metavar="N", help="number of drawings (default 20,000)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default 0)")
    parser.add_argument("--size", type=int, metavar="PX", help=f"side length in px (default {default_sizes})")
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
