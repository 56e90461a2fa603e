"""Sample data sets, drawn by our own code when they are asked for: free of any licence, made in seconds."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from studio.core import data, owners, paths
from studio.core.errors import StudioError, unknown
from studio.core.pictures import avatars, images
from studio.core.pictures.avatars import looks
from studio.core.progress import Progress
from studio.core.tasks import File

PREFIX = "sample:"
FORMAT = 4  # a new one makes all be drawn again
_SIZE = 224  # px, as the networks look at them


@dataclass(frozen=True)
class SampleSet:
    """A data set as plain data.

    Attributes:
        name: after `sample:`.
        title: what a page calls it.
        classes: the names of its folders.
        each: how many pictures a class has.
        class_of: which class a face belongs to, or "" for none.
        first: the seed of the first face, such that no two of the set are nearly the same.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    each: int
    class_of: Callable[[looks.Look], str]
    first: int


def _worn(look: looks.Look) -> str:
    """What a face has on, if it is one thing alone; without beards, which hide a face as much."""
    if look.beard or (look.hat and look.glasses):
        return ""
    return "hat" if look.hat else "glasses" if look.glasses else "plain"


def _hair(look: looks.Look) -> str:
    """The hair of a face, if it is of a kind that stands out."""
    return "" if look.hat else _STYLES.get(look.style, "")


_STYLES = {
    **dict.fromkeys(("bald", "buzz"), "bald"),
    **dict.fromkeys(("long", "waves"), "long"),
    **dict.fromkeys(("spikes", "mohawk"), "spikes"),
    "afro": "round",
}
_SETS = (
    SampleSet("cartoons", "What are they wearing?", ("glasses", "hat", "plain"), 32, _worn, 2000),
    SampleSet("hair", "What is their hair like?", ("bald", "long", "round", "spikes"), 24, _hair, 19000),
)


def sets() -> dict[str, SampleSet]:
    """The sample data sets by name, in the order to show them; draws nothing."""
    return {one.name: one for one in _SETS}


def reference(text: str, progress: Progress | None = None) -> File:
    """Draws a sample data set, the first time, and keeps it: a zip with a folder a class, always the same.

    Args:
        text: `sample:NAME`.
        progress: told of every picture.

    Raises:
        InvalidInput: if there is none of that name; the message names the closest.
        Cancelled: if a person asked to stop.
    """
    name, known = text.removeprefix(PREFIX), sets()
    if name not in known:
        raise unknown("sample data set", name, known)
    note = paths.folder("cache") / f"sample-{name}-{FORMAT}.digest"
    with contextlib.suppress(OSError, StudioError):
        digest = paths.kept(note.read_text()).name
        owners.grant(digest)  # anybody could draw it
        return File(digest, "dataset", f"{name}.zip")
    file = File.keep(_packed(known[name], progress or Progress()), "dataset", f"{name}.zip")
    paths.write(note, file.digest.encode())
    return file


def resolve(text: str, progress: Progress | None = None) -> File:
    """A data set as a person names it: `sample:NAME`, or as `studio.core.data.reference` takes it.

    Raises:
        StudioError: as `reference` here and there.
    """
    return reference(text, progress) if text.startswith(PREFIX) else data.reference(text)


def _packed(wanted: SampleSet, progress: Progress) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for label, number, picture in _drawn(wanted, progress):
            place = zipfile.ZipInfo(f"{label}/{number:03}.png", (1980, 1, 1, 0, 0, 0))
            file.writestr(place, images.encode_png(picture))
    return packed.getvalue()


def _drawn(wanted: SampleSet, progress: Progress) -> Iterator[tuple[str, int, np.ndarray]]:
    """Its pictures, each with its class and its number there."""
    counts, seed, total = dict.fromkeys(wanted.classes, 0), wanted.first, len(wanted.classes) * wanted.each
    while min(counts.values()) < wanted.each:
        label = wanted.class_of(looks.choose(np.random.default_rng(seed)))
        if label and counts[label] < wanted.each:
            counts[label] += 1
            picture, _ = avatars.draw(np.random.default_rng(seed), _SIZE)
            progress.report(sum(counts.values()), total, preview=picture.copy)
            yield label, counts[label], picture
        seed += 1
