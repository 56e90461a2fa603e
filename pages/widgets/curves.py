"""Draws curves of a run. Imports Altair only when there is something to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import words

MAX_POINTS = 400


def show_losses(history: Sequence[Mapping[str, float]], *, caption: str = "") -> None:
    """Draws the metrics of a run by step on a log scale, once there are two steps.

    Args:
        history: one mapping per step, with "step" and any number of metrics.
        caption: text below the chart.
    """
    rows = _to_rows(history)
    if len({row["step"] for row in rows}) < 2:
        return
    import altair as alt

    selection = alt.selection_point(fields=["figure"], bind="legend")
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="monotone", strokeWidth=2)
        .encode(
            x=alt.X("at:Q", title="step", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(type="log", nice=False)),
            color=alt.Color("figure:N", title=None, legend=alt.Legend(orient="top", columns=3)),
            strokeDash=alt.StrokeDash("figure:N", title=None),
            opacity=alt.condition(selection, alt.value(1), alt.value(0.15)),
            tooltip=["figure:N", "step:Q", alt.Tooltip("value:Q", format=".3g")],
        )
        .add_params(selection)
        .properties(height=300)
    )
    st.altair_chart(chart, width="stretch")
    if caption:
        st.caption(words.escape(caption))


def show_lines(
    rows: Sequence[Mapping[str, object]],
    title: str | None = None,
    include_zero: bool = True,
    caption: str = "",
) -> None:
    """Draws several metrics by step in one chart on a linear scale, once there are two steps.

    Args:
        rows: each with "step", "which" (the name of the metric) and "value".
        title: title of the value axis.
        include_zero: whether the scale includes 0.
        caption: text below the chart.
    """
    if len({row["step"] for row in rows}) < 2:
        return
    import altair as alt

    chart = (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("step:Q", title="step", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=include_zero)),
            color=alt.Color("which:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("which:N", title=None),
            tooltip=["which:N", "step:Q", alt.Tooltip("value:Q", format=".3f")],
        )
        .properties(height=230)
    )
    st.altair_chart(chart, width="stretch")
    if caption:
        st.caption(words.escape(caption))


def list_rows(history: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the rows of `show_lines`.

    Args:
        history: one mapping per step, with "step" and any number of metrics.
        titles: title by name of the metrics to show.
    """
    return [
        {"step": report["step"], "which": title, "value": report[name]}
        for report in history[:: max(1, len(history) // MAX_POINTS)]
        for name, title in titles.items()
        if report.get(name) is not None
    ]


def list_reports(curve: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Returns a stored curve, a list per metric and one of its "steps", in the form of a history."""
    return [
        {"step": step}
        | {name: values[n] for name, values in curve.items() if name != "steps" and n < len(values)}
        for n, step in enumerate(curve.get("steps") or ())
    ]


def _to_rows(history: Sequence[Mapping[str, float]]) -> list[dict[str, object]]:
    reports = history[:: max(1, len(history) // MAX_POINTS)]
    return [
        {"step": report["step"], "at": position, "figure": name, "value": float(value)}
        for report, position in zip(
            reports, spread_steps([report["step"] for report in reports]), strict=True
        )
        for name, value in report.items()
        if name not in ("step", "seconds", "total_steps")
        and isinstance(value, int | float)
        and value > 0  # The scale is logarithmic.
        and "_" not in name  # Losses of single layers, such as block1_conv1, would hide their sum.
    ]


def spread_steps(steps: Sequence[float]) -> list[float]:
    """Returns the x position of each step: equal steps are spread evenly up to the next one."""
    counts, offsets = Counter(steps), Counter[float]()
    positions = []
    for step in steps:
        positions.append(step + round(offsets[step] / counts[step], 3))
        offsets[step] += 1
    return positions
