"""Sample photos: free ones from the wheel of scikit-image, and gray and old versions of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import Unavailable, unknown

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class SamplePhoto:
    """A sample photo: its texts for pages, and its file in `skimage/data`."""

    name: str
    title: str
    credit: str
    file: str


# Only files in the wheel, because scikit-image downloads others on first use. Credits follow the docstrings
# in `skimage.data`. Photos without a clear license (motorcycle, coins) are excluded.
_PHOTOS = (
    SamplePhoto("chelsea", "Chelsea the cat", "Stéfan van der Walt, CC0 (no rights reserved)", "chelsea.png"),
    SamplePhoto(
        "astronaut", "Eileen Collins, astronaut", "NASA Great Images, public domain", "astronaut.png"
    ),
    SamplePhoto(
        "coffee",
        "A cup of coffee",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0 (no rights reserved)",
        "coffee.png",
    ),
    SamplePhoto("rocket", "Falcon 9 at launch", "SpaceX, public domain", "rocket.jpg"),
    SamplePhoto(
        "hubble_deep_field",
        "Galaxies in the Hubble eXtreme Deep Field",
        "NASA, HubbleSite, public domain",
        "hubble_deep_field.jpg",
    ),
    SamplePhoto("camera", "A photographer at work", "Lav Varshney, CC0 (no rights reserved)", "camera.png"),
)


GRAY_PHOTO = "camera"  # the photo without color
_GRAY_SUFFIX = "_gray"
_OLD_SUFFIX = "_old"
_OLD_NAMES = ("astronaut", "camera", "chelsea", "coffee")  # whose even areas show damage well


def list_photos() -> dict[str, SamplePhoto]:
    """Lists the sample photos by name, in display order, without reading images."""
    return {sample.name: sample for sample in _PHOTOS}


def read_photo(name: str) -> np.ndarray:
    """Reads a sample photo.

    Args:
        name: one of `list_photos()`.

    Returns:
        `(H, W, 3) uint8`, with sides of 300 to 1000 px.

    Raises:
        InvalidInput: if there is no such photo; suggests the closest name.
        Unavailable: if scikit-image or its images are not installed.
    """
    from studio.core.imaging import image_io

    return image_io.read(find_path(name))


def list_gray_names() -> list[str]:
    """Lists the names of the gray versions of the color photos, e.g. "coffee_gray", in display order."""
    return [f"{name}{_GRAY_SUFFIX}" for name in list_photos() if name != GRAY_PHOTO]


def list_old_names() -> list[str]:
    """Lists the names of the old prints that are drawn from photos, e.g. "camera_old", in display order."""
    return [f"{name}{_OLD_SUFFIX}" for name in _OLD_NAMES]


def original_name(name: str) -> str:
    """Returns the name of the photo that a gray or old version is made from."""
    return name.removesuffix(_GRAY_SUFFIX).removesuffix(_OLD_SUFFIX)


def is_known(name: str) -> bool:
    """Returns whether a name is that of a sample photo or of a version of it."""
    return name in list_photos() or name in list_gray_names() or name in list_old_names()


def read_file(name: str) -> tuple[bytes, str]:
    """Reads a sample photo, or its gray or old version, as a file.

    Args:
        name: one of `list_photos()`, `list_gray_names()` or `list_old_names()`.

    Returns:
        The bytes and the file name. A gray or old version is encoded as PNG.

    Raises:
        InvalidInput, Unavailable: as `read_photo`.
    """
    if is_known(name) and name not in list_photos():
        return _encode_version(name), f"{name}.png"
    return find_path(name).read_bytes(), find_path(name).name


@functools.cache
def _encode_version(name: str) -> bytes:
    """Returns a gray or old version as PNG. Cached: each run of a page asks for it."""
    from studio.core.imaging import image_io, old_photos

    if name in list_gray_names():
        version = image_io.to_gray(read_photo(original_name(name))).repeat(3, axis=2)
    else:
        version, _ = old_photos.draw_sample(read_photo(original_name(name)))
    return image_io.encode_png(version)


def find_path(name: str) -> Path:
    """Finds the file of a sample photo. Raises as `read_photo`."""
    samples = list_photos()
    if name not in samples:
        raise unknown("sample photo", name, samples)
    file = _find_folder() / samples[name].file
    if not file.is_file():
        raise Unavailable(
            f"The sample photo {name} is not in {file.parent}. "
            "Install scikit-image again from its wheel, or use a photo of your own."
        )
    return file


def _find_folder() -> Path:
    spec = find_spec("skimage")  # does not import the package, which takes a second
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("The sample photos come with scikit-image. Run `pip install scikit-image`.")
    return Path(spec.submodule_search_locations[0]) / "data"
