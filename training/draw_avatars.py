"""Draws cartoon faces by our own code, free of any licence, as a data set to train on.

Command: python -m training.draw_avatars -o avatars.npz -n 20000 --seed 0

The npz holds `images`, `(n, size, size, 3) uint8`, and what each face shows as one array of floats a fact:
smile, glasses, hat, beard, hair_length. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
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
from studio.core.pictures import avatars
from studio.run import outputs

_MOST, _SIZES = 200_000, (16, 256)
_MOST_BYTES = 4 * 2**30  # as large as an npz may be that the studio reads


def save(path: Path, made: Mapping[str, np.ndarray]) -> None:
    """Writes an npz whose bytes tell nothing but its arrays, whole or not at all."""
    with paths.replacing(path) as temporary:
        arrays.write(temporary, made)


def _run(arguments: argparse.Namespace) -> int:
    place = outputs.checked(arguments.out, "dataset")
    _check(place, arguments.count, arguments.size, arguments.seed)
    started = time.monotonic()
    with console.working("Drawing faces", arguments) as progress:
        images, facts = avatars.collection(arguments.count, arguments.seed, progress, arguments.size)
        progress.stage("Saving")
        save(place, {"images": images, **facts})
    path = outputs.shown_place(place, arguments.out)
    if arguments.json:
        shares = {name: round(float(values.mean()), 4) for name, values in facts.items()}
        console.say_json({"path": path, "seconds": round(time.monotonic() - started, 3), "means": shares})
    else:
        console.say(str(path))
    return 0


def _check(path: Path, count: int, size: int, seed: int) -> None:
    if path.suffix.lower() != ".npz":
        expected, received = "a name that ends in .npz", path.suffix or "a name without an ending"
        raise invalid("output", expected=expected, received=received, next_step="name it so")
    for name, value, least, most in (
        ("-n", count, 1, _MOST),
        ("--size", size, *_SIZES),
        ("--seed", seed, 0, 2**63),
    ):
        if not least <= value <= most:
            step = "choose a number in between"
            raise invalid(name, expected=f"{least:,} to {most:,}", received=value, next_step=step)
    if count * size * size * 3 > _MOST_BYTES:
        expected = f"at most {amounts.size(_MOST_BYTES)} of pictures"
        received = f"{count:,} of {size} x {size} px"
        raise invalid("-n", expected=expected, received=received, next_step="draw fewer or smaller ones")


def main(argv: list[str] | None = None) -> int:
    """Runs the script. Returns the exit code."""
    parser = flags.Parser("python -m training.draw_avatars", description=__doc__.splitlines()[0])
    flags.prepare_leaf(parser, _run)
    parser.add_argument("-o", "--out", required=True, metavar="FILE.npz", help="where to write them")
    parser.add_argument(
        "-n", "--count", type=int, default=20_000, metavar="N", help="how many (default 20,000)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of every random draw (default 0)")
    parser.add_argument("--size", type=int, default=64, metavar="PX", help="of their sides (default 64)")
    return cli.main(argv, parser)


if __name__ == "__main__":
    sys.exit(main())
