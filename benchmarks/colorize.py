"""Coloring: how near the colors come to a photo's own, and whether the lightness stays.

    python -m benchmarks.colorize PHOTOS [--json] [--network colors]

PHOTOS is a folder, tar, zip or npz of photos; those that a training holds out of them are measured. Without
it, sample photos are taken. A distance is that of a* and b*, the mean over the pixels of a photo, then over
the photos; each is given over that of the photo in gray. How far the lightness moves is told in levels of
gray, of the pixel where it moved most. Times are for a photo of its own, and P is one forward and backward
pass of VGG16, in the same process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.report import arguments, note, one_pass, seconds, show

SIZE, HELD_OUT = 96, 0.03  # as of the training of the network that ships
VIVID = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def photos(path: str, most: int) -> list[np.ndarray]:
    """Photos in color that no training saw, `(H, W, 3) uint8`; sample photos without a path."""
    from studio.colorize.learn.task import colorful
    from studio.core import data
    from studio.core.data.split import by_count
    from studio.core.imaging import image_io, sample_photos
    from studio.core.training.batches import evenly_spaced

    if not path:
        found = [image_io.fit(sample_photos.photo(name), 256) for name in sample_photos.photos()]
        return [one for one in found if colorful(one[None])[0]][:most]
    images = data.load_dataset(data.reference(path), SIZE).images
    colored = np.flatnonzero(colorful(images))
    held_out = colored[by_count(len(colored), HELD_OUT)[1]]  # what `colorize` was not trained on
    return [np.array(images[row]) for row in evenly_spaced(held_out, most)]


def nearness(network: str, truths: Sequence[np.ndarray]) -> dict[str, object]:
    """Distances at each vividness, and of the best of four variants at the usual one."""
    from studio.colorize import colorizer, lab
    from studio.colorize.settings import VIVIDNESS
    from studio.core.imaging import image_io
    from studio.core.models import presets

    made_by, figures = colorizer.open(presets.find(network)), {}
    grays = [image_io.gray(one).repeat(3, axis=2) for one in truths]

    true = [lab.from_rgb(one)[..., 1:] for one in truths]

    def away(how: colorizer.How) -> list[float]:
        made = (lab.from_rgb(made_by.color(gray, how)[0])[..., 1:] for gray in grays)
        return [float(np.linalg.norm(a - b, axis=-1).mean()) for a, b in zip(made, true, strict=True)]

    plain = float(np.mean([np.linalg.norm(one, axis=-1).mean() for one in true]))
    figures["photos"] = len(truths)
    figures["a*, b* of gray"] = plain
    for vividness in sorted({*VIVID, VIVIDNESS}):
        note(f"vividness {vividness}")
        usual = " (usual)" if vividness == VIVIDNESS else ""
        error = float(np.mean(away(colorizer.How(vividness))))
        figures[f"vividness {vividness}{usual}, times gray's"] = error / plain
    note("variants")
    four = np.array([away(colorizer.How(variant=n)) for n in range(4)])
    figures["the nearest of four colorings, times gray's"] = float(four.min(axis=0).mean()) / plain
    figures["lightness moved, levels"] = max(moved(made_by, gray) for gray in grays)
    return figures


def moved(made_by: Any, gray: np.ndarray) -> float:
    """How far the lightness of a gray photo moved at most, in levels of gray, in its boldest colors."""
    from studio.colorize import colorizer, lab

    levels = np.arange(256, dtype="uint8")
    light = lab.lightness(levels[:, None].repeat(3, axis=1))
    made = lab.lightness(made_by.color(gray, colorizer.How(1.0))[0])
    return float(np.abs(np.interp(made, light, levels) - gray[..., 0]).max())


def times(network: str, side: int, repeats: int) -> dict[str, object]:
    """Seconds to color a photo, warm, and how many passes of VGG16 that is."""
    from studio.colorize import colorizer
    from studio.core.imaging import image_io, sample_photos
    from studio.core.models import presets

    photo = image_io.resize(sample_photos.photo("astronaut"), side, side)
    made_by = colorizer.open(presets.find(network))
    took = seconds(lambda: made_by.color(photo, colorizer.How()), repeats)
    return {f"{side} px, s": took, f"P at {side} px": took / one_pass(side)}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--photos 1 --side 128 --repeats 1")
    parser.add_argument("data", nargs="?", default="", help="photos, as the training took them")
    parser.add_argument("--network", default="colorize", help="a preset's name")
    parser.add_argument("--photos", type=int, default=300, help="how many at most")
    parser.add_argument("--side", type=int, default=1024, help="of the photo that is timed")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args(argv)
    figures = nearness(chosen.network, photos(chosen.data, chosen.photos))
    note("times")
    figures |= times(chosen.network, chosen.side, chosen.repeats)
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
