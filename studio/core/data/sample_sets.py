"""Sample data sets: files drawn by `training.drawings`, and sets made in seconds from other packages."""

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
SHIPPED_FOLDER = Path(__file__).parents[1] / "samples"
FORMAT_VERSION = 1  # change it to invalidate all cached sets
_DIGIT_SIDE, _DIGIT_MARGIN = 24, 4  # px: side of a digit, three times its original size, and the black margin
_CROP_SIDE = 256  # px, side of a crop
_CROPS_PER_PHOTO, _MIN_CROP_SHARE = 16, 0.45  # crops per photo, least share of the photo's side


@dataclass(frozen=True)
class SampleSet:
    """A data set with classes.

    Attributes:
        name: name after `sample:`.
        title: title on pages.
        classes: names of its folders.
        images_per_class: number of images per class.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    images_per_class: int


@dataclass(frozen=True)
class Collection:
    """Images without classes, to train generators and image-to-image networks.

    Attributes:
        name: name after `sample:`.
        title: title on pages.
        make: returns the arrays of an npz of all images; None if the studio ships the npz.
    """

    name: str
    title: str
    make: Callable[[Progress], Mapping[str, np.ndarray]] | None = None


_SAMPLE_SETS = (
    SampleSet("cartoons", "What are they wearing?", ("glasses", "hat", "plain"), 32),
    SampleSet("hair", "What is their hair like?", ("bald", "long", "round", "spikes"), 24),
)


def _load_digits(progress: Progress) -> Mapping[str, np.ndarray]:
    """Loads the handwritten digits of scikit-learn, `(1797, 32, 32, 3) uint8`, white on black.

    Reference:
        Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI, CC BY 4.0.
    """
    progress.report_stage("Reading the digits")
    # Read the file without importing scikit-learn, which takes a second and much memory.
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise Unavailable("The digits are a part of scikit-learn. Run `pip install scikit-learn`.")
    rows = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    digits = np.rint(rows[:, :64].reshape(-1, 8, 8, 1).repeat(3, -1) * (255 / 16)).astype("uint8")
    large = np.stack([image_io.resize(digit, _DIGIT_SIDE, _DIGIT_SIDE) for digit in digits])
    return {
        "images": np.pad(
            large, ((0, 0), (_DIGIT_MARGIN, _DIGIT_MARGIN), (_DIGIT_MARGIN, _DIGIT_MARGIN), (0, 0))
        )
    }


def _crop_photos(progress: Progress) -> Mapping[str, np.ndarray]:
    """Crops the sample photos to random squares, `(96, 256, 256, 3) uint8`."""
    progress.report_stage("Cutting out the photos")
    rng = np.random.default_rng(0)
    photos = [sample_photos.read_photo(name) for name in sample_photos.list_photos()]
    return {
        "images": np.stack([_crop_randomly(photo, rng) for _ in range(_CROPS_PER_PHOTO) for photo in photos])
    }


def _crop_randomly(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = photo.shape[:2]
    side = round(min(height, width) * rng.uniform(_MIN_CROP_SHARE, 1))
    down, right = (int(rng.integers(0, length - side + 1)) for length in (height, width))
    return image_io.resize(photo[down : down + side, right : right + side], _CROP_SIDE, _CROP_SIDE)


_COLLECTIONS = (
    Collection("avatars", "1,000 cartoon faces, drawn by the studio."),
    Collection(
        "digits", "1,797 handwritten digits of 43 people, which come with scikit-learn.", _load_digits
    ),
)
_PHOTO_COLLECTIONS = (
    Collection("photos", "96 squares cut out of the six sample photos; some overlap.", _crop_photos),
)
_SKETCH_COLLECTIONS = (Collection("sketches", "128 cartoon faces, each with twelve sketches of it."),)


def list_sets() -> dict[str, SampleSet]:
    """Lists the sample data sets with classes by name, in display order, without reading them."""
    return {sample_set.name: sample_set for sample_set in _SAMPLE_SETS}


def list_generator_collections() -> dict[str, Collection]:
    """Lists the sample data sets for generators by name, in display order."""
    return {collection.name: collection for collection in _COLLECTIONS}


def list_photo_collections() -> dict[str, Collection]:
    """Lists the sample data sets of photos, for networks that edit photos, by name."""
    return {collection.name: collection for collection in _PHOTO_COLLECTIONS}


def list_names() -> list[str]:
    """Lists the names of all sample data sets."""
    return [*list_sets(), *_list_all_collections()]


def _list_all_collections() -> dict[str, Collection]:
    return (
        list_generator_collections()
        | list_photo_collections()
        | {collection.name: collection for collection in _SKETCH_COLLECTIONS}
    )


def store(text: str, progress: Progress | None = None) -> File:
    """Stores a sample data set: a zip with a folder per class, or an npz of images without classes.

    Args:
        text: `sample:NAME`.
        progress: reports the stages.

    Raises:
        InvalidInput: if there is no sample data set of that name; suggests the closest name.
        Cancelled: if the job was cancelled.
    """
    name = text.removeprefix(PREFIX)
    if name not in list_names():
        raise unknown("sample data set", name, list_names())
    collection = _list_all_collections().get(name)
    if collection is None or collection.make is None:
        path = SHIPPED_FOLDER / _file_name(name)
        return File.store(path.read_bytes(), "dataset", path.name)
    note = paths.ensure_folder("cache") / f"sample-{name}-{FORMAT_VERSION}.digest"
    with contextlib.suppress(OSError, StudioError):
        digest = paths.stored_path(note.read_text()).name
        owners.grant(digest)  # not private: any user can make it
        return File(digest, "dataset", _file_name(name))
    buffer = io.BytesIO()
    arrays.write(buffer, collection.make(progress or Progress()))
    file = File.store(buffer.getvalue(), "dataset", _file_name(name))
    paths.write(note, file.digest.encode())
    return file


def resolve(text: str, progress: Progress | None = None) -> File:
    """Returns a data set by `sample:NAME`, or by any name that `studio.core.data.store_reference` accepts.

    Raises:
        StudioError: as `store` and `studio.core.data.store_reference`.
    """
    return store(text, progress) if text.startswith(PREFIX) else data.store_reference(text)


def _file_name(name: str) -> str:
    return f"{name}.npz" if name in _list_all_collections() else f"{name}.zip"
