"""A black canvas to draw on, in white or several colors; uses the brush component without a photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.form import brush_component, input_store, paint
from pages.form.paint import from_data_url, to_data_url
from pages.widgets import browser_images, keys
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File

SIDE = 280  # px
Color = tuple[int, int, int]
_WHITE: Color = (255, 255, 255)
_DARK_BLUE: Color = (48, 70, 176)  # button of a near-white color, on which a white label would be unreadable
_NEAR_WHITE = 150  # minimum over the channels of a near-white color


@dataclass(frozen=True)
class Canvas:
    """A canvas of a page.

    Attributes:
        name: of the drawing, in the session and in the address.
        colors: to draw in, by name; None for white.
        brush: initial width of a line, in px.
    """

    name: str = "drawing"
    colors: Mapping[str, Color] | None = None
    brush: int = 22  # about as wide as the lines of written digits

    @property
    def palette(self) -> Mapping[str, Color]:
        """Returns the colors by name; white if none were given."""
        return self.colors or {"Line": _WHITE}

    @property
    def _version_key(self) -> str:
        """Session key of a number; a new one makes the browser take another drawing."""
        return keys.part(self.name, "version")

    def show(self, label: str) -> np.ndarray:
        """Draws the canvas; the page reruns after each stroke.

        Args:
            label: for screen readers.

        Returns:
            The drawing, `(SIDE, SIDE, 3) uint8`, on black; all black while nothing is drawn.
        """
        masks = self._restore_masks()
        version = f"{self.name}-{st.session_state.get(self._version_key, 0)}"
        key = keys.part(self.name, "canvas")
        drawn_masks = self._validate_masks(st.session_state.get(key, {}).get("painted"), version)
        styles = list(self.palette)
        options = {
            "styles": styles,
            "image": version,
            "can_undo_image": True,  # a drawing from `set_drawing` can be undone
            "saved": {"styles": styles, "masks": masks} if masks and drawn_masks is None else None,
            "alt": "",
            "label": f"{label}: arrow keys move the brush, Shift moves it further, space draws",
            "colors": [_format_hex(color) for color in self.palette.values()],
            "button_colors": [_format_hex(_button_color(color)) for color in self.palette.values()],
            "brush": self.brush,
            "width": SIDE,
            "height": SIDE,
        }
        drawn_masks = self._validate_masks(
            brush_component.show(options, _encode_background(), key, can_select=False), version
        )
        if drawn_masks is not None:
            st.session_state[self.name] = masks = drawn_masks
        input_store.store(self.name, masks)
        with suppress(StudioError):
            return self._compose_drawing(masks) if masks else _make_blank_drawing()
        return _make_blank_drawing()

    def is_new(self) -> bool:
        """Returns whether the user never drew on the canvas and nothing filled it."""
        return self._restore_masks() is None

    def set_drawing(self, drawing: np.ndarray) -> None:
        """Replaces the drawing. Call it before `show`.

        Args:
            drawing: `(H, W, 3) uint8`.
        """
        resized = image_io.resize(drawing, SIDE, SIDE)
        masks = [resized] if len(self.palette) == 1 else self._split_colors(resized)
        st.session_state[self.name] = [to_data_url(mask) for mask in masks]
        brush_component.replace_paint(self._version_key)

    def load_file(self, file: File) -> None:
        """Replaces the drawing with a stored one; see `is_drawing`. Call it from a callback."""
        self.set_drawing(image_io.read(file.read(), file.name))

    def _restore_masks(self) -> list[str] | None:
        """Returns the masks of this tab or of the address; None if there are none."""
        return brush_component.restore(self.name, self._parse_stored_masks, self._version_key)

    def _parse_stored_masks(self, value: object) -> list[str] | None:
        """Returns the masks of a stored file, re-encoded because its content is untrusted."""
        stored = {"image": "", "styles": list(self.palette), "masks": value}
        stored_paint = paint.encode_again(paint.parse(stored, ""))
        return stored_paint["masks"] if stored_paint else None

    def _validate_masks(self, message: object, version: str) -> list[str] | None:
        """Returns the masks in a message of the browser, one per color; None if it is of another version."""
        message_paint = paint.parse(message, version)
        if message_paint is None or message_paint["styles"] != list(self.palette):
            return None
        return message_paint["masks"]

    def _compose_drawing(self, masks: Sequence[str]) -> np.ndarray:
        """Returns the drawing that the masks make up, `(SIDE, SIDE, 3) uint8`."""
        drawing = np.zeros((SIDE, SIDE, 3), "uint8")
        for text, color in zip(masks, self.palette.values(), strict=True):
            mask = from_data_url(text)
            if mask.shape == drawing.shape:
                drawing = np.maximum(drawing, (mask * (np.array(color) / 255)).astype("uint8"))
        return drawing

    def _split_colors(self, drawing: np.ndarray) -> list[np.ndarray]:
        """Splits a drawing into one mask per color, by the nearest color; black belongs to no mask."""
        palette = np.array([(0, 0, 0), *self.palette.values()], "int32")
        nearest = ((drawing[:, :, None].astype("int32") - palette) ** 2).sum(-1).argmin(-1)
        masks = [(nearest == n + 1) * np.uint8(255) for n in range(len(self.palette))]
        return [np.repeat(mask[..., None], 3, axis=2) for mask in masks]


def is_drawing(file: File) -> bool:
    """Returns whether an image has the size of a canvas, which then can show it unchanged."""
    with suppress(StudioError):
        return file.is_available and image_io.read_size(file.read()) == (SIDE, SIDE)
    return False


def _format_hex(color: Color) -> str:
    return "#" + bytes(color).hex()


def darken_hex(color: str) -> str:
    """Returns the color of a button for a color "#rrggbb", dark enough for a white label."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return _format_hex(_button_color((red, green, blue)))


def _button_color(color: Color) -> Color:
    """Returns the color of a button, darkened where its white label would be unreadable."""
    red, green, blue = color
    if min(color) > _NEAR_WHITE:
        return _DARK_BLUE
    luminance = 0.3 * red + 0.59 * green + 0.11 * blue
    share = min(1.0, 105 / max(luminance, 1))
    return round(red * share), round(green * share), round(blue * share)


def _make_blank_drawing() -> np.ndarray:
    return np.zeros((SIDE, SIDE, 3), "uint8")


@st.cache_data(show_spinner=False)
def _encode_background() -> bytes:
    return browser_images.encode_webp(_make_blank_drawing())
