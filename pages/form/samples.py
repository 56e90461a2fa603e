"""Sample photos and styles as the pages show them: a title, a thumbnail and the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from pages.widgets import browser_images, owners
from studio.core.data import sample_sets
from studio.core.errors import StudioError
from studio.core.imaging import sample_photos, thumbnails
from studio.core.tasks import File
from studio.run import input_files
from studio.style.house import known_styles

IMAGE_FOLDER = Path(__file__).parents[1] / "images"
THUMBNAIL_SIDE = 160  # px of a thumbnail's side


@dataclass(frozen=True)
class Sample:
    """An image to select.

    Attributes:
        title: below the image; also its name in the address.
        credit: description and author; "" for an own image.
        thumbnail: a small square WebP file.
        get_file: stores the full image, unless it is stored already, and returns its file.
        painting: name of the house style; "" if it is none.
        network: preset that has this house style; "" if it is none.
    """

    title: str
    credit: str
    thumbnail: bytes
    get_file: Callable[[], File]
    painting: str = ""
    network: str = ""

    @property
    def identity(self) -> object:
        """Identifies the image among those that a page offers."""
        return self.title


def list_photos() -> list[Sample]:
    """Returns the sample photos."""
    return [_make_photo(name) for name in sample_photos.list_photos()]


def list_gray_photos() -> list[Sample]:
    """Returns the sample photos in gray, first a portrait, whose colors are familiar."""
    names = (sample_photos.GRAY_PHOTO, *sample_photos.list_gray_names())
    return [_make_photo(name) for name in sorted(names, key=lambda name: name != "astronaut_gray")]


def list_old_photos() -> list[Sample]:
    """Returns old prints that are drawn from the sample photos."""
    return [_make_photo(name) for name in sample_photos.list_old_names()]


def _make_photo(name: str) -> Sample:
    """Returns a sample photo, or a gray or old version of one."""
    photo = sample_photos.list_photos()[sample_photos.original_name(name)]
    return Sample(
        _title(name),
        f"{photo.title}. {photo.credit}",
        load_thumbnail(f"photo-{name}"),
        partial(input_files.store_sample, name),
    )


def list_paintings() -> list[Sample]:
    """Returns the styles that the studio draws itself."""
    from studio.core.imaging import paintings

    return [
        Sample(
            painting.title,
            painting.description,
            load_thumbnail(f"style-{name}"),
            partial(input_files.store_sample, name),
            name,
            known_styles.SHIPPED_NETWORK,
        )
        for name, painting in paintings.list_paintings().items()
    ]


def list_styles() -> list[Sample]:
    """Returns the styles to choose from: the studio's paintings, then those that the user trained."""
    return [*list_paintings(), *list_trained_styles()]


def list_trained_styles() -> list[Sample]:
    """Returns the styles of saved networks that the user trained, each with its style image."""
    style_samples = []
    for network, images in known_styles.list_training_images().items():
        for name, source in images.items():
            file = File(source.digest, "image", source.name)
            title = f"{name.replace('_', ' ').capitalize()} ({network})"
            credit = f"A style of your network {network}"
            style_samples.append(
                Sample(
                    title,
                    credit,
                    _make_thumbnail_or_placeholder(file),
                    partial(_return_file, file),
                    name,
                    network,
                )
            )
    return style_samples


def list_guides() -> list[Sample]:
    """Returns guide images for dreams: photos, the default content last, then paintings."""
    first, *other_photos = list_photos()
    return [*other_photos, first, *list_paintings()]


def list_titles() -> dict[str, str]:
    """Returns the title of each sample, by its name in the library."""
    from studio.core.imaging import paintings

    painting_titles = {name: painting.title for name, painting in paintings.list_paintings().items()}
    versions = (*sample_photos.list_gray_names(), *sample_photos.list_old_names())
    return {name: _title(name) for name in (*sample_photos.list_photos(), *versions)} | painting_titles


def find_title(file: File) -> str:
    """Returns the title of a sample photo or painting; "" for other files."""
    return list_titles().get(command_name(file).removeprefix(sample_sets.PREFIX), "")


def load_preset_thumbnails() -> dict[str, bytes]:
    """Returns the thumbnails of the dream presets that have one, by name."""
    from studio.dream.presets import DREAM_PRESETS

    return {
        name: load_thumbnail(f"look-{name}")
        for name in DREAM_PRESETS
        if (IMAGE_FOLDER / f"look-{name}.webp").exists()
    }


def _title(name: str) -> str:
    """Returns the title of a sample photo or of a version of it: "Coffee", "Gray Coffee"."""
    version = name.removeprefix(sample_photos.original_name(name)).removeprefix("_").capitalize()
    return f"{version} {name.partition('_')[0].capitalize()}".lstrip()


def from_own_file(title: str, file: File) -> Sample:
    """Returns an own image of the user as a sample."""
    return Sample(title, "", make_thumbnail(file), lambda: file)


@owners.cached(max_entries=256)
def make_thumbnail(file: File) -> bytes:
    """Returns a thumbnail of a stored image, or of the first frame of a video."""
    return encode_square(thumbnails.make_image(file))


def _make_thumbnail_or_placeholder(file: File) -> bytes:
    """Returns the thumbnail of a file, or the placeholder if the file is no longer available."""
    try:
        return make_thumbnail(file)
    except StudioError:
        return load_thumbnail("none")  # the network works without the style image


def encode_square(image: np.ndarray) -> bytes:
    """Returns the center of an image, `(H, W, 3) uint8`, as a square WebP of `THUMBNAIL_SIDE` px."""
    from PIL import Image, ImageOps

    square = ImageOps.fit(Image.fromarray(image), (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return browser_images.encode_webp(square, quality=75)


@st.cache_resource(show_spinner=False)
def load_thumbnail(name: str) -> bytes:
    """Returns a thumbnail that is part of the pages, by name; a gray one if it does not exist."""
    path = IMAGE_FOLDER / f"{name}.webp"
    return path.read_bytes() if path.exists() else encode_square(np.full((8, 8, 3), 128, "uint8"))


def command_name(file: File) -> str:
    """Returns the name of a file in commands: `sample:NAME` for a sample, else its file name."""
    return f"{sample_sets.PREFIX}{_stem(file)}" if is_sample(file) else file.name


@st.cache_data(max_entries=256, show_spinner=False)
def is_sample(file: File) -> bool:
    """Returns whether a file is a sample, by its content: any file can have the same name."""
    from studio.core.imaging import paintings

    stem = _stem(file)
    if file.kind == "dataset" and stem in sample_sets.list_names() and sample_sets.store(stem) == file:
        return True
    is_known = sample_photos.is_known(stem) or stem in paintings.list_paintings()
    return is_known and input_files.store_sample(stem) == file


def _stem(file: File) -> str:
    return file.name.rpartition(".")[0]


def _return_file(file: File) -> File:
    return file
