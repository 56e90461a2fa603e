"""Digits and codes as HTML: an image of 28 px takes 300 bytes, and no second way to the server."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.form.drawing_canvas import Canvas
from pages.widgets import assets, browser_images
from studio.core.imaging import image_io
from studio.lab.settings import SIDE

CANVAS = Canvas()  # one for all that is drawn in the Lab
_STYLE = assets.style(__file__, "figures.css")


def row(digits: Sequence[tuple[str, np.ndarray]]) -> None:
    """Digits side by side, each under its name.

    Args:
        digits: what each is called, and `(PIXELS,) float32` in [0, 1].
    """
    figures = "".join(
        f'<figure><img alt="{html.escape(title)}" src="{_address(digit)}">'
        f"<figcaption>{html.escape(title)}</figcaption></figure>"
        for title, digit in digits
    )
    st.html(f'{_STYLE}<div class="lab-row">{figures}</div>')


def as_image(digit: np.ndarray) -> np.ndarray:
    """`(PIXELS,) float32` in [0, 1] -> `(SIDE, SIDE, 3) uint8`."""
    levels = (np.clip(digit, 0, 1) * 255 + 0.5).astype("uint8").reshape(SIDE, SIDE, 1)
    return np.repeat(levels, 3, axis=2)


def _address(digit: np.ndarray) -> str:
    return browser_images.address(image_io.encode_png(as_image(digit)), "png")


def bars(values: np.ndarray, low: float, high: float) -> None:
    """How loud each unit speaks: a bar up for more than the middle, down for less.

    Args:
        values: `(n,)`.
        low, high: the usual range of all of them.
    """
    middle = 0.0 if low < 0 else low
    reach = max(high - middle, middle - low, 1e-9)
    told = []
    for value in values:
        share = float(np.clip((value - middle) / reach, -1, 1))
        if low < 0:  # both ways from the middle
            tall, moved = 50 * abs(share), -25 * share
        else:
            tall, moved = 100 * share, 50 * (1 - share)
        told.append(f'<span style="height:{tall:.0f}%;transform:translateY({_shift(tall, moved)}%)"></span>')
    st.html(f'{_STYLE}<div class="lab-bars" role="img" aria-label="The code">{"".join(told)}</div>')


def _shift(tall: float, moved: float) -> float:
    """CSS moves by shares of the bar itself, not of the row."""
    return round(100 * moved / max(tall, 1), 1)
