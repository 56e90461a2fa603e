"""One filter at work: the products at one position, and its feature map."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.form import forms, sliders
from pages.jobs import live
from pages.widgets import assets, browser_images
from studio.core.tasks import File
from studio.xray.settings import FILTER_LAYERS, FilterSettings, XraySettings

TASK = "xray.filter"
_SECTION_KEY, _CONTROLS = "filter", ("stride", "padding", "pooling")
_STYLE = assets.render_style(__file__, "filter_view.css")


def show(settings: XraySettings, channel: int, photo: File) -> None:
    """Draws the folded section."""
    icon = ":material/grid_3x3:"
    section = st.expander(
        "One filter at work", icon=icon, key=_SECTION_KEY, on_change="rerun", bind="query-params"
    )
    if not section.open:
        return
    with section:
        if settings.backbone != "vgg16" or settings.layer_name not in FILTER_LAYERS:
            st.info(
                "This layer is computed by several operations. Choose VGG16 and a layer with *conv* in its "
                "name: one filter of 3 by 3 computes each of its maps.",
                icon=":material/info:",
            )
            return
        _draw_filter(settings, channel, photo)


def fill(settings: FilterSettings) -> None:
    """Opens the section with these settings. Call it before the page is drawn."""
    st.session_state[_SECTION_KEY] = True
    for name in _CONTROLS:
        sliders.set_value(name, getattr(settings, name))


def _draw_filter(settings: XraySettings, channel: int, photo: File) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.caption(
            "The filter multiplies each 3 by 3 window by its weights and adds up the products, then moves by "
            "the stride."
        )
        controls = forms.ask_fields(FilterSettings, _CONTROLS)
    position = {name: st.session_state.get(name, 0.5) for name in ("across", "down")}
    filter_settings = FilterSettings.parse(
        {"layer": settings.layer_name, "channel": channel, "size": settings.size, **controls, **position}
    )
    result = live.make_result(TASK, filter_settings, {"content": [photo]}, "xray_filter", 8)
    if result is None:
        return
    figures = result.figures
    with right:
        browser_images.show_image(result.data, caption=f"Feature map of filter {channel}")
    with left:
        st.caption(_describe_sizes(filter_settings, figures))
    row, column = figures["position"]
    st.markdown(f"**At the dot** (row {row + 1}, column {column + 1} of the output)")
    st.html(_STYLE + "".join(_build_part_html(part) for part in figures["parts"]))
    st.markdown(_describe_sum(figures))


def _describe_sizes(settings: FilterSettings, figures: Mapping[str, Any]) -> str:
    height, width, channels = figures["input_shape"]
    rows, columns = figures["output_shape"]
    kind = "three color channels" if channels == 3 else f"{channels} channels"
    text = f"Input: {kind} of {width} × {height}; output: {columns} × {rows}"
    text += (
        ". Zero padding keeps the size."
        if (rows, columns) == (height, width)
        else f". The filter moves {settings.stride} px at each step"
        + (" and stays inside the image." if settings.padding == "none" else ".")
    )
    if settings.pooling != "none":
        statistic = "the largest" if settings.pooling == "max" else "the mean"
        pooled_rows, pooled_columns = figures["map_shape"]
        text += f" Pooling keeps {statistic} of each 2 by 2 window: {pooled_columns} × {pooled_rows}."
    return text


def _build_part_html(part: Mapping[str, Any]) -> str:
    products = [
        [value * weight for value, weight in zip(row, weights, strict=True)]
        for row, weights in zip(part["input"], part["weights"], strict=True)
    ]
    name = html.escape(part["name"])
    return (
        f'<div class="sums">{_build_table_html(part["input"], f"{name}, input")}<b>×</b>'
        f"{_build_table_html(part['weights'], 'the weights')}<b>=</b>"
        f"{_build_table_html(products, 'multiplied')}"
        f"<span>adds up to <b>{_format_signed(part['sum'])}</b></span></div>"
    )


def _build_table_html(numbers: Sequence[Sequence[float]], caption: str) -> str:
    largest = max((abs(number) for row in numbers for number in row), default=0) or 1
    rows = "".join(
        f"<tr>{''.join(_build_cell_html(number, largest) for number in row)}</tr>" for row in numbers
    )
    return f"<figure><table>{rows}</table><figcaption>{caption}</figcaption></figure>"


def _build_cell_html(number: float, largest: float) -> str:
    color = "222,110,40" if number > 0 else "70,100,220"
    opacity = 0.55 * abs(number) / largest
    return f'<td style="background:rgba({color},{opacity:.2f})">{_format_short(number)}</td>'


def _format_short(number: float) -> str:
    """Formats a number in a few characters, with a true minus sign."""
    size = abs(number)
    text = f"{number:.0f}" if size >= 10 or not size else f"{number:.1f}" if size >= 1 else f"{number:.3f}"
    return text.replace("-", "−")


def _format_signed(number: float) -> str:
    return f"{number:+.3g}".replace("-", "−")


def _describe_sum(figures: Mapping[str, Any]) -> str:
    terms = [f"{_format_signed(part['sum'])} ({part['name']})" for part in figures["parts"]]
    if figures["other_maps"]:
        terms.append(f"{_format_signed(figures['others'])} (the other {figures['other_maps']:,} channels)")
    terms.append(f"{_format_signed(figures['bias'])} (bias)")
    total = figures["sum"]
    relu_text = (
        "The *ReLU* passes it on, because it is above 0."
        if total > 0
        else "The *ReLU* outputs **0**, because the sum is not above 0."
    )
    return f"{' '.join(terms)} = **{_format_signed(total)}**. {relu_text}"
