"""Digits and codes as HTML: a 28 px image takes 300 bytes as a data URL, without another request."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.form.drawing_canvas import Canvas
from pages.widgets import assets, browser_images
from studio.core.imaging import image_io
from studio.lab.settings import SIDE

CANVAS = Canvas()  # shared by all drawings of the Lab
_COUNT_KEY = "lab_taken"  # number of digits and letters loaded
_STYLE = assets.render_style(__file__, "figures.css")


def draw_row(digits: Sequence[tuple[str, np.ndarray]]) -> None:
    """Draws digits side by side, with titles.

    Args:
        digits: titles, and images of `(PIXELS,) float32` in [0, 1].
    """
    figures = "".join(
        f'<figure><img alt="{html.escape(title)}" src="{_encode_digit(digit)}">'
        f"<figcaption>{html.escape(title)}</figcaption></figure>"
        for title, digit in digits
    )
    st.html(f'{_STYLE}<div class="lab-row">{figures}</div>')


def load_digit(digits: np.ndarray) -> None:
    """Loads the next of the digits, `(n, PIXELS) float32` in [0, 1], into the canvas. A callback."""
    CANVAS.set_drawing(as_image(digits[count_loaded() % len(digits)]))


def count_loaded() -> int:
    """Counts one more digit or letter as loaded into the canvas; returns how many were before."""
    st.session_state[_COUNT_KEY] = st.session_state.get(_COUNT_KEY, -1) + 1
    return st.session_state[_COUNT_KEY]


def as_image(digit: np.ndarray) -> np.ndarray:
    """Converts a digit of `(PIXELS,) float32` in [0, 1] to `(SIDE, SIDE, 3) uint8`."""
    levels = (np.clip(digit, 0, 1) * 255 + 0.5).astype("uint8").reshape(SIDE, SIDE, 1)
    return np.repeat(levels, 3, axis=2)


def _encode_digit(digit: np.ndarray) -> str:
    return browser_images.to_data_url(image_io.encode_png(as_image(digit)), "png")


def draw_bars(values: np.ndarray, low: float, high: float) -> None:
    """Draws the activation of each unit as a bar: up if above the middle, down if below.

    Args:
        values: `(n,)`.
        low, high: usual range of the values.
    """
    middle = 0.0 if low < 0 else low
    half_range = max(high - middle, middle - low, 1e-9)
    bars_html = []
    for value in values:
        share = float(np.clip((value - middle) / half_range, -1, 1))
        if low < 0:  # bars up and down from the middle
            height, shift = 50 * abs(share), -25 * share
        else:
            height, shift = 100 * share, 50 * (1 - share)
        offset = round(100 * shift / max(height, 1), 1)  # CSS translations are in percent of the bar
        bars_html.append(f'<span style="height:{height:.0f}%;transform:translateY({offset}%)"></span>')
    st.html(f'{_STYLE}<div class="lab-bars" role="img" aria-label="The code">{"".join(bars_html)}</div>')
