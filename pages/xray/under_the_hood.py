"""Under the hood of X-ray: feature maps, receptive fields and skip connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.widgets import assets, under_the_hood
from studio import engine
from studio.xray.settings import XraySettings


def explain(settings: XraySettings | None, result: engine.Live | None) -> None:
    """Draws the folded section from the result, or from a recorded one until there is one."""
    under_the_hood.show_section(
        lambda: _draw_section(settings, result), assets.read(__file__, "under_the_hood.md")
    )


def _draw_section(settings: XraySettings | None, result: engine.Live | None) -> None:
    if result is None or settings is None:
        run = runs.load("xray")
        if run.image:
            st.image(run.image, width="stretch", alt="The strongest channels")
            st.caption("The twelve strongest channels of block4_conv2 for Chelsea the cat.")
        _draw_charts(run.figures)
        run.show_label()
        return
    _draw_charts(result.figures)


_STRENGTH_CAPTION = (
    "Standard deviation over all positions of the strongest channels of the layer. A channel that is "
    "equally active everywhere says nothing about where things are."
)
_MASK_CAPTION = (
    "How much more the channels respond inside the mask than outside: the difference of their mean "
    "activations, over the standard deviation at all positions."
)


def _draw_charts(figures: Mapping[str, Any]) -> None:
    width = figures["input_size"][1]
    st.altair_chart(_build_receptive_field_chart(figures["layers"], width), width="stretch")
    st.caption(
        "Width of the receptive field of one position at each layer, in px of the photo. "
        f"Above the dashed line it is wider than the photo, {width} px."
    )
    st.altair_chart(
        _build_layer_chart(figures["layers"], "width", "width of the map, positions"), width="stretch"
    )
    st.caption("Width of the feature maps at each layer, in positions.")
    st.altair_chart(_build_strength_chart(figures["strongest"]), width="stretch")
    st.caption(_MASK_CAPTION if figures.get("masked") else _STRENGTH_CAPTION)


def _build_receptive_field_chart(layers: Any, width: int) -> Any:
    """Returns a chart of the receptive field of each layer in px, with the photo's width as a line."""
    import altair as alt

    title = "receptive field, px"
    photo = alt.Chart(alt.Data(values=[{"px": width}])).mark_rule(strokeDash=[5, 4])
    return _build_layer_chart(layers, "receptive_field", title) + photo.encode(y=alt.Y("px:Q", title=title))


def _build_layer_chart(layers: Any, key: str, title: str) -> Any:
    import altair as alt

    rows = [{"layer": layer["name"], "value": layer[key]} for layer in layers]
    order = [layer["name"] for layer in layers]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("layer:N", title=None, sort=order, axis=alt.Axis(labelAngle=-60, labelLimit=110)),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(type="log")),
            tooltip=["layer:N", alt.Tooltip("value:Q", title=title)],
        )
        .properties(height=240)
    )


def _build_strength_chart(strongest: Any) -> Any:
    import altair as alt

    rows = [{"map": str(entry["channel"]), "strength": round(entry["strength"], 3)} for entry in strongest]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("map:N", title="map", sort=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("strength:Q", title=None),
            tooltip=["map:N", "strength:Q"],
        )
        .properties(height=180)
    )
