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
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from studio import cli
from studio.cli import console, flags
from studio.core import amounts, paths
from studio.core.data import arrays
from studio.core.errors import invalid
from studio.core.progress import Progress
from studio.run import outputs
from training.drawings import avatars, images, sketches

_KINDS: dict[str, tuple[Callable[[int, int, Progress, int], Mapping[str, np.ndarray]], int]] = {
    "avatars": (avatars.collection, 64),
    "sketches": (sketches.collection, 96),
    "images": (images.collection, 224),
}  # each with its default size
_MOST, _SIZES, _STEP = 200_000, (16, 1024), 4


def save(path: Path, arrays_by_name: Mapping[str, np.ndarray]) -> None:
    """Writes a reproducible npz atomically."""
    with paths.replacing(path) as temporary:
        arrays.write(temporary, arrays_by_name)


def _run(arguments: argparse.Namespace) -> int:
    collection, usual = _KINDS[arguments.kind]
    size = arguments.size or usual
    place = outputs.resolve(arguments.out, "dataset")
    _check(place, arguments.kind, arguments.count, size, arguments.seed)
    started = time.monotonic()
    with console.show_progress(f"Drawing {arguments.kind}", arguments) as progress:
        arrays_by_name = collection(arguments.count, arguments.seed, progress, size)
        progress.stage("Saving")
        save(place, arrays_by_name)
    path = outputs.display_path(place, arguments.out)
    if arguments.json:
        facts = {name: one for name, one in arrays_by_name.items() if one.ndim == 1}
        means = {name: round(float(values.mean()), 4) for name, values in facts.items()}
        console.print_json({"path": path, "seconds": round(time.monotonic() - started, 3), "means": means})
    else:
        console.print_line(str(path))
    return 0


def _check(path: Path, kind: str, count: int, size: int, seed: int) -> None:
    if path.suffix.lower() != ".npz":
        expected, received = "a name that ends in .npz", path.suffix or "a name without an ending"
        raise invalid("output", expected=expected, received=received, next_step="name it so")
    for name, value, least, most in (
        ("-n", count, 1, _MOST),
        ("--size", size, *_SIZES),
        ("--seed", seed, 0, 2**31),
    ):
        if not least <= value <= most:
            step = "choose a number in between"
            raise invalid(name, expected=f"{least:,} to {most:,}", received=value, next_step=step)
    if size % _STEP:
        step = f"choose {size - size % _STEP}"
        raise invalid("--size", expected=f"a multiple of {_STEP}", received=size, next_step=step)
    each = _KINDS[kind][0](0, 0, Progress(), size).values()  # an empty collection gives the shapes
    if count * sum(math.prod(one.shape[1:]) * one.itemsize for one in each) > arrays.MOST_BYTES:
        expected = f"at most {amounts.size(arrays.MOST_BYTES)} of arrays"
        received = f"{count:,} of {size} x {size} px"
        raise invalid("-n", expected=expected, received=received, next_step="draw fewer or smaller ones")


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.drawings", description=__doc__.splitlines()[0])
    flags.prepare_command(parser, _run)
    usual = ", ".join(f"{size} of {kind}" for kind, (_, size) in _KINDS.items())
    parser.add_argument("kind", choices=_KINDS, metavar="KIND", help=f"one of {', '.join(_KINDS)}")
    parser.add_argument("-o", "--out", required=True, metavar="FILE.npz", help="where to write them")
    parser.add_argument(
        "-n", "--count", type=int, default=20_000, metavar="N", help="how many (default 20,000)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of every random draw (default 0)")
    parser.add_argument("--size", type=int, metavar="PX", help=f"of their sides (default {usual})")
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
