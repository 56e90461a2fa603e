"""A grid of images of which one can be chosen: `st.pills`, each with its part of one large image on it.

So the keyboard, screen readers and the address work as everywhere else, and the grid travels as one file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import streamlit as st

from pages.widgets import assets, browser_images, keys
from studio.core.imaging import image_io

GAP = 2  # px between the images of a sheet


def grid(
    data: bytes, count: int, label: str, *, key: str, on_change: Any = None, args: tuple[Any, ...] = ()
) -> None:
    """Shows a sheet of images as buttons; the session state has the number of the chosen one, from 1.

    Args:
        data: a PNG, as `studio.core.imaging.grids.grid` lays it out: about as many rows as columns.
        count: how many images there are.
        label: for screen readers.
        on_change: called, with `args`, when another one is chosen.
    """
    height, width = image_io.size(data)
    image = browser_images.address(browser_images.of_bytes(data))
    style = assets.style(__file__, "image_grid.css", key, columns=str(_columns(count)))
    button = f'.{keys.css_class(key)} [data-testid="stButtonGroup"] button'
    large = (f"{100 * length / side(width, count):.4f}%" for length in (width, height))
    rules = [f"{button} {{ background-image: url({image}); background-size: {' '.join(large)}; }}"]
    rules += [
        f"{button}:nth-of-type({number}) {{ background-position: {across:.4f}% {down:.4f}%; }}"
        for number, (across, down) in enumerate(places(width, height, count), 1)
    ]
    st.html(f"{style}<style>{''.join(rules)}</style>")
    st.pills(
        label,
        range(1, count + 1),
        format_func=str,
        key=key,
        width="stretch",
        label_visibility="collapsed",
        on_change=on_change,
        args=args,
    )


def places(width: int, height: int, count: int) -> Iterator[tuple[float, float]]:
    """Where each image of a sheet lies, in per cent of the way that a window of its size has there."""
    one = side(width, count)
    for number in range(count):
        row, column = divmod(number, _columns(count))
        across, down = (
            100 * at * (one + GAP) / max(1.0, whole - one) for at, whole in ((column, width), (row, height))
        )
        yield across, down


def side(width: int, count: int) -> float:
    """How wide each image of a sheet is, in px."""
    return (width + GAP) / _columns(count) - GAP


def _columns(count: int) -> int:
    return math.ceil(math.sqrt(count))
