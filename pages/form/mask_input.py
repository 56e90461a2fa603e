"""The masks that limit each style to an area: uploaded, or painted and downloaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.form import image_input, input_store, uploads
from pages.widgets import page_errors, words
from studio.core import paths
from studio.core.errors import InvalidInput, make_printable
from studio.core.imaging import image_io
from studio.core.tasks import File

MAX_MASKS = 4
_SLOT, _KEY, _UPLOAD_KEY = "mask", "mask_file", "mask_upload"
_PAINTED_NAME = re.compile(r"mask-\d-[0-9a-f]{8}\.png")


def ask(styles: int) -> None:
    """Asks for masks, one black-and-white image per style.

    Args:
        styles: number of styles. Once each has a mask, the next upload starts a new list.
    """
    help = "White areas get the style. Add masks in the order of the styles."
    uploads.ask(
        _SLOT,
        "Masks, one per style",
        partial(_add_mask, styles),
        type=image_input.FILE_TYPES,
        accept_multiple_files=True,
        help=help,
    )
    if restore_masks():
        st.caption(", ".join(words.escape(file.name) for file in restore_masks()))
        st.button("Remove masks", icon=":material/delete:", type="tertiary", on_click=remove_masks)
    input_store.store_files(_KEY, restore_masks())


def show_errors() -> None:
    """Shows the errors of the last upload, outside the input, which may be folded."""
    page_errors.show_errors(_SLOT)


def restore_masks() -> list[File]:
    """Returns the masks in the order of the styles; after a reload, those of the address."""
    return input_store.restore_files(_KEY, "image", _check_image, MAX_MASKS)


def set_masks(masks: Sequence[File]) -> None:
    """Replaces all masks. Call it from a callback."""
    st.session_state[_KEY] = list(masks)


def remove_masks() -> None:
    """Removes all masks. Call it from a callback."""
    set_masks([])


def store_painted(data: bytes, number: int) -> File:
    """Stores a painted mask under a unique name.

    Args:
        data: a PNG file.
        number: of the style, from 1.
    """
    return File.store(data, "image", f"mask-{number}-{paths.digest(data)[:8]}.png")


def is_painted(file: File) -> bool:
    """Returns whether a file is a mask of the brush, by its name. The user may not have downloaded it."""
    return file.kind == "image" and _PAINTED_NAME.fullmatch(file.name) is not None


def show_downloads(masks: Sequence[File]) -> None:
    """Draws buttons that download the masks of a result under the names used in its command."""
    with st.container(horizontal=True):
        for number, file in enumerate(masks, start=1):
            if file.is_available:
                st.download_button(
                    words.escape(file.name),
                    file.read(),  # now: a later read would run in a thread without the page's user
                    file_name=file.name,
                    mime="image/png",
                    icon=":material/download:",
                    key=f"mask_{number}_{file.digest}",
                    on_click="ignore",
                    help="Keep this file name, because the command refers to it",
                )


def _check_image(file: File) -> None:
    """Raises `InvalidInput` if a file does not begin as an image. The task checks the rest."""
    image_io.read_size(file.read())


def _add_mask(styles: int, data: bytes, name: str) -> None:
    upload, masks = uploads.get_version(_SLOT), restore_masks()
    # Files of one upload belong together, even if there are too many.
    if len(masks) >= styles and st.session_state.get(_UPLOAD_KEY) != upload:
        masks = []
    if len(masks) >= MAX_MASKS:
        raise InvalidInput(
            f"{make_printable(name)} was not added. Use at most {MAX_MASKS} masks, one per style."
        )
    mask = image_input.store_image(data, name)
    st.session_state[_UPLOAD_KEY] = upload
    set_masks([*masks, mask])
