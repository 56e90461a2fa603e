"""A brush that says where in a photo each style goes.

Our own because Streamlit has none. What is painted stays in the browser until a stroke ends; then the mask of
each style comes back as a small PNG. The session keeps these, for a brush that is put away forgets, and the
address names them, for a reload ends the session. Names of styles are set as text, never as markup: they may
be a user's own.
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
from studio.core.errors import NoRoom, StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused
from studio.engine import quotas

LONGEST = 384  # px of a mask; its edges are then a little soft, which is what a brush should leave
MOST_BYTES = 400_000  # of a mask as text
_MOST_KEPT = mask_input.MOST * MOST_BYTES + 10_000  # of all of them, with the names of their styles
_PAINT = "brush_paint"  # what was painted last, in the session; no widget's, for those go with their widgets
_ADDRESS = "paint"  # in the address, the kept file of it
_TOLD = "brush_paint_told"  # in the session, what the address named last
_KEY = "mask_brush"
_TURN = "brush_turn"  # a brush that is given other paint begins again, or the browser would keep its own
_PAINTED = 128  # level from which a place of a mask is painted


def mask_brush(content: File, styles: Sequence[str]) -> list[File]:
    """Lets a user paint where each style goes.

    Args:
        content: the photo that is painted on.
        styles: what each is called.

    Returns:
        A mask a style, or none while nothing is painted. Styles that were not painted share the rest; where
        all were, the rest stays the photo.
    """
    kept = _of(content.digest, _last(content.digest))
    key = keys.part(_KEY, st.session_state.get(_TURN, 0))
    image = browser_images.of_file(content.digest)
    height, width = image_io.size(image)
    scale = LONGEST / max(height, width)
    words = {
        "styles": list(styles),
        "image": content.digest,
        "kept": None if st.session_state.get(key, {}).get("painted") else kept,
        "alt": "Your photo, to paint on",
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }
    painted = brush_component.show(words, image, key)
    if painted is None:
        painted = kept  # a brush that was put away and is back knows nothing yet
    else:
        st.session_state[_PAINT] = painted
    try:
        _remember(_of(content.digest, painted))
    except NoRoom as error:
        page_errors.tell(error)
        return []
    st.caption(
        "Paint the area of each style. Styles without a painted area share the rest. If every style has "
        "one, the rest of the photo stays as it is."
    )
    try:
        return _kept(painted, content.digest, styles)
    except StudioError:
        return []


def put(image: str, styles: Sequence[str], masks: Sequence[File]) -> bool:
    """Gives the brush masks that it painted before; says whether it could take them. For callbacks.

    Args:
        image: the digest of the photo.
        styles: what each is called.
        masks: one for each of them.
    """
    if not all(mask_input.is_painted(file) for file in masks):
        return False
    found = [image_io.read_mask(file.read()) for file in masks]
    if len({mask.shape for mask in found}) > 1:
        return False
    texts = [as_text(image_io.encode_png(mask)) for mask in strokes(found)]
    if max(map(len, texts)) > MOST_BYTES:
        return False
    st.session_state[_PAINT] = {"image": image, "styles": list(styles), "masks": texts}
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    return True


def _last(image: str) -> object:
    """What was painted last, which the address has after a reload."""
    told = st.query_params.get(_ADDRESS, "")
    moved = browser_history.is_back_or_forward() and st.session_state.get(_TOLD, "") != told
    if moved:
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    if moved or _PAINT not in st.session_state:
        st.session_state[_PAINT], st.session_state[_TOLD] = None, told
        with suppress(StudioError, Refused, OSError):  # removed since, somebody else's, or no such file
            file = File(owners.mine(told), "text", "")
            data = file.read() if file.path.stat().st_size <= _MOST_KEPT else b""
            found = _of(image, strict_json.parsed(data, 3))
            if found is not None:  # made again: whatever was in that file, the browser gets images of ours
                masks = [as_text(image_io.encode_png(of_text(mask))) for mask in found["masks"]]
                st.session_state[_PAINT] = {**found, "masks": masks}
    return st.session_state[_PAINT]


def _remember(painted: dict[str, Any] | None) -> None:
    """Keeps what is painted, and names it in the address, so that a reload has it."""
    if painted is None:
        st.query_params.pop(_ADDRESS, None)
        st.session_state[_TOLD] = ""
        return
    data = json.dumps(painted).encode()
    if not paths.is_kept(paths.digest(data)):  # each stroke makes another one
        quotas.check_room(owners.owner(), len(data))
    told = st.session_state[_TOLD] = File.keep(data, "text", "paint.json").digest
    if st.query_params.get(_ADDRESS) != told:
        st.query_params[_ADDRESS] = told


def _kept(painted: object, image: str, styles: Sequence[str]) -> list[File]:
    """The masks that a browser sent, kept; none of another image or other styles, or if they are no masks.

    Raises:
        InvalidInput: if one is no image.
    """
    sent = _of(image, painted)
    # What was painted for other styles would put these into their places; the brush soon tells it again.
    if sent is None or sent["styles"] != list(styles):
        return []
    found = whole([of_text(one) for one in sent["masks"]])
    return [
        mask_input.of_brush(image_io.encode_png(mask), number) for number, mask in enumerate(found, start=1)
    ]


def _of(image: str, painted: object) -> dict[str, Any] | None:
    """What a browser sent, if it is a mask a style of this image."""
    if not isinstance(painted, dict) or painted.get("image") != image:
        return None
    styles, masks = painted.get("styles"), painted.get("masks")
    if not isinstance(styles, list) or not isinstance(masks, list) or len(styles) != len(masks):
        return None
    if not all(isinstance(style, str) for style in styles):
        return None
    return {"image": image, "styles": styles, "masks": masks}


def as_text(mask: bytes) -> str:
    """A PNG as the browser takes it: as an address that holds it."""
    return browser_images.address(mask, "png")


def of_text(text: object) -> np.ndarray:
    """What a browser sent as such an address, `(H, W, 3) uint8`; black if it is none, or too large.

    Raises:
        InvalidInput: if it is no image.
    """
    if not isinstance(text, str) or len(text) > MOST_BYTES:
        return np.zeros((8, 8, 3), "uint8")
    try:
        return image_io.read_mask(base64.b64decode(text.partition(",")[2], validate=True))
    except binascii.Error:
        return np.zeros((8, 8, 3), "uint8")


def whole(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Masks of which none is black: those that were not painted become what no other one covers.

    Args:
        masks: `(H, W, 3) uint8`, all of one size.

    Returns:
        As many; none if nothing was painted, or the painted ones leave no room for the others.
    """
    painted = [mask for mask in masks if mask.max() >= _PAINTED]
    if not painted:
        return []
    rest = 255 - np.maximum.reduce(painted)
    if len(painted) < len(masks) and rest.max() < _PAINTED:
        return []
    return [mask if mask.max() >= _PAINTED else rest for mask in masks]


def strokes(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What was painted of masks that `whole` gave: those that are what no other one covers become black.

    Args:
        masks: `(H, W, 3) uint8`, all of one size.
    """
    largest = max(masks, key=np.sum)
    others = [mask for mask in masks if not np.array_equal(mask, largest)]
    if not others or not np.array_equal(largest, 255 - np.maximum.reduce(others)):
        return list(masks)
    return [np.zeros_like(mask) if np.array_equal(mask, largest) else mask for mask in masks]
