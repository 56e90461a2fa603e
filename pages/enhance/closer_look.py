"""The part of a result where the network added most, so large that each pixel is seen."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from pages.enhance.made import Made
from pages.widgets.ab_slider import ab_slider
from studio.core.imaging import image_io
from studio.enhance.comparison import Compared

SIZE = (213, 320)  # px of the result
TIMES = 3


@dataclass(frozen=True)
class _Pair:
    plain: bytes
    made: bytes


def show(made: Made | None) -> None:
    """Draws it, folded, if there is a result of an image."""
    if made is None:
        return
    icon, key = ":material/zoom_in:", "closer"
    section = st.expander("A closer look", icon=icon, key=key, on_change="rerun", bind="query-params")
    if not section.open:
        return
    with section:
        found = made.compared()
        pair = _pair(made, found)
        told = f"The part that changed most, magnified {TIMES} times: each square is one pixel of the result."
        ab_slider(
            pair.plain,
            pair.made,
            ratio=SIZE[1] / SIZE[0],
            key="closer_slider",
            names=("Bicubic" if found.scale > 1 else "Before", "Result"),
            caption=told,
        )


def _pair(made: Made, found: Compared) -> _Pair:
    rows, columns = found.most_changed(*SIZE)
    whole = image_io.read(made.data)
    down, right = found.place
    place = slice(down + rows.start, down + rows.stop), slice(right + columns.start, right + columns.stop)
    part = whole[place]
    if found.scale == 1:
        before = image_io.read(made.content.read(), made.content.name)[place]
        return _Pair(_large(np.ascontiguousarray(before)), _large(np.ascontiguousarray(part)))
    gray = found.plain[rows, columns]
    colors = part.astype("float32") - found.made[rows, columns][..., None]
    plain = np.rint(np.clip(colors + gray[..., None], 0, 255)).astype("uint8")
    return _Pair(_large(plain), _large(part))


def _large(part: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.kron(part, np.ones((TIMES, TIMES, 1), "uint8"))).save(buffer, "WEBP", quality=92)
    return buffer.getvalue()
