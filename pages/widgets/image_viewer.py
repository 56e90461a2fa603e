"""An image that opens large in a lightbox, with another one under it behind a movable line.

Streamlit has no such widget. A range input lies over the two images, so mouse, touch, keyboard and screen
readers work as with any slider. Both images travel in one payload, because bytes cannot be part of a larger
one. The lightbox loads the image file itself when it opens, so its pixels are those of the download.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.widgets import assets, media_files

_mount = assets.register_component("studio_image_viewer", __file__)


@dataclass(frozen=True)
class Neighbors:
    """The images that the arrows of the lightbox show: those before and after the current one in a series.

    Attributes:
        previous, next: ids of images; "" at an end.
        open: shows the image with an id. Called from a callback.
    """

    previous: str
    next: str
    open: Callable[[str], None]

    @classmethod
    def of(cls, id: str, ids: Sequence[str], open: Callable[[str], None]) -> Neighbors:
        """Returns the neighbors of an image in a series; none if it is not in the series."""
        before, after = (ids[: ids.index(id)], ids[ids.index(id) + 1 :]) if id in ids else ((), ())
        return cls("".join(before[-1:]), "".join(after[:1]), open)


@dataclass(frozen=True)
class Place:
    """The place of an image among others on the page; the arrows of the lightbox show those next to it.

    Attributes:
        series: name of these images, unique on the page.
        number: of the image, from 0.
        count: number of images.
    """

    series: str
    number: int
    count: int


def show_image_viewer(
    image: bytes,
    before: bytes = b"",
    *,
    size: tuple[int, int],
    key: str,
    names: tuple[str, str] = ("Before", "Result"),
    is_split: bool = True,
    caption: str = "",
    details: str = "",
    file: bytes = b"",
    neighbors: Neighbors | None = None,
    place: Place | None = None,
) -> None:
    """Shows an image, and to the left of a movable line another one of the same proportions.

    Args:
        image: a WebP file.
        before: the other one, a WebP file; empty for none.
        size: (width, height) of `file` in px, so that the page does not jump while the images load.
        key: of the component.
        names: of `before` and `image`, in their corners and for screen readers.
        is_split: whether the page shows `before`, too; if not, only the lightbox does.
        caption: text below the image.
        details: what the lightbox says about the image, besides its size and caption.
        file: the image in full resolution, which the lightbox shows; empty if `image` is that.
        neighbors: of the image in its series, of which the page shows one image; None if it is alone.
        place: of the image in a series that the page shows as a whole.
    """
    has_neighbors = neighbors and [bool(neighbors.previous), bool(neighbors.next)]
    if place:
        has_neighbors = [place.number > 0, place.number < place.count - 1]
    options = {
        "names": names,
        "size": size,
        "caption": caption,
        "details": details,
        "url": media_files.serve(file, "image/png", f"{key}.file") if file else "",
        "neighbors": has_neighbors,
        "series": place and place.series,
        "number": place and place.number,
        "before": len(before),
        "isSplit": is_split,
    }

    def move() -> None:
        id = neighbors and (neighbors.next if st.session_state[key].move == "next" else neighbors.previous)
        if neighbors and id:
            neighbors.open(id)

    options_json = json.dumps(options).encode()
    _mount(
        data=struct.pack(">I", len(options_json)) + options_json + before + image,
        key=key,
        on_move_change=move,
    )
