"""Sample data sets, made here in seconds when they are asked for: most drawn by our own code, free of any
licence."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core import data, owners, paths
from studio.core.data import arrays
from studio.core.errors import StudioError, Unavailable, unknown
from studio.core.pictures import avatars, images, sample_photos
from studio.core.pictures.avatars import looks
from studio.core.progress import Progress
from studio.core.tasks import File

PREFIX = "sample:"
FORMAT = 1  # a new one makes all be drawn again
_SIZE = 224  # px, as the networks look at them
_AVATARS = 1000
_DIGIT, _MARGIN = 24, 4  # px: three times as large as the digits were kept, and the black around them
_CUT, _CUTS, _LEAST_CUT = 256, 16, 0.45  # px of a cut-out, how many a photo gives, and its least share of it


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


@dataclass(frozen=True)
class Collection:
    """Many pictures without classes, for models that learn to draw or to paint.

    Attributes:
        name: after `sample:`.
        title: what a page calls it.
        make: draws or reads all of them, as the arrays of an npz.
    """

    name: str
    title: str
    make: Callable[[Progress], Mapping[str, np.ndarray]]


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


def _avatars(progress: Progress) -> Mapping[str, np.ndarray]:
    faces, facts = avatars.collection(_AVATARS, 0, progress)
    return {"images": faces, **facts}


def _digits(progress: Progress) -> Mapping[str, np.ndarray]:
    """Handwritten digits, `(1797, 32, 32, 3) uint8`, white on black: those that scikit-learn brings along.

    Reference:
        Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI, CC BY 4.0.
    """
    progress.stage("Reading the digits")
    # Read without scikit-learn itself, which takes a server a second and much memory to load.
    found = importlib.util.find_spec("sklearn")
    if found is None or found.origin is None:
        raise Unavailable("The digits are a part of scikit-learn. Run `pip install scikit-learn`.")
    rows = np.loadtxt(Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    shades = np.rint(rows[:, :64].reshape(-1, 8, 8, 1).repeat(3, -1) * (255 / 16)).astype("uint8")
    large = np.stack([images.resize(one, _DIGIT, _DIGIT) for one in shades])
    return {"images": np.pad(large, ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)))}


def _cutouts(progress: Progress) -> Mapping[str, np.ndarray]:
    """Squares of the sample photos, `(96, 256, 256, 3) uint8`, from a detail to nearly all of one."""
    progress.stage("Cutting out the photos")
    rng = np.random.default_rng(0)
    photos = [sample_photos.photo(name) for name in sample_photos.photos()]
    return {"images": np.stack([_cutout(photo, rng) for _ in range(_CUTS) for photo in photos])}


def _cutout(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = photo.shape[:2]
    side = round(min(height, width) * rng.uniform(_LEAST_CUT, 1))
    down, right = (int(rng.integers(0, length - side + 1)) for length in (height, width))
    return images.resize(photo[down : down + side, right : right + side], _CUT, _CUT)


_COLLECTIONS = (
    Collection("avatars", f"{_AVATARS:,} cartoon faces, drawn by the studio itself.", _avatars),
    Collection("digits", "1,797 handwritten digits of 43 people, which come with scikit-learn.", _digits),
)
_PRACTICE = (Collection("photos", "96 squares cut out of the six sample photos; some overlap.", _cutouts),)


def sets() -> dict[str, SampleSet]:
    """The sample data sets with classes by name, in the order to show them; draws nothing."""
    return {one.name: one for one in _SETS}


def collections() -> dict[str, Collection]:
    """The sample data sets to learn to draw from, as `sets`."""
    return {one.name: one for one in _COLLECTIONS}


def practice() -> dict[str, Collection]:
    """The sample photos for networks that paint photos to practise on, as `sets`."""
    return {one.name: one for one in _PRACTICE}


def names() -> list[str]:
    """The names of all of them."""
    return [*sets(), *_of_pictures()]


def _of_pictures() -> dict[str, Collection]:
    return collections() | practice()


def reference(text: str, progress: Progress | None = None) -> File:
    """Makes a sample data set, the first time, and keeps it, always the same: a zip with a folder a class,
    or an npz of pictures without classes.

    Args:
        text: `sample:NAME`.
        progress: told of every picture.

    Raises:
        InvalidInput: if there is none of that name; the message names the closest.
        Cancelled: if a person asked to stop.
    """
    name = text.removeprefix(PREFIX)
    if name not in names():
        raise unknown("sample data set", name, names())
    note = paths.folder("cache") / f"sample-{name}-{FORMAT}.digest"
    with contextlib.suppress(OSError, StudioError):
        digest = paths.kept(note.read_text()).name
        owners.grant(digest)  # anybody could draw it
        return File(digest, "dataset", _file_name(name))
    file = File.keep(_packed(name, progress or Progress()), "dataset", _file_name(name))
    paths.write(note, file.digest.encode())
    return file


def resolve(text: str, progress: Progress | None = None) -> File:
    """A data set as a person names it: `sample:NAME`, or as `studio.core.data.reference` takes it.

    Raises:
        StudioError: as `reference` here and there.
    """
    return reference(text, progress) if text.startswith(PREFIX) else data.reference(text)


def _file_name(name: str) -> str:
    return f"{name}.npz" if name in _of_pictures() else f"{name}.zip"


def _packed(name: str, progress: Progress) -> bytes:
    packed = io.BytesIO()
    if name in _of_pictures():
        arrays.write(packed, _of_pictures()[name].make(progress))
        return packed.getvalue()
    wanted = sets()[name]
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
