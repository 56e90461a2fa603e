"""A brush that paints where in a photo each style goes.

Streamlit has no such widget. After each stroke the browser sends the mask of each style as a small PNG. The
session stores the masks, because a hidden brush forgets them, and the address names them, because a reload
ends the session. Style names can come from users, so they are set as text, never as markup.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import streamlit as st

from pages.form import brush_component, mask_input
from pages.widgets import browser_history, browser_images, keys, owners, page_errors
from studio.core import paths
from studio.core.errors import InsufficientSpace, StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused
from studio.engine import quotas

LONGEST = 384  # px of a mask; scaled up, its edges are soft like those of a brush
MOST_BYTES = 400_000  # of a mask as a data URL
_MOST_STORED = mask_input.MOST * MOST_BYTES + 10_000  # bytes of all masks, with the style names
_PAINT_KEY = "brush_paint"  # the last paint; no widget's key, because those end with their widgets
_ADDRESS = "paint"  # in the address: the SHA-256 of the stored paint
_ADDRESS_KEY = "brush_paint_told"  # in the session: the last value of the address
_KEY = "mask_brush"
_TURN_KEY = "brush_turn"  # part of the brush's key; a new one makes the browser take other paint
_PAINTED_LEVEL = 128  # intensity from which a pixel counts as painted


def mask_brush(content: File, styles: Sequence[str]) -> list[File]:
    """Lets the user paint where each style goes.

    Args:
        content: the photo to paint on.
        styles: titles of the styles.

    Returns:
        One mask per style, or none while nothing is painted. Styles without paint share the rest; if all
        have paint, the rest stays the photo.
    """
    stored = _checked(content.digest, _restore(content.digest))
    key = keys.part(_KEY, st.session_state.get(_TURN_KEY, 0))
    image = browser_images.of_file(content.digest)
    height, width = image_io.read_size(image)
    scale = LONGEST / max(height, width)
    words = {
        "styles": list(styles),
        "image": content.digest,
        "kept": None if st.session_state.get(key, {}).get("painted") else stored,
        "alt": "Your photo, to paint on",
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }
    painted = brush_component.show(words, image, key)
    if painted is None:
        painted = stored  # the brush was hidden and has not sent its masks yet
    else:
        st.session_state[_PAINT_KEY] = painted
    try:
        _store(_checked(content.digest, painted))
    except InsufficientSpace as error:
        page_errors.show(error)
        return []
    st.caption(
        "Paint the area of each style. Styles without a painted area share the rest. If every style has "
        "one, the rest of the photo stays as it is."
    )
    try:
        return _store_masks(painted, content.digest, styles)
    except StudioError:
        return []


def put(image: str, styles: Sequence[str], masks: Sequence[File]) -> bool:
    """Puts earlier masks into the brush. Returns whether it could take them. Call it from a callback.

    Args:
        image: SHA-256 of the photo.
        styles: titles of the styles.
        masks: one per style.
    """
    if not all(mask_input.is_painted(file) for file in masks):
        return False
    arrays = [image_io.read_mask(file.read()) for file in masks]
    if len({mask.shape for mask in arrays}) > 1:
        return False
    texts = [to_data_url(image_io.encode_png(mask)) for mask in painted_only(arrays)]
    if max(map(len, texts)) > MOST_BYTES:
        return False
    st.session_state[_PAINT_KEY] = {"image": image, "styles": list(styles), "masks": texts}
    st.session_state[_TURN_KEY] = st.session_state.get(_TURN_KEY, 0) + 1
    return True


def _restore(image: str) -> object:
    """Returns the last paint of this tab; after a reload, that of the address."""
    address = st.query_params.get(_ADDRESS, "")
    has_moved = browser_history.is_back_or_forward() and st.session_state.get(_ADDRESS_KEY, "") != address
    if has_moved:
        st.session_state[_TURN_KEY] = st.session_state.get(_TURN_KEY, 0) + 1
    if has_moved or _PAINT_KEY not in st.session_state:
        st.session_state[_PAINT_KEY], st.session_state[_ADDRESS_KEY] = None, address
        with suppress(StudioError, Refused, OSError):  # deleted, another user's, or invalid
            file = File(owners.own_digest(address), "text", "")
            data = file.read() if file.path.stat().st_size <= _MOST_STORED else b""
            paint = _checked(image, strict_json.parse(data, 3))
            if paint is not None:  # re-encode the masks: the file is untrusted
                masks = [to_data_url(image_io.encode_png(from_data_url(mask))) for mask in paint["masks"]]
                st.session_state[_PAINT_KEY] = {**paint, "masks": masks}
    return st.session_state[_PAINT_KEY]


def _store(painted: dict[str, Any] | None) -> None:
    """Stores the paint and puts its SHA-256 into the URL, so that a reload restores it; None removes it."""
    if painted is None:
        st.query_params.pop(_ADDRESS, None)
        st.session_state[_ADDRESS_KEY] = ""
        return
    data = json.dumps(painted).encode()
    if not paths.is_kept(paths.digest(data)):  # a new stroke adds a file
        quotas.check_disk_quota(owners.owner(), len(data))
    digest = st.session_state[_ADDRESS_KEY] = File.keep(data, "text", "paint.json").digest
    if st.query_params.get(_ADDRESS) != digest:
        st.query_params[_ADDRESS] = digest


def _store_masks(painted: object, image: str, styles: Sequence[str]) -> list[File]:
    """Stores the masks that a browser sent. Returns none for another image, other styles or invalid data.

    Raises:
        InvalidInput: if a mask is not an image.
    """
    payload = _checked(image, painted)
    # Paint of other styles would misplace these; the brush will send its masks again soon.
    if payload is None or payload["styles"] != list(styles):
        return []
    arrays = complete_masks([from_data_url(mask) for mask in payload["masks"]])
    return [
        mask_input.of_brush(image_io.encode_png(mask), number) for number, mask in enumerate(arrays, start=1)
    ]


def _checked(image: str, painted: object) -> dict[str, Any] | None:
    """Returns the message of a browser if it has one mask per style for this image, else None."""
    if not isinstance(painted, dict) or painted.get("image") != image:
        return None
    styles, masks = painted.get("styles"), painted.get("masks")
    if not isinstance(styles, list) or not isinstance(masks, list) or len(styles) != len(masks):
        return None
    if not all(isinstance(style, str) for style in styles):
        return None
    return {"image": image, "styles": styles, "masks": masks}


def to_data_url(mask: bytes) -> str:
    """Returns a PNG file as a data URL."""
    return browser_images.address(mask, "png")


def from_data_url(text: object) -> np.ndarray:
    """Decodes a data URL to `(H, W, 3) uint8`; black if it is invalid or too large.

    Raises:
        InvalidInput: if the data are not an image.
    """
    if not isinstance(text, str) or len(text) > MOST_BYTES:
        return np.zeros((8, 8, 3), "uint8")
    try:
        return image_io.read_mask(base64.b64decode(text.partition(",")[2], validate=True))
    except binascii.Error:
        return np.zeros((8, 8, 3), "uint8")


def complete_masks(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Replaces empty masks by the area that no other mask covers.

    Args:
        masks: `(H, W, 3) uint8`, all of one size.

    Returns:
        As many masks; none if nothing was painted or no area is left for the empty ones.
    """
    painted = [mask for mask in masks if mask.max() >= _PAINTED_LEVEL]
    if not painted:
        return []
    rest = 255 - np.maximum.reduce(painted)
    if len(painted) < len(masks) and rest.max() < _PAINTED_LEVEL:
        return []
    return [mask if mask.max() >= _PAINTED_LEVEL else rest for mask in masks]


def painted_only(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Inverts `complete_masks`: masks of the area that no other mask covers become black.

    Args:
        masks: `(H, W, 3) uint8`, all of one size.
    """
    largest = max(masks, key=np.sum)
    others = [mask for mask in masks if not np.array_equal(mask, largest)]
    if not others or not np.array_equal(largest, 255 - np.maximum.reduce(others)):
        return list(masks)
    return [np.zeros_like(mask) if np.array_equal(mask, largest) else mask for mask in masks]
