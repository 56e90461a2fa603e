"""Curves of a run. Altair is imported only when there is something to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from pages.widgets import words

MOST_POINTS = 400


def losses(history: Sequence[Mapping[str, float]], *, caption: str = "") -> None:
    """Draws each figure of a run by step on a log scale, once there are two steps.

    Args:
        history: one mapping per step, with "step" and any number of figures.
        caption: text below the chart.
    """
    rows = _rows(history)
    if len({row["step"] for row in rows}) < 2:
        return
    import altair as alt

    pick = alt.selection_point(fields=["figure"], bind="legend")
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="monotone", strokeWidth=2)
        .encode(
            x=alt.X("at:Q", title="step", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(type="log", nice=False)),
            color=alt.Color("figure:N", title=None, legend=alt.Legend(orient="top", columns=3)),
            strokeDash=alt.StrokeDash("figure:N", title=None),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.15)),
            tooltip=["figure:N", "step:Q", alt.Tooltip("value:Q", format=".3g")],
        )
        .add_params(pick)
        .properties(height=300)
    )
    st.altair_chart(chart, width="stretch")
    if caption:
        st.caption(words.plain(caption))


def lines(rows: Sequence[Mapping[str, object]], title: str | None = None, zero: bool = True) -> None:
    """Draws several figures by step on a linear scale, once there are two steps.

    Args:
        rows: each with "step", "which" (the name of the figure) and "value".
        title: title of the value axis.
        zero: whether the scale includes 0.
    """
    if len({row["step"] for row in rows}) < 2:
        return
    import altair as alt

    chart = (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("step:Q", title="step", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=zero)),
            color=alt.Color("which:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("which:N", title=None),
            tooltip=["which:N", "step:Q", alt.Tooltip("value:Q", format=".3f")],
        )
        .properties(height=230)
    )
    st.altair_chart(chart, width="stretch")


def line(points: Sequence[Mapping[str, float]], figure: str, along: str, caption: str) -> None:
    """Draws one figure, which may be negative, by step, once there are two points.

    Args:
        points: each with "step" and the figure.
        figure: name of the figure.
        along: title of the step axis.
        caption: text below the chart.
    """
    if len(points) < 2:
        return
    import altair as alt

    chart = (
        alt.Chart(alt.Data(values=list(points[:: max(1, len(points) // MOST_POINTS)])))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "step:Q", title=along, scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(grid=False)
            ),
            y=alt.Y(f"{figure}:Q", title=None, scale=alt.Scale(zero=False)),
            tooltip=["step:Q", alt.Tooltip(f"{figure}:Q", format=".3g")],
        )
        .properties(height=230)
    )
    st.altair_chart(chart, width="stretch")
    st.caption(words.plain(caption))


def _rows(history: Sequence[Mapping[str, float]]) -> list[dict[str, object]]:
    reports = history[:: max(1, len(history) // MOST_POINTS)]
    return [
        {"step": report["step"], "at": position, "figure": name, "value": float(value)}
        for report, position in zip(reports, spread([report["step"] for report in reports]), strict=True)
        for name, value in report.items()
        if name not in ("step", "seconds", "total_steps")
        and isinstance(value, int | float)
        and value > 0  # The scale is logarithmic.
        and "_" not in name  # Losses of single layers, such as block1_conv1, would hide their sum.
    ]


def spread(steps: Sequence[float]) -> list[float]:
    """Returns the x position of each step: equal steps are spread evenly up to the next one."""
    counts, offsets = Counter(steps), Counter[float]()
    positions = []
    for step in steps:
        positions.append(step + round(offsets[step] / counts[step], 3))
        offsets[step] += 1
    return positions
