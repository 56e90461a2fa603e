"""Line charts, such as the curves of a run. Altair is imported only when there is something to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import words
from studio.core.training.curves import thin

MAX_POINTS = 400
_LEGEND_WIDTH = 480  # px


def build_lines(
    rows: Sequence[Mapping[str, object]],
    x: str,
    y: str,
    series: str,
    *,
    x_title: str = "",
    y_title: str = "",
    is_log: bool = False,
    include_zero: bool = True,
    min_tick: float = 0,
    x_tooltip: str = "",
    columns: int = 3,
    height: int = 230,
) -> Any:
    """Returns a line chart with one line per series. A click on the legend fades the other lines.

    Args:
        rows: points of the lines, in order.
        x, y, series: names of the fields with the coordinates and with the name of the line.
        x_title, y_title: titles of the axes; "" for the name of the field on x, and for none on y.
        is_log: whether the y axis is logarithmic.
        include_zero: whether a linear y axis includes 0.
        min_tick: smallest distance of two ticks on x; 0 leaves it to the chart.
        x_tooltip: name of the field that a tooltip shows for x; "" for x itself.
        columns: of the legend.
        height: of the chart, in px.
    """
    import altair as alt

    scale = alt.Scale(type="log", nice=False) if is_log else alt.Scale(zero=include_zero)
    legend = alt.Legend(orient="top", columns=columns, labelLimit=_LEGEND_WIDTH // columns)
    selection = alt.selection_point(fields=[series], bind="legend")
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(f"{x}:Q", title=x_title or x, axis=alt.Axis(tickMinStep=min_tick, grid=False)),
            y=alt.Y(f"{y}:Q", title=y_title or None, scale=scale),
            color=alt.Color(f"{series}:N", title=None, sort=None, legend=legend),
            strokeDash=alt.StrokeDash(f"{series}:N", title=None, sort=None),
            opacity=alt.condition(selection, alt.value(1), alt.value(0.15)),
            tooltip=[f"{series}:N", f"{x_tooltip or x}:Q", alt.Tooltip(f"{y}:Q", format=".3g")],
        )
        .add_params(selection)
        .properties(height=height)
    )


def show_losses(history: Sequence[Mapping[str, float]], *, caption: str = "") -> None:
    """Draws the metrics of a run by step on a log scale, once there are two steps.

    Args:
        history: one mapping per step, with "step" and any number of metrics.
        caption: text below the chart.
    """
    rows = _to_rows(history)
    _show_by_step(rows, "at", "figure", caption, x_title="step", x_tooltip="step", is_log=True, height=300)


def show_lines(
    rows: Sequence[Mapping[str, object]],
    title: str = "",
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
    _show_by_step(rows, "step", "which", caption, y_title=title, include_zero=include_zero)


def _show_by_step(
    rows: Sequence[Mapping[str, object]], x: str, series: str, caption: str, **options: Any
) -> None:
    if len({row["step"] for row in rows}) < 2:
        return
    st.altair_chart(build_lines(rows, x, "value", series, min_tick=1, **options), width="stretch")
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
        for report in thin(history, MAX_POINTS)
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
    reports = thin(history, MAX_POINTS)
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
