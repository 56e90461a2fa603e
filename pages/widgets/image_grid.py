"""A grid of images to choose from: `st.pills`, each with a part of one large image as its background.

Keyboard, screen readers and address work as with any pills, and the browser loads a single file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import streamlit as st

from pages.widgets import assets, browser_images, keys
from studio.core.imaging import image_io

GAP = 2  # px between the images of a sheet


def show_grid(
    data: bytes,
    count: int,
    label: str,
    *,
    key: str,
    columns: int | None = None,
    on_change: Any = None,
    args: tuple[Any, ...] = (),
) -> None:
    """Draws a sheet of images as buttons; the session state gets the number of the chosen one, from 1.

    Args:
        data: a PNG from `studio.core.imaging.grids.make_grid`.
        count: number of images.
        label: for screen readers.
        key: of the pills.
        columns: of the sheet; None for about as many as rows.
        on_change: callback when the choice changes.
        args: arguments of `on_change`.
    """
    columns = columns or math.ceil(math.sqrt(count))
    height, width = image_io.read_size(data)
    image = browser_images.to_data_url(browser_images.encode_bytes(data))
    style = assets.render_style(__file__, "image_grid.css", key, columns=str(columns))
    button = f'.{keys.css_class(key)} [data-testid="stButtonGroup"] button'
    background_size = (f"{100 * length / tile_side(width, columns):.4f}%" for length in (width, height))
    rules = [f"{button} {{ background-image: url({image}); background-size: {' '.join(background_size)}; }}"]
    rules += [
        f"{button}:nth-of-type({number}) {{ background-position: {across:.4f}% {down:.4f}%; }}"
        for number, (across, down) in enumerate(background_positions(width, height, count, columns), 1)
    ]
    with st.container(gap=None):
        # The empty element keeps the rules in place: Streamlit removes a mere style sheet as soon as the page
        # runs again, and the buttons would show their numbers until there is a new grid.
        st.html(f"{style}<style>{''.join(rules)}</style><span></span>")
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


def background_positions(width: int, height: int, count: int, columns: int) -> Iterator[tuple[float, float]]:
    """Yields x and y of each image of a sheet as CSS `background-position`, in percent."""
    image_side = tile_side(width, columns)
    for number in range(count):
        row, column = divmod(number, columns)
        across, down = (
            100 * index * (image_side + GAP) / max(1.0, length - image_side)
            for index, length in ((column, width), (row, height))
        )
        yield across, down


def tile_side(width: int, columns: int) -> float:
    """Returns the width of each image of a sheet, in px."""
    return (width + GAP) / columns - GAP
