"""Disables residual branches of ResNet50 and compares its predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import words
from studio import engine
from studio.xray.settings import BLOCKS, XraySettings

_SECTION_KEY, _PILLS_KEY = "branches", "off"


def fill(disabled: Sequence[str]) -> None:
    """Selects the disabled branches; opens the section if there are any. Call it before the page is drawn."""
    st.session_state[_PILLS_KEY] = list(disabled)
    if disabled:
        st.session_state[_SECTION_KEY] = True


def show(settings: XraySettings, result: engine.Live) -> None:
    """Draws the folded section with the switches and charts."""
    icon = ":material/call_split:"
    section = st.expander(
        "Skip connections", icon=icon, key=_SECTION_KEY, on_change="rerun", bind="query-params"
    )
    if not section.open:
        return
    with section:
        if settings.backbone != "resnet50":
            st.info(
                "Choose ResNet50: its blocks have skip connections, and it also classifies the photo.",
                icon=":material/info:",
            )
            return
        _draw_branches(settings, result.figures)


def _draw_branches(settings: XraySettings, figures: Mapping[str, Any]) -> None:
    st.caption(
        "Each block of ResNet50 *adds* a residual branch of three convolutions to its input, which a skip "
        "connection carries past it. So the network still works with a branch switched off. Switch some off "
        "and compare."
    )
    st.pills(
        "Disabled branches",
        BLOCKS,
        selection_mode="multi",
        key=_PILLS_KEY,
        bind="query-params",
        width="stretch",
    )
    predictions_area, norms_area = st.columns(2, gap="medium")
    with predictions_area:
        st.altair_chart(_build_prediction_chart(figures["predictions"], bool(settings.off)), width="stretch")
        st.caption(_describe_prediction(settings, figures["predictions"]))
    with norms_area:
        st.altair_chart(_build_norm_chart(figures["norm_ratios"], settings.off), width="stretch")
        st.caption(
            "Norm of each residual branch divided by that of its skip connection. Branches that are off are "
            "pale."
        )


def _describe_prediction(settings: XraySettings, predictions: Any) -> str:
    first = predictions[0]
    if not settings.off:
        return (
            f"Prediction of ResNet50, out of a thousand classes: *{first['label']}*, {first['before']:.0%}."
        )
    best = max(predictions, key=lambda entry: entry["after"])
    blocks = words.join([block.replace("_", " ") for block in settings.off])
    is_same = best["label"] == first["label"]
    return f"Without the branch of {blocks} it predicts *{best['label']}*, {best['after']:.0%}" + (
        f", from {first['before']:.0%}." if is_same else f", no longer *{first['label']}*."
    )


def _build_prediction_chart(predictions: Any, has_disabled: bool) -> Any:
    import altair as alt

    order = ["with all branches", "with some off"] if has_disabled else ["with all branches"]
    rows = [
        {"what": entry["label"], "when": when, "share": round(entry[key], 4)}
        for entry in predictions
        for when, key in zip(order, ("before", "after"), strict=False)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("what:N", title=None, sort=None, axis=alt.Axis(labelLimit=140)),
            yOffset=alt.YOffset("when:N", sort=order),
            color=alt.Color("when:N", title=None, sort=order, legend=alt.Legend(orient="top")),
            tooltip=["what:N", "when:N", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=40 + 26 * len(rows))
    )


def _build_norm_chart(norm_ratios: Mapping[str, float], disabled: Any) -> Any:
    import altair as alt

    rows = [
        {"block": block, "share": round(share, 3), "off": block in disabled}
        for block, share in norm_ratios.items()
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="branch / skip connection"),
            y=alt.Y("block:N", title=None, sort=None, axis=alt.Axis(labelLimit=120, labelOverlap=False)),
            opacity=alt.condition("datum.off", alt.value(0.3), alt.value(1.0)),
            tooltip=["block:N", "share:Q"],
        )
        .properties(height=340)
    )
