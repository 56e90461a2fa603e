"""A brush that color hints colors onto a gray photo: the one that paints masks, with a layer for each
color.
"""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from pages.form import brush_component, kept_inputs
from pages.form.painted_masks import as_text, of_text
from pages.widgets import owners
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File

INKS = {
    "Skin": "#d9a384",
    "Red": "#b3242b",
    "Orange": "#d97a1f",
    "Yellow": "#d9bd2b",
    "Leaf": "#5a8a2f",
    "Sky": "#6fa5d9",
    "Blue": "#2a4a9e",
    "Violet": "#7a4a9e",
    "Brown": "#7a5230",
    "Gray": "#808080",
}
_LONGEST = 384  # px of what is painted
_BRUSH = 16  # px
_PAINTED, _TURN = "color_hints", "color_hints_turn"


def color_hint_brush(photo: File) -> File | None:
    """Lets a user color hint colors onto a photo.

    Returns:
        The color hints, a PNG that is clear where there are none; None while nothing is painted.
    """
    ground, height, width = _ground(photo.digest)
    kept = _of(photo.digest, _last())
    key = f"dab_brush_{st.session_state.get(_TURN, 0)}"
    told = _of(photo.digest, st.session_state.get(key, {}).get("painted"))
    words = {
        "styles": list(INKS),
        "paints": list(INKS.values()),
        "marks": list(INKS.values()),
        "swatches": True,
        "image": photo.digest,
        "kept": {"styles": list(INKS), "masks": kept} if kept and told is None else None,
        "alt": "Your photo in gray, to paint on",
        "brush": _BRUSH,
        "width": width,
        "height": height,
    }
    told = _of(photo.digest, brush_component.show(words, ground, key))
    if told is not None:
        st.session_state[_PAINTED] = {"image": photo.digest, "styles": list(INKS), "masks": told}
        kept = told
    kept_inputs.keep(_PAINTED, st.session_state[_PAINTED])
    st.caption(
        "A few color hints are enough: each color spreads over the object under it. Gray keeps an area gray."
    )
    with suppress(StudioError):  # what a browser sent may be no image
        return layer([of_text(mask) for mask in kept]) if kept else None
    return None


def layer(masks: list[np.ndarray]) -> File | None:
    """Keeps the color hints of all colors as one image; None if there are none.

    Args:
        masks: one for each of INKS, `(H, W, 3) uint8`, white where it was painted.
    """
    if len({mask.shape for mask in masks}) > 1:
        return None
    made = np.zeros((*masks[0].shape[:2], 4), "uint8")
    for mask, ink in zip(masks, INKS.values(), strict=True):
        here = mask[..., 0] > made[..., 3]
        made[here, :3], made[here, 3] = ImageColor.getrgb(ink), mask[here, 0]
    return File.keep(image_io.encode_png(made), "image", "color_hints.png") if made[..., 3].any() else None


def put(photo: File, color_hints: File) -> bool:
    """Gives the brush color hints that it painted before; says whether it could take them. For callbacks."""
    made = image_io.read_transparent(color_hints.read(), color_hints.name)
    if made.shape[2] != 4:
        return False
    masks, left = [], made[..., 3] > 0
    for ink in INKS.values():
        here = left & (made[..., :3] == ImageColor.getrgb(ink)).all(axis=2)
        masks.append(np.where(here, made[..., 3], 0).astype("uint8")[..., None].repeat(3, axis=2))
        left = left & ~here
    if left.any():
        return False
    texts = [as_text(image_io.encode_png(mask)) for mask in masks]
    st.session_state[_PAINTED] = {"image": photo.digest, "styles": list(INKS), "masks": texts}
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    return True


def _last() -> object:
    """What was painted last, in this tab or as the address says."""
    before = st.session_state.get(_PAINTED)
    last = kept_inputs.restore(_PAINTED, _read)
    if before is not None and last is not before:
        st.session_state[_TURN] = (
            st.session_state.get(_TURN, 0) + 1
        )  # else the browser would show what it has
    return last


def _read(told: object) -> dict[str, object] | None:
    """What a file tells, made again: whatever is in it, the browser gets images of ours."""
    image = told.get("image") if isinstance(told, dict) else None
    masks = _of(image, told) if isinstance(image, str) else None
    with suppress(StudioError):
        texts = [as_text(image_io.encode_png(of_text(mask))) for mask in masks or ()]
        return {"image": image, "styles": list(INKS), "masks": texts} if texts else None
    return None


def _of(image: str, painted: object) -> list[str] | None:
    """The masks that a browser sent, if they are of this image, one for each color."""
    if not isinstance(painted, dict) or painted.get("image") != image:
        return None
    masks = painted.get("masks")
    if painted.get("styles") != list(INKS) or not isinstance(masks, list) or len(masks) != len(INKS):
        return None
    return masks if all(isinstance(mask, str) for mask in masks) else None


@owners.cached(max_entries=16)
def _ground(digest: str) -> tuple[bytes, int, int]:
    """A kept image in gray as the browser gets it, and the size at which it is painted on."""
    photo = image_io.gray(image_io.read(File(digest, "image", "").path))[..., 0]
    image = Image.fromarray(photo)
    image.thumbnail((1024, 1024))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", quality=90)
    scale = _LONGEST / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return buffer.getvalue(), height, width
