"""Exports the image of a result in another format, quality or size, or copies it to the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

import streamlit as st

from pages.widgets import assets, keys
from pages.widgets.copy_button import show_copy_image_button
from studio.core.imaging import image_io
from studio.run import image_export

MIN_SIDE = 16  # px
FORM_WIDTH = 344  # px; else the menu would change its width with the length of its texts


@st.fragment
def show(data: bytes, name: str, *, key: str, on_click: Callable[[], None] | None = None) -> None:
    """Draws the menu that exports an image.

    Args:
        data: the PNG of the result.
        name: its file name.
        key: of the menu.
        on_click: callback of the download; None for none.
    """
    popover_key = keys.part(key, "exports")
    with st.popover("Export", icon=":material/ios_share:", key=popover_key, on_change="rerun") as box:
        if box.open:
            form_key = keys.part(key, "export_form")
            st.html(assets.render_style(__file__, "export_form.css", form_key))
            with st.container(width=FORM_WIDTH, key=form_key):
                _show_form(data, name, key, on_click)


def _show_form(data: bytes, name: str, key: str, on_click: Callable[[], None] | None) -> None:
    endings = list(image_export.FORMATS)
    ending = st.segmented_control(
        "Format",
        endings,
        default=endings[0],
        required=True,
        format_func=image_export.FORMATS.__getitem__,
        key=keys.part(key, "format"),
    )
    format_name = image_export.FORMATS[ending]
    quality = image_io.DEFAULT_QUALITY
    if ending in image_export.LOSSY:
        help = "Lower it for a smaller file with more artifacts"
        quality = st.slider("Quality", 1, 100, quality, key=keys.part(key, "quality"), help=help)
    longer_side = max(image_io.read_size(data))
    longest = st.number_input(
        "Longer side (px)",
        min(MIN_SIDE, longer_side),
        longer_side,
        longer_side,
        key=keys.part(key, "longest"),
        help="Makes the image smaller. To make it larger with more detail, use Enhance",
    )
    is_smaller = longest < longer_side
    height, width = image_io.fitted_size(*image_io.read_size(data), longest)
    st.caption(f"{width:,} x {height:,} px. {_describe_recipe(ending, is_smaller)}")
    with st.container(horizontal=True):
        st.download_button(
            f"Save as {format_name}",
            lambda: image_export.convert(data, ending, quality=quality, longest=longest if is_smaller else 0),
            file_name=f"{PurePath(name).stem}{ending}",
            mime=f"image/{format_name.lower()}",
            icon=":material/download:",
            key=keys.part(key, "export"),
            on_click=on_click or "ignore",
        )
        show_copy_image_button(data, key=keys.part(key, "copy"))


def _describe_recipe(ending: str, is_smaller: bool) -> str:
    """Says what an export contains of the recipe."""
    if ending != ".png":
        name = image_export.FORMATS[ending]
        return f"A {name} does not contain the recipe. Keep the PNG to make the image again."
    if is_smaller:
        return "The file contains the recipe, which makes the image in its full size."
    return "The file contains the recipe."
