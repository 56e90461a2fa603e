"""The sample photos and painted styles as the pages show them: a name, a small image, the file itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from pages.widgets import owners
from studio.core.data import sample_sets
from studio.core.errors import StudioError
from studio.core.imaging import image_io, sample_photos, thumbnails
from studio.core.tasks import File
from studio.style.house import known_styles

SHIPPED = Path(__file__).parents[1] / "images"
THUMBNAIL = 160


@dataclass(frozen=True)
class Sample:
    """An image to choose from.

    Attributes:
        title: what is written below it; also its name in the address.
        credit: what it is and who made it, "" for a user's own.
        thumbnail: the bytes of a small square WebP.
        file: keeps the full image in the studio and names it.
        painting: the name of the house style that it is, "" for others.
        network: of house styles, which knows that one.
    """

    title: str
    credit: str
    thumbnail: bytes
    file: Callable[[], File]
    painting: str = ""
    network: str = ""


def photos() -> list[Sample]:
    """The sample photos, each as content to start with."""
    return [
        Sample(
            _title(name),
            f"{photo.title}. {photo.credit}",
            shipped(f"photo-{name}"),
            partial(_photo, name),
        )
        for name, photo in sample_photos.photos().items()
    ]


def gray_photos() -> list[Sample]:
    """The sample photos without their colors, first the one that never had any."""
    already = _title(sample_photos.GRAY_ALREADY)
    first = [photo for photo in photos() if photo.title == already]
    others = [photo for photo in photos() if photo.title != already]
    return first + [
        Sample(_gray_title(name), photo.credit, _gray_thumbnail(photo.thumbnail), partial(_photo, name))
        for name, photo in zip(sample_photos.gray_names(), others, strict=True)
    ]


def paintings() -> list[Sample]:
    """The styles that the studio draws itself."""
    from studio.core.imaging import paintings

    return [
        Sample(
            painting.title,
            painting.description,
            shipped(f"style-{name}"),
            partial(_painting, name),
            name,
            known_styles.SHIPPED,
        )
        for name, painting in paintings.paintings().items()
    ]


def styles() -> list[Sample]:
    """What to paint in: the studio's own paintings, then the styles of networks that a user trained."""
    return [*paintings(), *taught()]


def taught() -> list[Sample]:
    """The styles of networks that a user trained and kept, each by the image that it was learned from."""
    found = []
    for network, images in known_styles.taught().items():
        for name, source in images.items():
            file = File(source.digest, "image", source.name)
            title = f"{name.replace('_', ' ').capitalize()} ({network})"
            credit = f"A style of your network {network}"
            found.append(Sample(title, credit, _small_if_here(file), partial(_itself, file), name, network))
    return found


def guides() -> list[Sample]:
    """What a dream can be guided by: photos, last the one that is dreamed into first, and patterns."""
    first, *others = photos()
    return [*others, first, *paintings()]


def titles() -> dict[str, str]:
    """The title of each sample by its name in the library."""
    from studio.core.imaging import paintings

    drawn = {name: painting.title for name, painting in paintings.paintings().items()}
    gray = {name: _gray_title(name) for name in sample_photos.gray_names()}
    return {name: _title(name) for name in sample_photos.photos()} | gray | drawn


def looks() -> dict[str, bytes]:
    """A small image of each look that one was dreamed of, by its name."""
    from studio.dream.looks import LOOKS

    return {name: shipped(f"look-{name}") for name in LOOKS if (SHIPPED / f"look-{name}.webp").exists()}


def _gray_title(name: str) -> str:
    return f"Gray {_title(name)}"


@st.cache_data(show_spinner=False)
def _gray_thumbnail(thumbnail: bytes) -> bytes:
    return square(image_io.gray(image_io.read(thumbnail)).repeat(3, axis=2))


def _title(name: str) -> str:
    return name.partition("_")[0].capitalize()


def own(title: str, file: File) -> Sample:
    """A user's own image."""
    return Sample(title, "", small(file), lambda: file)


@owners.cached(max_entries=256)
def small(file: File) -> bytes:
    """A thumbnail of a kept image, or of the first frame of a video."""
    return square(thumbnails.image_of(file))


def _small_if_here(file: File) -> bytes:
    try:
        return small(file)
    except StudioError:
        return shipped("none")  # the network paints without the image, too


def square(image: np.ndarray) -> bytes:
    """`(H, W, 3) uint8` -> a square WebP of its middle, THUMBNAIL px a side."""
    from PIL import Image, ImageOps

    buffer = io.BytesIO()
    ImageOps.fit(Image.fromarray(image), (THUMBNAIL, THUMBNAIL)).save(buffer, "WEBP", quality=75, method=4)
    return buffer.getvalue()


@st.cache_resource(show_spinner=False)
def shipped(name: str) -> bytes:
    """A small image that the pages ship, by its name; a gray one where it was not drawn yet."""
    path = SHIPPED / f"{name}.webp"
    return path.read_bytes() if path.exists() else square(np.full((8, 8, 3), 128, "uint8"))


def _photo(name: str) -> File:
    data, called = sample_photos.data(name)
    return File.keep(data, "image", called)


def _painting(name: str) -> File:
    return File.keep(_drawn(name), "image", f"{name}.png")


@st.cache_data(show_spinner=False, persist=None)
def _drawn(name: str) -> bytes:
    from studio.core.imaging import paintings

    return image_io.encode_png(paintings.painting(name))


def spelled(file: File) -> str:
    """A file as a command names it: `sample:NAME` for a sample, else the name that a user knows."""
    return f"{sample_sets.PREFIX}{_stem(file)}" if is_sample(file) else file.name


@st.cache_data(max_entries=256, show_spinner=False)
def is_sample(file: File) -> bool:
    """Whether a file is a sample, by its bytes: any file may have its name."""
    from studio.core.imaging import paintings

    stem = _stem(file)
    if file.kind == "dataset" and stem in sample_sets.names() and sample_sets.reference(stem) == file:
        return True
    if sample_photos.is_known(stem) and _photo(stem) == file:
        return True
    return stem in paintings.paintings() and _painting(stem) == file


def _stem(file: File) -> str:
    return file.name.rpartition(".")[0]


def _itself(file: File) -> File:
    return file
