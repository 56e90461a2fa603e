"""A brush for color hints on a gray photo: the brush for masks, with one layer per color."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from pages.form import brush_component, input_store
from pages.form.mask_brush import from_data_url, to_data_url
from pages.widgets import owners
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File

HINT_COLORS = {
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
_MAX_SIDE = 384  # px of the longer side of the painted layer
_BRUSH_WIDTH = 16  # px
_HINTS_KEY, _VERSION_KEY = "color_hints", "color_hints_turn"


def show_brush(photo: File) -> File | None:
    """Lets the user paint color hints onto a photo.

    Returns:
        The color hints as a PNG, transparent where there are none; None while nothing is painted.
    """
    canvas, height, width = _render_canvas(photo.digest)
    masks = _read_masks(photo.digest, _restore_hints())
    key = f"hint_brush_{st.session_state.get(_VERSION_KEY, 0)}"
    new_masks = _read_masks(photo.digest, st.session_state.get(key, {}).get("painted"))
    data = {
        "styles": list(HINT_COLORS),
        "colors": list(HINT_COLORS.values()),
        "button_colors": list(HINT_COLORS.values()),
        "image": photo.digest,
        "saved": {"styles": list(HINT_COLORS), "masks": masks} if masks and new_masks is None else None,
        "alt": "Your photo in gray, to paint on",
        "brush": _BRUSH_WIDTH,
        "width": width,
        "height": height,
    }
    new_masks = _read_masks(photo.digest, brush_component.show(data, canvas, key))
    if new_masks is not None:
        st.session_state[_HINTS_KEY] = {
            "image": photo.digest,
            "styles": list(HINT_COLORS),
            "masks": new_masks,
        }
        masks = new_masks
    input_store.store(_HINTS_KEY, st.session_state[_HINTS_KEY])
    st.caption(
        "A few color hints are enough: each color spreads over the object under it. Gray keeps an area gray."
    )
    with suppress(StudioError):  # The browser may send data that is no image.
        return store_hints([from_data_url(mask) for mask in masks]) if masks else None
    return None


def store_hints(masks: list[np.ndarray]) -> File | None:
    """Stores the color hints of all colors as one image; returns None if there are none.

    Args:
        masks: one per color of HINT_COLORS, `(H, W, 3) uint8`, white where it is painted.
    """
    if len({mask.shape for mask in masks}) > 1:
        return None
    image = np.zeros((*masks[0].shape[:2], 4), "uint8")
    for mask, ink in zip(masks, HINT_COLORS.values(), strict=True):
        is_painted = mask[..., 0] > image[..., 3]
        image[is_painted, :3], image[is_painted, 3] = ImageColor.getrgb(ink), mask[is_painted, 0]
    return File.store(image_io.encode_png(image), "image", "color_hints.png") if image[..., 3].any() else None


def load_hints(photo: File, color_hints: File) -> bool:
    """Loads color hints into the brush; returns whether it has their colors. Call it from a callback."""
    data = color_hints.read()
    if max(image_io.read_size(data)) > _MAX_SIDE:  # not of the brush
        return False
    image = image_io.read_transparent(data, color_hints.name)
    if image.shape[2] != 4:
        return False
    masks, unassigned = [], image[..., 3] > 0
    for ink in HINT_COLORS.values():
        is_painted = unassigned & (image[..., :3] == ImageColor.getrgb(ink)).all(axis=2)
        masks.append(np.where(is_painted, image[..., 3], 0).astype("uint8")[..., None].repeat(3, axis=2))
        unassigned = unassigned & ~is_painted
    if unassigned.any():
        return False
    texts = [to_data_url(mask) for mask in masks]
    st.session_state[_HINTS_KEY] = {"image": photo.digest, "styles": list(HINT_COLORS), "masks": texts}
    st.session_state[_VERSION_KEY] = st.session_state.get(_VERSION_KEY, 0) + 1
    return True


def _restore_hints() -> object:
    """Returns the last color hints, of this tab or of the address."""
    before = st.session_state.get(_HINTS_KEY)
    last = input_store.restore(_HINTS_KEY, _read_hints)
    if before is not None and last is not before:
        # A new key makes the browser show these hints instead of its own.
        st.session_state[_VERSION_KEY] = st.session_state.get(_VERSION_KEY, 0) + 1
    return last


def _read_hints(data: object) -> dict[str, object] | None:
    """Reads stored hints and encodes them again, so the browser never gets untrusted data."""
    image = data.get("image") if isinstance(data, dict) else None
    masks = _read_masks(image, data) if isinstance(image, str) else None
    with suppress(StudioError):
        texts = [to_data_url(from_data_url(mask)) for mask in masks or ()]
        return {"image": image, "styles": list(HINT_COLORS), "masks": texts} if texts else None
    return None


def _read_masks(image: str, data: object) -> list[str] | None:
    """Returns the masks that a browser sent if they belong to this image, one per color."""
    if not isinstance(data, dict) or data.get("image") != image:
        return None
    masks = data.get("masks")
    if (
        data.get("styles") != list(HINT_COLORS)
        or not isinstance(masks, list)
        or len(masks) != len(HINT_COLORS)
    ):
        return None
    return masks if all(isinstance(mask, str) for mask in masks) else None


@owners.cached(max_entries=16)
def _render_canvas(digest: str) -> tuple[bytes, int, int]:
    """Returns a stored image in gray as WebP, and height and width of its painted layer."""
    photo = image_io.to_gray(image_io.read(File(digest, "image", "").path))[..., 0]
    image = Image.fromarray(photo)
    image.thumbnail((1024, 1024))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", quality=90)
    scale = _MAX_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return buffer.getvalue(), height, width
