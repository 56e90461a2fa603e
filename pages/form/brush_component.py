"""The brush that paints masks, color hints and drawings in the browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import streamlit as st

from pages.form import input_store
from pages.widgets import assets, browser_images, keys
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.masks.selection import select
from studio.core.masks.settings import SELECTIONS

T = TypeVar("T")
_mount = assets.register_component("studio_brush", __file__)


def show(options: Mapping[str, Any], image: bytes, key: str, can_select: bool = True) -> object:
    """Shows the brush.

    Args:
        options: settings of the brush, as its JavaScript reads them.
        image: the WebP file to paint on.
        key: of the component.
        can_select: whether it has the buttons that select the person, the background or faces.

    Returns:
        The last message of the browser: `{"image", "styles", "masks"}`, masks as data URLs. None while
        nothing is painted. Validate it: a browser can send anything.
    """
    selection = _answer_request(options, image, key) if can_select else None
    options_json = json.dumps({**options, "can_select": can_select, "selection": selection}).encode()
    data = struct.pack(">I", len(options_json)) + options_json + image
    return _mount(data=data, key=key, on_painted_change=lambda: None, on_wanted_change=lambda: None).painted


def restore(name: str, parse: Callable[[Any], T], version_key: str) -> T:
    """Returns the paint of this tab or of the address, see `input_store.restore`."""
    before = st.session_state.get(name)
    last = input_store.restore(name, parse)
    if before is not None and last is not before:
        replace_paint(version_key)
    return last


def replace_paint(version_key: str) -> None:
    """Makes the browser show the paint of the session instead of its own.

    Args:
        version_key: session key of a number, which is a part of the brush's key.
    """
    st.session_state[version_key] = st.session_state.get(version_key, 0) + 1


def _answer_request(options: Mapping[str, Any], image: bytes, key: str) -> dict[str, object] | None:
    """Returns the selection that the browser asks for: its id, and a mask or an error. None without request.

    The browser asks in one run of the page and applies the answer of the next one, once per id. The session
    keeps the answer: a download that failed must not be tried again at each rerun.
    """
    request = st.session_state.get(key, {}).get("wanted")
    if not isinstance(request, dict) or request.get("image") != options["image"]:
        return None
    what, number = request.get("what"), request.get("id")
    if what not in SELECTIONS or not isinstance(number, int | float):
        return None
    answer_key = keys.part(key, "answer")
    answer: dict[str, object] = st.session_state.get(answer_key, {})
    if answer.get("id") != number:
        try:
            with st.spinner("Selecting"):  # the first time, it downloads the network
                mask = _select(str(what), image, options["height"], options["width"])
            answer = {"id": number, "mask": mask}
        except StudioError as error:
            answer = {"id": number, "error": str(error)}
        st.session_state[answer_key] = answer
    return answer


def _select(what: str, image: bytes, height: int, width: int) -> str:
    """Returns a mask of the brush's size as the data URL of a PNG. Raises the errors of `select`."""
    mask = task_masks.resize(select(image_io.read(image), what), height, width)
    return browser_images.to_data_url(image_io.encode_png(task_masks.to_levels(mask)), "png")
