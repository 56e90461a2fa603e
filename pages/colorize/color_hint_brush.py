"""A brush for color hints on a gray photo: the brush for masks, with one layer per color."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from pages.form import drawing_canvas, paint
from pages.form.brush_component import PhotoBrush
from pages.form.paint import from_data_url, to_data_url
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
_BRUSH_WIDTH = 16  # px


def _are_colors(names: list[str]) -> bool:
    """Returns whether the styles of paint are the colors of the brush, then any that the user picked."""
    other_names = names[len(HINT_COLORS) :]
    return (
        names[: len(HINT_COLORS)] == list(HINT_COLORS)
        and len(other_names) <= _MAX_OTHER_COLORS
        and all(re.fullmatch("#[0-9a-f]{6}", name) for name in other_names)
        and len(set(names)) == len(names)
    )


BRUSH = PhotoBrush("color_hints", _are_colors)


def show_brush(photo: File) -> File | None:
    """Lets the user paint color hints onto a photo.

    Returns:
        The color hints as a PNG, transparent where there are none; None while nothing is painted.
    """
    canvas, height, width = _render_canvas(photo.digest)
    hints = BRUSH.load(photo.digest)
    names = hints["styles"] if hints else list(HINT_COLORS)
    colors = [_color_of(name) for name in names]
    options = {
        "styles": names,
        "colors": colors,
        "button_colors": [drawing_canvas.darken_hex(color) for color in colors],
        "max_colors": len(HINT_COLORS) + _MAX_OTHER_COLORS,
        "alt": "Your photo in gray, to paint on",
        "brush": _BRUSH_WIDTH,
        "width": width,
        "height": height,
    }
    hints = BRUSH.show(photo.digest, canvas, options)
    st.caption(
        "A few color hints are enough: each color spreads over the object under it. Gray keeps an area gray."
    )
    with suppress(StudioError):  # The browser may send data that is no image.
        return (
            store_hints([from_data_url(mask) for mask in hints["masks"]], hints["styles"]) if hints else None
        )
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
    if max(image_io.read_size(data)) > paint.MAX_SIDE:  # not of the brush
        return False
    image = image_io.read_transparent(data, color_hints.name)
    if image.shape[2] != 4:
        return False
    is_painted = image[..., 3] > 0
    painted_colors = {f"#{bytes(color).hex()}" for color in np.unique(image[is_painted, :3], axis=0)}
    other_colors = sorted(painted_colors.difference(HINT_COLORS.values()))
    if len(other_colors) > _MAX_OTHER_COLORS:
        return False
    names = [*HINT_COLORS, *other_colors]
    masks = []
    for name in names:
        has_color = is_painted & (image[..., :3] == ImageColor.getrgb(_color_of(name))).all(axis=2)
        mask = np.where(has_color, image[..., 3], 0).astype("uint8")
        masks.append(to_data_url(mask[..., None].repeat(3, axis=2)))
    BRUSH.replace({"image": photo.digest, "styles": names, "masks": masks})
    return True


def _color_of(name: str) -> str:
    """Returns the color of a name as "#rrggbb"; a color that the user picked is its own name."""
    return HINT_COLORS.get(name, name)


@owners.cached(max_entries=16)
def _render_canvas(digest: str) -> tuple[bytes, int, int]:
    """Returns a stored image in gray as WebP, and height and width of its painted layer."""
    photo = image_io.to_gray(image_io.read(File(digest, "image", "").path))[..., 0]
    image = Image.fromarray(photo)
    image.thumbnail((1024, 1024))
    height, width = paint.fit(image.height, image.width)
    return browser_images.encode_webp(image.convert("RGB")), height, width
