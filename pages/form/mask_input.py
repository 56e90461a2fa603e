"""Masks: brought from a user's device, which the address has, or painted, and taken along."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from pages.form import image_input, kept_inputs, uploads
from pages.widgets import words
from studio.core import paths
from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.core.tasks import File

MOST = 4
_SLOT, _OWN = "mask", "mask_file"
_PAINTED = re.compile(r"(brush-\d|mask-\d-[0-9a-f]{8})\.png")


def ask() -> None:
    """Asks for black and white images that say where each style goes."""
    help = "White areas get the style. Add masks in the order of the styles."
    uploads.ask(
        _SLOT, "Masks, one per style", _take, type=image_input.TAKEN, accept_multiple_files=True, help=help
    )
    if masks():
        st.caption(", ".join(words.plain(file.name) for file in masks()))
        st.button("Remove masks", icon=":material/delete:", type="tertiary", on_click=remove)
    kept_inputs.keep_files(_OWN, masks())


def show_fault() -> None:
    """Says what was wrong with the last masks: not where they are asked for, which may be folded."""
    uploads.show_fault(_SLOT)


def masks() -> list[File]:
    """The masks there are, in the order of the styles; those of the address where a reload has lost them."""
    return kept_inputs.restore_files(_OWN, "image", _is_mask)


def put(masks: Sequence[File]) -> None:
    """Replaces the masks by these. Call it from a callback."""
    st.session_state[_OWN] = list(masks)


def remove() -> None:
    """Removes all masks. Call it from a callback."""
    put([])


def of_brush(data: bytes, number: int) -> File:
    """Keeps what was painted for one style, under a name that no other mask has.

    Args:
        data: a PNG.
        number: of the style, from 1.
    """
    return File.keep(data, "image", f"mask-{number}-{paths.digest(data)[:8]}.png")


def is_painted(file: File) -> bool:
    """Whether a file is a mask of the brush, by its name: a user has it only once it was downloaded."""
    return file.kind == "image" and _PAINTED.fullmatch(file.name) is not None


def downloads(masks: Sequence[File]) -> None:
    """Buttons that save the masks of a result under the names that its command gives them."""
    with st.container(horizontal=True):
        for number, file in enumerate(masks, start=1):
            if file.here:
                st.download_button(
                    words.plain(file.name),
                    file.read(),  # later it would be read by a thread of no page, which has nothing
                    file_name=file.name,  # the one that the command names
                    mime="image/png",
                    icon=":material/download:",
                    key=f"mask_{number}_{file.digest}",
                    on_click="ignore",
                    help="The mask of this name in the command",
                )


def _is_mask(file: File) -> None:
    """Raises `InvalidInput` for what is no image."""
    image_io.read(file.read(), file.name)


def _take(data: bytes, name: str) -> None:
    if len(masks()) >= MOST:
        step = "remove the masks, then add those that count"
        raise invalid("masks", expected=f"at most {MOST}", received=f"{name} besides", next_step=step)
    put([*masks(), image_input.keep(data, name)])
