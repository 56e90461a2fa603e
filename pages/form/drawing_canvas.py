"""A black canvas to draw on, with a white line or several colors: the brush of masks, without a photo."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from pages.form import brush_component, kept_inputs
from pages.form.painted_masks import as_text, of_text
from pages.widgets import keys
from studio.core.errors import StudioError
from studio.core.imaging import image_io

SIDE = 280  # px
Color = tuple[int, int, int]
_WHITE: Color = (255, 255, 255)
_DARK: Color = (48, 70, 176)  # of the button of a color on which white letters could not be read
_MOST_LIGHT = 150  # level of such a color, at least


@dataclass(frozen=True)
class Canvas:
    """One canvas of a page.

    Attributes:
        name: of what is drawn on it, in the session and in the address.
        colors: that one can draw in, by what each is called.
        brush: how wide a line is at first, in px.
    """

    name: str = "drawing"
    colors: Mapping[str, Color] | None = None
    brush: int = 22  # about as wide as the lines of written digits

    @property
    def inks(self) -> Mapping[str, Color]:
        """The colors; a white line if none were given."""
        return self.colors or {"Line": _WHITE}

    @property
    def _turn(self) -> str:
        return keys.part(self.name, "turn")

    def show(self, label: str) -> np.ndarray:
        """Lets a user draw; a stroke is told as soon as it ends.

        Args:
            label: what screen readers call it.

        Returns:
            `(SIDE, SIDE, 3) uint8`, on black; all black while nothing is drawn.
        """
        kept = self._kept()
        turn = f"{self.name}-{st.session_state.get(self._turn, 0)}"
        key = keys.part(self.name, "canvas")
        told = self._told(st.session_state.get(key, {}).get("painted"), turn)
        styles = list(self.inks)
        words = {
            "styles": styles,
            "image": turn,
            "canvas": True,  # what is put here can be undone
            "kept": {"styles": styles, "masks": kept} if kept and told is None else None,
            "alt": "",
            "label": f"{label}: arrow keys move the brush, Shift moves it further, space draws",
            "paints": [_code(color) for color in self.inks.values()],
            "marks": [_code(_mark(color)) for color in self.inks.values()],
            "brush": self.brush,
            "width": SIDE,
            "height": SIDE,
        }
        told = self._told(brush_component.show(words, _ground(), key), turn)
        if told is not None:
            st.session_state[self.name] = kept = told
        kept_inputs.keep(self.name, kept)
        with suppress(StudioError):
            return self._painted(kept) if kept else _black()
        return _black()

    def is_new(self) -> bool:
        """Whether nothing was drawn or put here yet."""
        return self._kept() is None

    def put(self, drawing: np.ndarray) -> None:
        """Puts a drawing in the place of what is there, `(H, W, 3) uint8`. Call it before it is shown."""
        large = image_io.resize(drawing, SIDE, SIDE)
        masks = [large] if len(self.inks) == 1 else self._masks(large)
        st.session_state[self.name] = [as_text(image_io.encode_png(one)) for one in masks]
        self._begin_again()

    def _kept(self) -> list[str] | None:
        """The masks of this tab or of the address; None while nothing was drawn or put here."""
        before = st.session_state.get(self.name)
        kept = kept_inputs.restore(self.name, self._read)
        if before is not None and kept is not before:
            self._begin_again()  # else the browser would show what it has
        return kept

    def _read(self, told: object) -> list[str] | None:
        """The masks that a file tells of, made again: whatever is in it, the browser gets images of ours."""
        masks = self._told({"image": "", "masks": told}, "")
        with suppress(StudioError):
            return [as_text(image_io.encode_png(of_text(mask))) for mask in masks] if masks else None
        return None

    def _begin_again(self) -> None:
        st.session_state[self._turn] = st.session_state.get(self._turn, 0) + 1

    def _told(self, painted: object, turn: str) -> list[str] | None:
        """What a browser sent, if it is of this turn: a mask of each color."""
        if not isinstance(painted, dict) or painted.get("image") != turn:
            return None
        masks = painted.get("masks")
        if not isinstance(masks, list) or len(masks) != len(self.inks):
            return None
        return list(masks) if all(isinstance(one, str) for one in masks) else None

    def _painted(self, masks: Sequence[str]) -> np.ndarray:
        """Masks as one drawing."""
        made = np.zeros((SIDE, SIDE, 3), "uint8")
        for text, color in zip(masks, self.inks.values(), strict=True):
            mask = of_text(text)
            if mask.shape == made.shape:
                made = np.maximum(made, (mask * (np.array(color) / 255)).astype("uint8"))
        return made

    def _masks(self, drawing: np.ndarray) -> list[np.ndarray]:
        """A drawing as a mask of each color: black is none of them."""
        known = np.array([(0, 0, 0), *self.inks.values()], "int32")
        nearest = ((drawing[:, :, None].astype("int32") - known) ** 2).sum(-1).argmin(-1)
        masks = [(nearest == n + 1) * np.uint8(255) for n in range(len(self.inks))]
        return [np.repeat(mask[..., None], 3, axis=2) for mask in masks]


def _code(color: Color) -> str:
    return "#" + bytes(color).hex()


def _mark(color: Color) -> Color:
    """The color of a button, whose letters are white: light ones are darkened."""
    red, green, blue = color
    if min(color) > _MOST_LIGHT:
        return _DARK
    light = 0.3 * red + 0.59 * green + 0.11 * blue
    share = min(1.0, 105 / max(light, 1))
    return round(red * share), round(green * share), round(blue * share)


def _black() -> np.ndarray:
    return np.zeros((SIDE, SIDE, 3), "uint8")


@st.cache_data(show_spinner=False)
def _ground() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(_black()).save(buffer, "WEBP")
    return buffer.getvalue()
