"""Faces: generated faces per second, and the lowest FID to expect.

    python -m benchmarks.faces [--json] [--preset faces-dcgan] [--floor DATA] [--n 1000] [--size 64]
        [--channels 3]

`--floor` is the FID of real images against others of the same data: no model can be expected below. FID and
KID of a preset: `studio score PRESET DATA`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.report import make_parser, measure_seconds, note, print_figures
from studio.core import data, tasks
from studio.core.generators import latent
from studio.core.metrics import inception, scores
from studio.core.models import presets


def measure_drawing(name: str) -> dict[str, object]:
    """Measures faces per second in batches, and the milliseconds of one face, in this process."""
    note("drawing")
    preset = presets.find(name)
    generator = tasks.import_object(tasks.get(preset.task).load_generator)(preset)
    batch, single = (latent.sample(generator, n, seed=0) for n in (640, 1))
    return {
        f"{name}, faces a second": len(batch) / measure_seconds(lambda: generator.decode(batch), times=3),
        f"{name}, one face, ms": 1000 * measure_seconds(lambda: generator.decode(single), times=20, warm=3),
    }


def measure_floor(path: str, n: int, size: int, channels: int) -> dict[str, object]:
    """Computes FID and KID of n real images against n others, the lowest values to expect of a model."""
    note("floor")
    images = data.load_dataset(data.store_reference(path), size, channels).images
    rows = np.random.default_rng(0).permutation(len(images))[: 2 * n]
    first, second = np.array_split(inception.compute_features(images[rows]), 2)
    label = f"{len(first):,} real images against {len(second):,} others, {size} px"
    return {
        f"FID of {label}": str(scores.fid(first, second)),
        f"KID of {label}": str(scores.kid(first, second)),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--preset digits-vae")
    parser.add_argument("--preset", default="", help="measure the drawing of a preset")
    parser.add_argument("--floor", metavar="DATA", help="FID of real images against others")
    parser.add_argument("--n", type=int, default=1000, help="of each, for the floor")
    parser.add_argument("--size", type=int, default=64, help="px, for the floor")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="for the floor")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    if args.preset:
        figures |= measure_drawing(args.preset)
    if args.floor:
        figures |= measure_floor(args.floor, args.n, args.size, args.channels)
    print_figures(figures or {"nothing": "asked; see --help"}, args.json)


if __name__ == "__main__":
    main()
