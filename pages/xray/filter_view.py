"""One filter at work: the products at one position, and its feature map."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.form import forms
from pages.jobs import live
from pages.widgets import assets, browser_images
from studio.core.tasks import Inputs
from studio.xray.settings import FILTERED, FilterSettings, LookSettings

TASK = "xray.filter"
_STYLE = assets.style(__file__, "filter_view.css")


def show(settings: LookSettings, channel: int, inputs: Inputs) -> None:
    """Draws it, folded."""
    icon = ":material/grid_3x3:"
    section = st.expander(
        "One filter at work", icon=icon, key="filter", on_change="rerun", bind="query-params"
    )
    if not section.open:
        return
    with section:
        if settings.backbone != "vgg16" or settings.seen not in FILTERED:
            st.info(
                "This layer is computed by several operations. Choose VGG16 and a layer with *conv* in its "
                "name: one filter of 3 by 3 computes each of its maps.",
                icon=":material/info:",
            )
            return
        _at_work(settings, channel, inputs)


def _at_work(settings: LookSettings, channel: int, inputs: Inputs) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.caption(
            "The filter multiplies each 3 by 3 window by its weights and adds up the products, then moves by "
            "the stride."
        )
        controls = forms.fields(FilterSettings, ("stride", "padding", "pooling"))
    place = {name: st.session_state.get(name, 0.5) for name in ("across", "down")}
    asked = FilterSettings.parse(
        {"layer": settings.seen, "channel": channel, "size": settings.size, **controls, **place}
    )
    made = live.live_result(TASK, asked, inputs, "xray_filter", 8)
    if made is None:
        return
    told = made.figures
    with right:
        browser_images.image(made.data, caption=f"Feature map of filter {channel}")
    with left:
        st.caption(_sizes(asked, told))
    st.markdown(f"**At the dot** (row {told['place'][0] + 1}, column {told['place'][1] + 1} of the output)")
    st.html(_STYLE + "".join(_part(part) for part in told["parts"]))
    st.markdown(_sum(told))


def _sizes(asked: FilterSettings, told: Mapping[str, Any]) -> str:
    high, wide, deep = told["given"]
    rows, columns = told["sums"]
    text = f"Input: {deep} of {wide} × {high}; output: {columns} × {rows}"
    text = text.replace(f"{deep} of", "three color channels of" if deep == 3 else f"{deep} channels of")
    text += (
        ". Zero padding keeps the size."
        if (rows, columns) == (high, wide)
        else f". The filter moves {asked.stride} px at each step"
        + (" and stays inside the image." if asked.padding == "none" else ".")
    )
    if asked.pooling != "none":
        kept = "the largest" if asked.pooling == "max" else "the mean"
        text += f" Pooling keeps {kept} of each 2 by 2 window: {told['map'][1]} × {told['map'][0]}."
    return text


def _part(part: Mapping[str, Any]) -> str:
    products = [
        [one * weight for one, weight in zip(row, weights, strict=True)]
        for row, weights in zip(part["given"], part["weights"], strict=True)
    ]
    name = html.escape(part["name"])
    return (
        f'<div class="sums">{_table(part["given"], f"{name}, input")}<b>×</b>'
        f"{_table(part['weights'], 'the weights')}<b>=</b>{_table(products, 'multiplied')}"
        f"<span>adds up to <b>{_signed(part['sum'])}</b></span></div>"
    )


def _table(numbers: Sequence[Sequence[float]], caption: str) -> str:
    most = max((abs(one) for row in numbers for one in row), default=0) or 1
    rows = "".join(f"<tr>{''.join(_cell(one, most) for one in row)}</tr>" for row in numbers)
    return f"<figure><table>{rows}</table><figcaption>{caption}</figcaption></figure>"


def _cell(number: float, most: float) -> str:
    color = "222,110,40" if number > 0 else "70,100,220"
    return f'<td style="background:rgba({color},{0.55 * abs(number) / most:.2f})">{_short(number)}</td>'


def _short(number: float) -> str:
    """A number in a few letters, with a true minus."""
    size = abs(number)
    text = f"{number:.0f}" if size >= 10 or not size else f"{number:.1f}" if size >= 1 else f"{number:.3f}"
    return text.replace("-", "−")


def _signed(number: float) -> str:
    return f"{number:+.3g}".replace("-", "−")


def _sum(told: Mapping[str, Any]) -> str:
    terms = [f"{_signed(part['sum'])} ({part['name']})" for part in told["parts"]]
    if told["other_maps"]:
        terms.append(f"{_signed(told['others'])} (the other {told['other_maps']:,} channels)")
    terms.append(f"{_signed(told['bias'])} (bias)")
    total = told["sum"]
    after = (
        "The *ReLU* passes it on, because it is above 0."
        if total > 0
        else "The *ReLU* outputs **0**, because the sum is not above 0."
    )
    return f"{' '.join(terms)} = **{_signed(total)}**. {after}"
