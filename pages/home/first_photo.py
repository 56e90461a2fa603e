"""The first action of the home page: a photo, and what five pages make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.form import image_input, input_store, samples, uploads
from pages.jobs import live, use_again
from pages.jobs.navigation import PAGES
from pages.widgets import browser_images, keys, page_errors, weight_downloads, words
from studio import engine
from studio.core import tasks
from studio.core.imaging import image_io
from studio.core.tasks import File

SIDE = 256  # px of the longer side of the copy that the previews use
_SLOT = "first_photo"
_CACHE_NAME = "first_photo"
_SMALL_COPY_KEY = "first_photo_small"  # of the session: the SHA-256 of the photo, and its copy
_NO_VALUES: Mapping[str, Any] = {}


class Preview(NamedTuple):
    """A small result.

    Attributes:
        title: what happened to the photo.
        task, values: of the result; settings that differ from the defaults.
        slot: of the photo, in the task.
        page_file, input: of the page that the button opens, and its input for the photo.
        opens: values of widgets of that page, by key, for the same result in its default size.
        needs: names of the weights.
    """

    title: str
    task: str
    values: Mapping[str, Any]
    slot: str
    page_file: str
    input: str
    opens: Mapping[str, Any] = _NO_VALUES
    needs: Sequence[str] = ()


PREVIEWS = (
    Preview(
        "Restyled",
        "style.transfer",
        {"house": ["mosaic"], "size": SIDE},
        "content",
        "style_photo.py",
        "content",
        {"style": ["Mosaic"]},
    ),
    Preview(
        "Dreamed",
        "dream.ascend",
        {"size": 192, "octaves": 2, "steps": 5},
        "content",
        "dream_photo.py",
        "content",
        needs=("vgg16",),
    ),
    Preview("Enhanced", "enhance.enlarge", _NO_VALUES, "content", "enhance_photo.py", "content"),
    # A photo in color becomes gray first, and a reader who does not know that sees only a paler photo.
    Preview(
        "Colorized from gray",
        "colorize.apply",
        {"recolor": True},
        "content",
        "colorize_photo.py",
        "content",
        {"recolor": True},
        needs=("efficientnet-lite0",),
    ),
    Preview(
        "Classified",
        "classify.predict",
        {"top": 2},
        "images",
        "classify_images.py",
        "image",
        needs=("resnet50", "imagenet-labels"),
    ),
)


class Place(NamedTuple):
    """The place of a preview on the page: its content is replaced, and nothing around it moves."""

    preview: Preview
    area: Any


def ask() -> File | None:
    """Asks for a photo. Returns it, or None as long as there is none."""
    photos = input_store.restore_files(_SLOT, "image", max_files=1)
    input_store.store_files(_SLOT, photos)
    with st.container(key="first_photo_form"):
        page_errors.show_errors(_SLOT)
        uploads.ask(_SLOT, "Drop a photo", partial(_set_upload, photos), type=image_input.FILE_TYPES)
        st.button(
            "Use a sample photo",
            icon=":material/pets:",
            type="tertiary",
            on_click=_set_sample,
            args=(photos,),
        )
    return photos[0] if photos else None


def _set_upload(photos: list[File], data: bytes, name: str) -> None:
    photos[:] = [image_input.store_image(data, name)]


def _set_sample(photos: list[File]) -> None:
    photos[:] = [samples.list_photos()[0].get_file()]


def draw_places(photo: File) -> list[Place]:
    """Draws the place of each preview, with the photo in it, and the button that opens its page."""
    pages = {page.file: page for page in PAGES}
    places = []
    with st.container(key="first_photo_results"):
        grid = st.grid(len(PREVIEWS), min_column_width=150)
    for preview in PREVIEWS:
        page = pages[preview.page_file]
        with grid.cell():
            area = st.empty()
            with area.container():
                browser_images.show_image(_make_small_copy(photo), caption=f"{preview.title}: next")
            st.button(
                f"Open in {page.title}",
                key=keys.part(_SLOT, page.address),
                icon=page.icon,
                on_click=_open_page,
                args=(preview, photo),
            )
        places.append(Place(preview, area))
    return places


def _open_page(preview: Preview, photo: File) -> None:
    """Opens the page of a preview with the photo and what the preview was made with. A callback."""
    use_again.send_to_page(use_again.find(preview.page_file, preview.input), lambda: photo)
    for key, value in preview.opens.items():
        st.session_state[key] = value


def fill(places: Sequence[Place], photo: File) -> None:
    """Makes the previews, one after another. Call it last, so that the page is complete meanwhile."""
    small = _make_small_copy(photo)
    if places and engine.connect().status() != "ready":
        with places[0].area.container():
            live.show_warm_up()
        return
    for place in places:
        with place.area.container():
            _show_preview(place.preview, small)


def _show_preview(preview: Preview, small: File) -> None:
    if missing := weight_downloads.list_missing(preview.needs):
        sizes = weight_downloads.describe_sizes(missing)
        browser_images.show_image(small, caption=f"{preview.title}: needs {sizes}; its page offers them")
        return
    settings = tasks.get(preview.task).settings.parse(preview.values)
    result = live.make_result(
        preview.task, settings, {preview.slot: [small]}, _CACHE_NAME, max_results=2 * len(PREVIEWS)
    )
    if result is None:  # the error is in this place
        st.button("Try again", key=keys.part(_SLOT, preview.task), icon=":material/refresh:", type="tertiary")
        return
    if result.kind == "image":
        browser_images.show_image(result.data, caption=preview.title)
        return
    [image] = result.figures["images"]
    labels = [f"{label['label']} {label['probability']:.0%}" for label in image["labels"]]
    browser_images.show_image(small, caption=f"{preview.title}: {words.join(labels)}")


def _make_small_copy(photo: File) -> File:
    digest, small = st.session_state.get(_SMALL_COPY_KEY, ("", None))
    if digest != photo.digest or small is None:
        image = image_io.fit(_crop_panorama(image_io.read(photo.read(), photo.name)), SIDE)
        small = File.store(image_io.encode_png(image), "image", photo.name)
        st.session_state[_SMALL_COPY_KEY] = (photo.digest, small)
    return small


def _crop_panorama(image: np.ndarray) -> np.ndarray:
    """Crops the middle of an image to 2:1 or 1:2 at most, since the tiles show only that much of it."""
    height, width = image.shape[:2]
    longest = 2 * min(height, width)
    top, left = max(0, height - longest) // 2, max(0, width - longest) // 2
    return image[top : top + longest, left : left + longest]
