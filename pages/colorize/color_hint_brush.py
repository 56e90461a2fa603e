"""A brush for color hints on a gray photo: the brush for masks, with one layer per color."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from pages.form import brush_component, drawing_canvas, input_store
from pages.form.mask_brush import from_data_url, to_data_url
from pages.widgets import browser_images, owners
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
_MAX_OTHER_COLORS = 8  # that the user picks; their names are "#rrggbb"
_MAX_SIDE = 384  # px of the longer side of the painted layer
_BRUSH_WIDTH = 16  # px
_HINTS_KEY, _VERSION_KEY = "color_hints", "color_hints_turn"


def show_brush(photo: File) -> File | None:
    """Lets the user paint color hints onto a photo.

    Returns:
        The color hints as a PNG, transparent where there are none; None while nothing is painted.
    """
    canvas, height, width = _render_canvas(photo.digest)
    hints = _read_hints(photo.digest, brush_component.restore(_HINTS_KEY, _parse_stored_hints, _VERSION_KEY))
    key = f"hint_brush_{st.session_state.get(_VERSION_KEY, 0)}"
    new_hints = _read_hints(photo.digest, st.session_state.get(key, {}).get("painted"))
    names = list(new_hints or hints or HINT_COLORS)
    colors = [_color_of(name) for name in names]
    data = {
        "styles": names,
        "colors": colors,
        "button_colors": [drawing_canvas.darken_hex(color) for color in colors],
        "max_colors": len(HINT_COLORS) + _MAX_OTHER_COLORS,
        "image": photo.digest,
        "saved": {"styles": list(hints), "masks": list(hints.values())} if hints and not new_hints else None,
        "alt": "Your photo in gray, to paint on",
        "brush": _BRUSH_WIDTH,
        "width": width,
        "height": height,
    }
    new_hints = _read_hints(photo.digest, brush_component.show(data, canvas, key))
    if new_hints is not None:
        st.session_state[_HINTS_KEY] = _describe(photo.digest, new_hints)
        hints = new_hints
    input_store.store(_HINTS_KEY, st.session_state[_HINTS_KEY])
    st.caption(
        "A few color hints are enough: each color spreads over the object under it. Gray keeps an area gray."
    )
    with suppress(StudioError):  # The browser may send data that is no image.
        return store_hints([from_data_url(mask) for mask in hints.values()], list(hints)) if hints else None
    return None


def store_hints(masks: list[np.ndarray], names: Sequence[str] = tuple(HINT_COLORS)) -> File | None:
    """Stores the color hints of all colors as one image; returns None if there are none.

    Args:
        masks: one per color, `(H, W, 3) uint8`, white where it is painted.
        names: of the colors, as in HINT_COLORS or "#rrggbb".
    """
    if len({mask.shape for mask in masks}) > 1:
        return None
    image = np.zeros((*masks[0].shape[:2], 4), "uint8")
    for mask, name in zip(masks, names, strict=True):
        is_painted = mask[..., 0] > image[..., 3]
        image[is_painted, :3] = ImageColor.getrgb(_color_of(name))
        image[is_painted, 3] = mask[is_painted, 0]
    return File.store(image_io.encode_png(image), "image", "color_hints.png") if image[..., 3].any() else None


def load_hints(photo: File, color_hints: File) -> bool:
    """Loads color hints into the brush; returns whether it has their colors. Call it from a callback."""
    data = color_hints.read()
    if max(image_io.read_size(data)) > _MAX_SIDE:  # not of the brush
        return False
    image = image_io.read_transparent(data, color_hints.name)
    if image.shape[2] != 4:
        return False
    is_painted = image[..., 3] > 0
    painted_colors = {f"#{bytes(color).hex()}" for color in np.unique(image[is_painted, :3], axis=0)}
    other_colors = sorted(painted_colors.difference(HINT_COLORS.values()))
    if len(other_colors) > _MAX_OTHER_COLORS:
        return False
    hints = {}
    for name in (*HINT_COLORS, *other_colors):
        has_color = is_painted & (image[..., :3] == ImageColor.getrgb(_color_of(name))).all(axis=2)
        mask = np.where(has_color, image[..., 3], 0).astype("uint8")
        hints[name] = to_data_url(mask[..., None].repeat(3, axis=2))
    st.session_state[_HINTS_KEY] = _describe(photo.digest, hints)
    brush_component.replace_paint(_VERSION_KEY)
    return True


def _parse_stored_hints(data: object) -> dict[str, object] | None:
    """Reads stored hints and encodes them again, so the browser never gets untrusted data."""
    image = data.get("image") if isinstance(data, dict) else None
    hints = _read_hints(image, data) if isinstance(image, str) else None
    with suppress(StudioError):
        masks = {name: to_data_url(from_data_url(mask)) for name, mask in (hints or {}).items()}
        return _describe(str(image), masks) if masks else None
    return None


def _describe(image: str, hints: dict[str, str]) -> dict[str, object]:
    """Returns color hints in the form that the browser sends and that is stored."""
    return {"image": image, "styles": list(hints), "masks": list(hints.values())}


def _read_hints(image: str, data: object) -> dict[str, str] | None:
    """Returns the masks that a browser sent if they belong to this image, by the name of their color."""
    if not isinstance(data, dict) or data.get("image") != image:
        return None
    names, masks = data.get("styles"), data.get("masks")
    if not isinstance(names, list) or not isinstance(masks, list) or len(names) != len(masks):
        return None
    other_names = names[len(HINT_COLORS) :]
    if names[: len(HINT_COLORS)] != list(HINT_COLORS) or len(other_names) > _MAX_OTHER_COLORS:
        return None
    if not all(isinstance(name, str) and re.fullmatch("#[0-9a-f]{6}", name) for name in other_names):
        return None
    is_valid = len(set(names)) == len(names) and all(isinstance(mask, str) for mask in masks)
    return dict(zip(names, masks, strict=True)) if is_valid else None


def _color_of(name: str) -> str:
    """Returns the color of a name as "#rrggbb"; a color that the user picked is its own name."""
    return HINT_COLORS.get(name, name)


@owners.cached(max_entries=16)
def _render_canvas(digest: str) -> tuple[bytes, int, int]:
    """Returns a stored image in gray as WebP, and height and width of its painted layer."""
    photo = image_io.to_gray(image_io.read(File(digest, "image", "").path))[..., 0]
    image = Image.fromarray(photo)
    image.thumbnail((1024, 1024))
    scale = _MAX_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return browser_images.encode_webp(image.convert("RGB")), height, width
