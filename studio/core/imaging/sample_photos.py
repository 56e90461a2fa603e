"""Sample photos, so that the first click gives a result: free ones that scikit-image carries in its wheel."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import Unavailable, unknown

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Sample:
    """One photo as plain data: what a page shows of it, and the file inside `skimage/data`."""

    name: str
    title: str
    credit: str
    file: str


# Only files inside the wheel: scikit-image would download its others on first use. The facts of each credit
# are those of its docstring in `skimage.data`; photos without a plain license (motorcycle, coins) stay out.
_PHOTOS = (
    Sample("chelsea", "Chelsea the cat", "Stéfan van der Walt, CC0 (no rights reserved)", "chelsea.png"),
    Sample("astronaut", "Eileen Collins, astronaut", "NASA Great Images, public domain", "astronaut.png"),
    Sample(
        "coffee",
        "A cup of coffee",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0 (no rights reserved)",
        "coffee.png",
    ),
    Sample("rocket", "Falcon 9 at launch", "SpaceX, public domain", "rocket.jpg"),
    Sample(
        "hubble_deep_field",
        "Galaxies in the Hubble eXtreme Deep Field",
        "NASA, HubbleSite, public domain",
        "hubble_deep_field.jpg",
    ),
    Sample("camera", "A photographer at work", "Lav Varshney, CC0 (no rights reserved)", "camera.png"),
)


GRAY_ALREADY = "camera"  # the photo that has no colors
_GRAY = "_gray"


def photos() -> dict[str, Sample]:
    """The sample photos by name, in the order to show them; reads no image."""
    return {sample.name: sample for sample in _PHOTOS}


def photo(name: str) -> np.ndarray:
    """Reads a sample photo.

    Args:
        name: one of `photos()`.

    Returns:
        `(H, W, 3) uint8`, between 300 and 1000 px a side.

    Raises:
        InvalidInput: if there is no such photo; the message names the closest.
        Unavailable: if scikit-image is not installed, or without its images.
    """
    from studio.core.imaging import image_io

    return image_io.read(path(name))


def gray_names() -> list[str]:
    """The names of the gray versions of the color photos, e.g. "coffee_gray", in the same order."""
    return [f"{name}{_GRAY}" for name in photos() if name != GRAY_ALREADY]


def is_known(name: str) -> bool:
    """Whether a name is that of a sample photo or of a gray version of one."""
    return name in photos() or name in gray_names()


def data(name: str) -> tuple[bytes, str]:
    """A sample photo, or the gray version of one, as a file.

    Args:
        name: one of `photos()` or of `gray_names()`.

    Returns:
        Its bytes and its name. A gray version is a PNG, made now.

    Raises:
        As `photo`.
    """
    if name not in gray_names():
        return path(name).read_bytes(), path(name).name
    from studio.core.imaging import image_io

    gray = image_io.gray(photo(name.removesuffix(_GRAY)))
    return image_io.encode_png(gray.repeat(3, axis=2)), f"{name}.png"


def path(name: str) -> Path:
    """The file of a sample photo; errors as in `photo`."""
    known = photos()
    if name not in known:
        raise unknown("sample photo", name, known)
    found = _folder() / known[name].file
    if not found.is_file():
        raise Unavailable(
            f"The sample photo {name} is not in {found.parent}. "
            "Install scikit-image again from its wheel, or use a photo of your own."
        )
    return found


def _folder() -> Path:
    spec = find_spec("skimage")  # finds the package without importing it: that would take a second
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("The sample photos come with scikit-image. Run `pip install scikit-image`.")
    return Path(spec.submodule_search_locations[0]) / "data"
