"""Draws the samples that the studio ships, in studio/core/samples.

Command: python -m training.drawings.samples [NAME ...]

It takes some minutes; its output is committed. Faces are lossless, because models are trained and tested on
them. Paintings are AVIF without chroma subsampling: a third of the size, with a mean absolute error of 2.4
(0 to 255).
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from studio.core.data import sample_sets
from studio.core.data.sample_sets import SHIPPED_FOLDER, SampleSet
from studio.core.imaging import paintings as sample_paintings
from training.drawings import avatars, paintings
from training.drawings.__main__ import save_arrays
from training.drawings.avatars import looks
from training.drawings.data_sets import draw_data_set

COUNTS = {"avatars": 1000, "sketches": 128}  # items of the data sets in npz files
SIZE = 224  # px, the input size of the networks
_STYLES = {
    **dict.fromkeys(("bald", "buzz"), "bald"),
    **dict.fromkeys(("long", "waves"), "long"),
    **dict.fromkeys(("spikes", "mohawk"), "spikes"),
    "afro": "round",
}


def accessory_of(look: looks.Look) -> str:
    """Returns the single accessory of a face; "" for several, or for beards, which hide as much."""
    if look.beard or (look.hat and look.glasses):
        return ""
    return "hat" if look.hat else "glasses" if look.glasses else "plain"


def hair_class_of(look: looks.Look) -> str:
    """Returns the class of a face's hair, if it is distinctive."""
    return "" if look.hat else _STYLES.get(look.style, "")


# For each set, the class of a face, and the seed of the first face, chosen to avoid near duplicates.
_CLASSES: dict[str, tuple[Callable[[looks.Look], str], int]] = {
    "cartoons": (accessory_of, 2000),
    "hair": (hair_class_of, 19000),
}


def draw_faces(sample_set: SampleSet) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the faces of a set with their classes."""
    class_of, seed = _CLASSES[sample_set.name]
    counts = dict.fromkeys(sample_set.classes, 0)
    while min(counts.values()) < sample_set.images_per_class:
        label = class_of(looks.choose(np.random.default_rng(seed)))
        if label and counts[label] < sample_set.images_per_class:
            counts[label] += 1
            yield label, avatars.draw(np.random.default_rng(seed), SIZE)[0]
        seed += 1


def write_sample(name: str, folder: Path = SHIPPED_FOLDER) -> Path:
    """Writes a painting or a data set into a folder and returns its file."""
    if name in sample_paintings.list_paintings():
        path = folder / "paintings" / f"{name}.avif"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(paintings.draw(name))
        image.save(path, "AVIF", quality=90, subsampling="4:4:4", speed=4)
    elif name in _CLASSES:
        path = folder / f"{name}.zip"
        _write_set(sample_sets.list_sets()[name], path)
    else:
        path = folder / f"{name}.npz"
        save_arrays(path, draw_data_set(name, COUNTS[name], seed=0))
    return path


def _write_set(sample_set: SampleSet, path: Path) -> None:
    counts = dict.fromkeys(sample_set.classes, 0)
    with zipfile.ZipFile(path, "w") as file:
        for label, image in draw_faces(sample_set):
            counts[label] += 1
            file.writestr(zipfile.ZipInfo(f"{label}/{counts[label]:03}.webp"), _encode_webp(image))


def _encode_webp(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", lossless=True, quality=100, method=6)
    return buffer.getvalue()


NAMES = (*sample_paintings.list_paintings(), *_CLASSES, *COUNTS)


def main(names: Sequence[str] = ()) -> None:
    """Draws these samples, or all if none is named."""
    for name in names or NAMES:
        write_sample(name)


if __name__ == "__main__":
    main(sys.argv[1:])
