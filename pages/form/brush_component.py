"""The brush that paints masks, color hints and drawings in the browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from pages.form import input_store, paint
from pages.form.paint import Paint
from pages.widgets import assets, keys
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


@dataclass(frozen=True)
class PhotoBrush:
    """A brush on photos. The session and the address keep its paint, because a hidden brush forgets it.

    Attributes:
        name: of the paint, in the session and in the address.
        allows: whether the paint may have these styles.
    """

    name: str
    allows: Callable[[list[str]], bool]

    @property
    def _version_key(self) -> str:
        return keys.part(self.name, "version")

    @property
    def _key(self) -> str:
        return keys.part(self.name, st.session_state.get(self._version_key, 0))

    def parse(self, value: object, image: str) -> Paint | None:
        """Returns paint if it is of this image and of allowed styles, else None."""
        parsed = paint.parse(value, image)
        return parsed if parsed and self.allows(parsed["styles"]) else None

    def load(self, image: str) -> Paint | None:
        """Returns the last paint of a photo; None if there is none.

        Args:
            image: SHA-256 of the photo.
        """
        stored = restore(
            self.name, lambda value: paint.encode_again(self.parse(value, image)), self._version_key
        )
        return self._load_from_browser(image) or self.parse(stored, image)

    def show(self, image: str, background: bytes, options: Mapping[str, Any]) -> Paint | None:
        """Shows the brush, with the last paint of the photo. Returns the paint; None if there is none.

        Args:
            image: SHA-256 of the photo.
            background: the WebP file to paint on.
            options: see `show`, without "image" and "saved".
        """
        saved = self.load(image)
        options = {**options, "image": image, "saved": None if self._load_from_browser(image) else saved}
        new_paint = self.parse(show(options, background, self._key), image)
        if new_paint is not None:
            st.session_state[self.name] = new_paint
        input_store.store(self.name, new_paint or saved)
        return new_paint or saved

    def replace(self, new_paint: Paint) -> None:
        """Replaces the paint. Call it from a callback."""
        st.session_state[self.name] = new_paint
        replace_paint(self._version_key)

    def _load_from_browser(self, image: str) -> Paint | None:
        return self.parse(st.session_state.get(self._key, {}).get("painted"), image)


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
    return paint.to_data_url(task_masks.to_levels(mask))
