"""Sample data sets: files that the studio ships, drawn by `training.drawings`, and some that are made in
seconds from what other packages bring."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core import data, owners, paths
from studio.core.data import arrays
from studio.core.errors import StudioError, Unavailable, unknown
from studio.core.imaging import image_io, sample_photos
from studio.core.progress import Progress
from studio.core.tasks import File

PREFIX = "sample:"
SHIPPED = Path(__file__).parents[1] / "samples"
FORMAT = 1  # a new one makes all be made again
_DIGIT, _MARGIN = 24, 4  # px: three times as large as the digits were kept, and the black around them
_CUT, _CUTS, _LEAST_CUT = 256, 16, 0.45  # px of a cut-out, how many a photo gives, and its least share of it


@dataclass(frozen=True)
class SampleSet:
    """A data set as plain data.

    Attributes:
        name: after `sample:`.
        title: what a page calls it.
        classes: the names of its folders.
        each: how many images per class has.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    each: int


@dataclass(frozen=True)
class Collection:
    """Many images without classes, for models that learn to draw or to paint.

    Attributes:
        name: after `sample:`.
        title: what a page calls it.
        make: reads all of them, as the arrays of an npz; None where the studio ships that npz.
    """

    name: str
    title: str
    make: Callable[[Progress], Mapping[str, np.ndarray]] | None = None


_SETS = (
    SampleSet("cartoons", "What are they wearing?", ("glasses", "hat", "plain"), 32),
    SampleSet("hair", "What is their hair like?", ("bald", "long", "round", "spikes"), 24),
)


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
    large = np.stack([image_io.resize(one, _DIGIT, _DIGIT) for one in shades])
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
    return image_io.resize(photo[down : down + side, right : right + side], _CUT, _CUT)


_COLLECTIONS = (
    Collection("avatars", "1,000 cartoon faces, drawn by the studio."),
    Collection("digits", "1,797 handwritten digits of 43 people, which come with scikit-learn.", _digits),
)
_PRACTICE = (Collection("photos", "96 squares cut out of the six sample photos; some overlap.", _cutouts),)
_SKETCHES = (Collection("sketches", "128 cartoon faces, each with twelve sketches of it."),)


def sets() -> dict[str, SampleSet]:
    """The sample data sets with classes by name, in the order to show them; reads none."""
    return {one.name: one for one in _SETS}


def collections() -> dict[str, Collection]:
    """The sample data sets to learn to draw from, as `sets`."""
    return {one.name: one for one in _COLLECTIONS}


def practice() -> dict[str, Collection]:
    """The sample photos for networks that paint photos to train on, as `sets`."""
    return {one.name: one for one in _PRACTICE}


def names() -> list[str]:
    """The names of all of them."""
    return [*sets(), *_of_images()]


def _of_images() -> dict[str, Collection]:
    return collections() | practice() | {one.name: one for one in _SKETCHES}


def reference(text: str, progress: Progress | None = None) -> File:
    """Keeps a sample data set, always the same: a zip with a folder a class, or an npz of images without
    classes.

    Args:
        text: `sample:NAME`.
        progress: told of what is made.

    Raises:
        InvalidInput: if there is none of that name; the message names the closest.
        Cancelled: if a user asked to stop.
    """
    name = text.removeprefix(PREFIX)
    if name not in names():
        raise unknown("sample data set", name, names())
    made = _of_images().get(name)
    if made is None or made.make is None:
        shipped = SHIPPED / _file_name(name)
        return File.keep(shipped.read_bytes(), "dataset", shipped.name)
    note = paths.folder("cache") / f"sample-{name}-{FORMAT}.digest"
    with contextlib.suppress(OSError, StudioError):
        digest = paths.kept(note.read_text()).name
        owners.grant(digest)  # anybody could make it
        return File(digest, "dataset", _file_name(name))
    packed = io.BytesIO()
    arrays.write(packed, made.make(progress or Progress()))
    file = File.keep(packed.getvalue(), "dataset", _file_name(name))
    paths.write(note, file.digest.encode())
    return file


def resolve(text: str, progress: Progress | None = None) -> File:
    """A data set as a user names it: `sample:NAME`, or as `studio.core.data.reference` takes it.

    Raises:
        StudioError: as `reference` here and there.
    """
    return reference(text, progress) if text.startswith(PREFIX) else data.reference(text)


def _file_name(name: str) -> str:
    return f"{name}.npz" if name in _of_images() else f"{name}.zip"
