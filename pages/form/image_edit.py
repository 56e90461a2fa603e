"""Crops and rotates the selected image of an input."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.widgets import browser_images, keys, owners, page_errors
from pages.widgets.owners import get_owner
from studio.core.errors import StudioError
from studio.core.imaging import exif, image_io
from studio.core.tasks import File
from studio.engine import quotas

_RATIOS = {"Square": 1.0, "3:2": 3 / 2, "4:3": 4 / 3, "16:9": 16 / 9}  # longer side by shorter side
_FREE = "Free"
_PREVIEW_SIDE = 240  # px of the longer side
_DIMMED = 0.35  # brightness of what a crop removes
_LOSSLESS = (".png", ".apng", ".gif", ".bmp", *image_io.TIFF_SUFFIXES)
Edit = Callable[[np.ndarray], np.ndarray]


class Box(NamedTuple):
    """A rectangle of an image, in px."""

    top: int
    left: int
    height: int
    width: int

    def crop(self, image: np.ndarray) -> np.ndarray:
        """Returns this part of an image, `(H, W, C)`."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


def show_popover(slot: str, get_file: Callable[[], File], replace: Callable[[File], None]) -> Any:
    """Draws the popover that crops and rotates an image. Returns the popover, which can hold more.

    Args:
        slot: key of the input.
        get_file: returns the selected image.
        replace: callback with the edited image, which is stored as another file.
    """
    key = keys.part(slot, "edit")
    label, icon = "Crop and rotate", ":material/crop_rotate:"
    with st.popover(label, icon=icon, type="tertiary", key=key, on_change="rerun") as box:
        if box.open:
            _show_editor(key, get_file(), replace)
    return box


@st.fragment
def _show_editor(key: str, file: File, replace: Callable[[File], None]) -> None:
    is_refused = page_errors.ERRORS_KEY in st.session_state
    page_errors.show_errors(key)
    change = partial(_apply, key, file, replace)
    with st.container(horizontal=True):
        is_edited = _button("Rotate left", ":material/rotate_left:", key, change, np.rot90)
        turn_right = partial(np.rot90, k=-1)
        is_edited |= _button("Rotate right", ":material/rotate_right:", key, change, turn_right)
    preview = _make_preview(file)
    height, width = image_io.read_upright_size(file.read())
    drawing = st.empty()  # above the sliders, so that it stays in view on a phone
    shares = _ask_shares(keys.part(key, file.digest), width / height)
    with drawing:
        browser_images.show_with_caption(
            _draw_box(preview, _scale(shares, *preview.shape[:2])), alt="The crop"
        )
    box = _scale(shares, height, width)
    st.caption(f"{box.width:,} x {box.height:,} px")
    is_whole = (box.width, box.height) == (width, height)
    is_edited |= _button("Crop", ":material/crop:", key, change, box.crop, disabled=is_whole, type="primary")
    if is_edited and not is_refused:
        st.rerun()  # the page, which has another image now


def _button(label: str, icon: str, key: str, change: Callable[[Edit], None], edit: Edit, **look: Any) -> bool:
    return st.button(label, icon=icon, key=keys.part(key, label), on_click=change, args=(edit,), **look)


def _apply(key: str, file: File, replace: Callable[[File], None], edit: Edit) -> None:
    """Stores the edited image. A callback."""
    try:
        data = edit_file(file, edit)
        image_io.read(data)  # a crop may be too narrow, or too large a file
        quotas.check_disk_quota(get_owner(), len(data))
        name = PurePath(file.name)
        replace(File.store(data, "image", f"{name.stem}{'.png' if _is_lossless(file) else '.jpg'}"))
    except StudioError as error:
        page_errors.add_error(key, str(error))


def edit_file(file: File, edit: Edit) -> bytes:
    """Returns an edited image with its EXIF data.

    It keeps 16 bits per channel and transparency of lossless formats; others become JPEG, because photos
    would be several times as large as PNG.

    Args:
        file: a stored image.
        edit: takes and returns the upright image, `(H, W, 3 or 4) uint8 or uint16`.

    Raises:
        StudioError: if it is no longer stored.
    """
    data = file.read()
    if _is_lossless(file):
        return image_io.encode_png(np.ascontiguousarray(edit(image_io.read_deep(data))), exif=exif.read(data))
    return image_io.encode_as(np.ascontiguousarray(edit(image_io.read(data))), ".jpg", exif.read(data))


def _is_lossless(file: File) -> bool:
    return PurePath(file.name).suffix.lower() in _LOSSLESS


def _ask_shares(key: str, aspect: float) -> tuple[float, float, float, float]:
    """Asks for the crop. Returns top, left, height and width as shares of the image, in [0, 1].

    Args:
        key: of the widgets.
        aspect: width by height of the image.
    """
    shape = st.segmented_control(
        "Crop to", [_FREE, *_RATIOS], default=_FREE, required=True, key=keys.part(key, "shape")
    )

    def slide(label: str, start: int, value: Any) -> Any:
        return st.slider(label, start, 100, value, format="%d%%", key=keys.part(key, label))

    if shape == _FREE:
        left, right = slide("From left to right", 0, (0, 100))
        top, bottom = slide("From top to bottom", 0, (0, 100))
        return top / 100, left / 100, (bottom - top) / 100, (right - left) / 100
    ratio = _RATIOS[shape] if aspect >= 1 else 1 / _RATIOS[shape]
    size = slide("Size", 10, 100) / 100
    width, height = size * min(1, ratio / aspect), size * min(1, aspect / ratio)
    left = (1 - width) * slide("Position from left to right", 0, 50) / 100 if width < 1 else 0
    top = (1 - height) * slide("Position from top to bottom", 0, 50) / 100 if height < 1 else 0
    return top, left, height, width


def _scale(shares: tuple[float, float, float, float], height: int, width: int) -> Box:
    """Returns a crop as a rectangle of an image of this size; at least one pixel."""
    rows, columns = max(round(shares[2] * height), 1), max(round(shares[3] * width), 1)
    return Box(
        min(round(shares[0] * height), height - rows),
        min(round(shares[1] * width), width - columns),
        rows,
        columns,
    )


def _draw_box(preview: np.ndarray, box: Box) -> np.ndarray:
    """Returns the preview with all but the crop dimmed."""
    image = (preview * _DIMMED).astype("uint8")
    box.crop(image)[:] = box.crop(preview)
    return image


@owners.cached(max_entries=16)
def _make_preview(file: File) -> np.ndarray:
    return image_io.fit(image_io.read(file.read()), _PREVIEW_SIDE)
