"""Options with an image above each: `st.pills`, so they work with keys, screen readers and the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.widgets import assets, browser_images, keys, words

WIDTH = 4.4  # minimum width of a tile, in rem


def show(
    label: str,
    options: Sequence[Any],
    thumbnails: Sequence[bytes],
    *,
    key: str,
    width: float = WIDTH,
    notes: Sequence[str] = (),
    **widget_options: Any,
) -> Any:
    """Draws `st.pills` with an image above each of the first options. Returns the selection.

    Args:
        label: of the widget.
        options: to select from.
        thumbnails: WebP or PNG files for the first options; empty for plain pills.
        key: of the widget.
        width: minimum width of a tile, in rem.
        notes: a line below each of the first options. Pass only fixed text and dates, never text of a user.
        widget_options: what else `st.pills` takes; without a `format_func` options are shown as they are.
    """
    widget_options = {"format_func": lambda option: words.escape(str(option)), **widget_options}
    if thumbnails:  # before the pills: styled later, they would move while the user clicks
        st.html(_render_style(key, thumbnails, width, notes))
    return st.pills(label, options, key=key, width="stretch", **widget_options)


def _render_style(key: str, thumbnails: Sequence[bytes], width: float, notes: Sequence[str]) -> str:
    css = keys.css_class(key)
    rules = [
        f'.{css} [data-testid="stButtonGroup"] button:nth-of-type({number})::before '
        f'{{ content: ""; background-image: url({browser_images.to_data_url(data)}); }}'
        for number, data in enumerate(thumbnails, 1)
    ]
    rules += [
        f'.{css} [data-testid="stButtonGroup"] button:nth-of-type({number})::after {{ content: "{note}"; }}'
        for number, note in enumerate(notes, 1)
        if note
    ]
    style = assets.render_style(__file__, "tiles.css", key, tile=f"{width}rem")
    return f"{style}<style>{''.join(rules)}</style>"
