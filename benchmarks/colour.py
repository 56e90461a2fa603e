"""Colouring: how near the colours come to a photo's own, and whether the lightness stays.

    python -m benchmarks.colour PHOTOS [--json] [--network colours]

PHOTOS is a folder, tar, zip or npz of photos; those that a training holds out of them are measured. Without
it, sample photos are taken. A distance is that of a* and b*, the mean over the pixels of a photo, then over
the photos; each is given over that of the photo in grey. How far the lightness moves is told in levels of
grey, of the pixel where it moved most. Times are for a photo of its own, and P is one forward and backward
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
    """Photos in colour that no training saw, `(H, W, 3) uint8`; sample photos without a path."""
    from studio.colour.learn.task import colourful
    from studio.core import data
    from studio.core.data.split import by_count
    from studio.core.pictures import images, sample_photos
    from studio.core.training.batches import evenly_spaced

    if not path:
        found = [images.fit(sample_photos.photo(name), 256) for name in sample_photos.photos()]
        return [one for one in found if colourful(one[None])[0]][:most]
    pictures = data.pictures(data.reference(path), SIZE).images
    coloured = np.flatnonzero(colourful(pictures))
    held_out = coloured[by_count(len(coloured), HELD_OUT)[1]]  # what `colours` was not trained on
    return [np.array(pictures[row]) for row in evenly_spaced(held_out, most)]


def nearness(network: str, truths: Sequence[np.ndarray]) -> dict[str, object]:
    """Distances at each vividness, and of the best of four variants at the usual one."""
    from studio.colour import colourer, lab
    from studio.colour.settings import VIVIDNESS
    from studio.core.models import presets
    from studio.core.pictures import images

    made_by, figures = colourer.open(presets.find(network)), {}
    greys = [images.gray(one).repeat(3, axis=2) for one in truths]

    true = [lab.from_rgb(one)[..., 1:] for one in truths]

    def away(how: colourer.How) -> list[float]:
        made = (lab.from_rgb(made_by.colour(grey, how))[..., 1:] for grey in greys)
        return [float(np.linalg.norm(a - b, axis=-1).mean()) for a, b in zip(made, true, strict=True)]

    plain = float(np.mean([np.linalg.norm(one, axis=-1).mean() for one in true]))
    figures["photos"] = len(truths)
    figures["a*, b* of grey"] = plain
    for vividness in sorted({*VIVID, VIVIDNESS}):
        note(f"vividness {vividness}")
        usual = " (usual)" if vividness == VIVIDNESS else ""
        error = float(np.mean(away(colourer.How(vividness))))
        figures[f"vividness {vividness}{usual}, times grey's"] = error / plain
    note("variants")
    four = np.array([away(colourer.How(variant=n)) for n in range(4)])
    figures["the nearest of four colourings, times grey's"] = float(four.min(axis=0).mean()) / plain
    figures["lightness moved, levels"] = max(moved(made_by, grey) for grey in greys)
    return figures


def moved(made_by: Any, grey: np.ndarray) -> float:
    """How far the lightness of a grey photo moved at most, in levels of grey, in its boldest colours."""
    from studio.colour import colourer, lab

    levels = np.arange(256, dtype="uint8")
    light = lab.lightness(levels[:, None].repeat(3, axis=1))
    made = lab.lightness(made_by.colour(grey, colourer.How(1.0)))
    return float(np.abs(np.interp(made, light, levels) - grey[..., 0]).max())


def times(network: str, side: int, repeats: int) -> dict[str, object]:
    """Seconds to colour a photo, warm, and how many passes of VGG16 that is."""
    from studio.colour import colourer
    from studio.core.models import presets
    from studio.core.pictures import images, sample_photos

    photo = images.resize(sample_photos.photo("astronaut"), side, side)
    made_by = colourer.open(presets.find(network))
    took = seconds(lambda: made_by.colour(photo, colourer.How()), repeats)
    return {f"{side} px, s": took, f"P at {side} px": took / one_pass(side)}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--photos 1 --side 128 --repeats 1")
    parser.add_argument("data", nargs="?", default="", help="photos, as the training took them")
    parser.add_argument("--network", default="colours", help="a preset's name")
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
