"""Charts of a search: learning curves, history, values by setting, parallel coordinates, importance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.settings import SettingInfo

SHADES = ["#8a8f9b22", "#5d75e6"]  # of a weak and a good trial, in the light and the dark theme
_LABEL_DISTANCE = 0.08  # of the labels of parallel coordinates from what they name, in lengths of an axis


def build_curves(lines: list[dict[str, Any]]) -> Any:
    """Returns the learning curves, one line per trial."""
    import altair as alt

    return (
        alt.Chart(alt.Data(values=lines))
        .mark_line(point=True, strokeWidth=1.5, opacity=0.8)
        .encode(
            x=alt.X("measurement:Q", axis=alt.Axis(tickMinStep=1, grid=False, format="d")),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".3g"), scale=alt.Scale(zero=False)),
            color=alt.Color("trial:N", legend=None),
            tooltip=["trial:N", "measurement:Q", alt.Tooltip("value:Q", format=".4g")],
        )
        .properties(height=260)
    )


def build_history(trials: Sequence[Mapping[str, Any]], is_maximized: bool) -> Any:
    """Returns the value of each trial, and the best value so far."""
    import altair as alt

    rows, best = [], None
    for trial in sorted(trials, key=lambda trial: trial["number"]):
        if trial["value"] is None:
            continue
        if trial["state"] == "done":
            values = [value for value in (best, trial["value"]) if value is not None]
            best = max(values) if is_maximized else min(values)
        rows.append({"trial": trial["number"], "value": trial["value"], "how": trial["state"], "best": best})
    scale = alt.Scale(zero=False)
    ticks = alt.Axis(tickMinStep=1, grid=False, format="d")
    chart = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("trial:Q", title="Trial", axis=ticks))
    line = chart.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y=alt.Y("best:Q", title=None, scale=scale)
    )
    marks = chart.mark_point(strokeWidth=2).encode(
        y=alt.Y("value:Q", title=None, scale=scale),
        fill=alt.condition("datum.how == 'done'", alt.value("#3046b0"), alt.value("transparent")),
        tooltip=["trial:Q", "how:N", alt.Tooltip("value:Q", format=".4g")],
    )
    return (line + marks).properties(height=200)


def choose_scale(field: SettingInfo, values: Sequence[Any]) -> Any:
    """Returns the scale of a setting in charts: logarithmic or linear."""
    import altair as alt

    is_log = field.scale == "log" and all(value > 0 for value in values)
    return alt.Scale(type="log", nice=False) if is_log else alt.Scale(zero=False)


def build_setting_chart(
    field: SettingInfo, title: str, trials: Sequence[Mapping[str, Any]], best: int
) -> Any:
    """Returns the values of the trials by the values of a setting."""
    import altair as alt

    rows = [
        {
            "x": trial["settings"].get(field.name),
            "value": trial["value"],
            "trial": trial["number"],
            "how": "best" if trial["number"] == best else trial["state"],
        }
        for trial in trials
        if trial["value"] is not None
    ]
    numbers = all(isinstance(row["x"], int | float) and not isinstance(row["x"], bool) for row in rows)
    scale = {"scale": choose_scale(field, [row["x"] for row in rows])} if numbers else {}
    x = alt.X("x:Q" if numbers else "x:N", title=title, **scale)
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_point(strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
            shape=alt.Shape("how:N", title=None, legend=None),
            fill=alt.condition(
                "datum.how != 'stopped early'", alt.value("#3046b0"), alt.value("transparent")
            ),
            size=alt.condition("datum.how == 'best'", alt.value(220), alt.value(50)),
            tooltip=[
                "trial:Q",
                "how:N",
                alt.Tooltip(x.shorthand, title=title),
                alt.Tooltip("value:Q", format=".4g"),
            ],
        )
        .properties(height=180)
    )


def build_parallel_coordinates(
    fields: Mapping[str, SettingInfo],
    titles: Mapping[str, str],
    value_title: str,
    trials: Sequence[Mapping[str, Any]],
    is_maximized: bool,
) -> Any:
    """Returns parallel coordinates: an axis per setting and one for the value, and a line per trial.

    Args:
        fields, titles: of the settings that vary, by name.
        value_title: title of the axis of the value.
        trials: trials that have a value.
        is_maximized: whether a higher value is better, which decides the shade of a line.
    """
    import altair as alt

    rows, labels = [], []
    for name, title in (*titles.items(), ("", value_title)):
        values = [trial["settings"].get(name) if name else trial["value"] for trial in trials]
        positions, labels_by_position = _place_on_axis(fields.get(name), values)
        labels += [{"axis": title, "at": at, "text": text} for at, text in labels_by_position.items()]
        rows += [
            {
                "axis": title,
                "at": position,
                "trial": trial["number"],
                "result": trial["value"],
                "tried": str(value),
            }
            for trial, value, position in zip(trials, values, positions, strict=True)
        ]
    color = alt.Scale(range=SHADES if is_maximized else SHADES[::-1], zero=False, interpolate="rgb")
    titles_in_order = [*titles.values(), value_title]
    axis = alt.Axis(labelAngle=0, grid=True, ticks=False, labelLimit=200)
    x = alt.X("axis:N", title=None, sort=titles_in_order, axis=axis)
    y = alt.Y("at:Q", title=None, axis=None, scale=alt.Scale(domain=[-_LABEL_DISTANCE, 1 + _LABEL_DISTANCE]))
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2, point=True)
        .encode(
            x=x,
            y=y,
            detail="trial:N",
            color=alt.Color("result:Q", scale=color, legend=None),
            tooltip=["trial:Q", "axis:N", "tried:N", alt.Tooltip("result:Q", format=".4g")],
        )
    )
    texts = alt.Chart(alt.Data(values=labels)).mark_text(color="gray", fontSize=11)
    return (lines + texts.encode(x=x, y=y, text="text:N")).properties(height=300)


def _place_on_axis(field: SettingInfo | None, values: Sequence[Any]) -> tuple[list[float], dict[float, str]]:
    """Returns a position in [0, 1] for each value, and the labels of an axis by their position.

    Numbers have labels at both ends of the axis; choices have one each and are equally spaced.
    """
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        is_log = field is not None and field.scale == "log" and min(values) > 0
        numbers = [math.log(value) if is_log else value for value in values]
        labels = {-_LABEL_DISTANCE: f"{min(values):.3g}", 1 + _LABEL_DISTANCE: f"{max(values):.3g}"}
        return _scale(numbers), labels
    choices = sorted(set(map(str, values)))
    positions = _scale([choices.index(str(value)) for value in values])
    return positions, {at + _LABEL_DISTANCE: str(value) for at, value in zip(positions, values, strict=True)}


def _scale(numbers: Sequence[float]) -> list[float]:
    """Maps numbers linearly to [0, 1]; equal ones are in the middle."""
    low, width = min(numbers), max(numbers) - min(numbers)
    return [(number - low) / width if width else 0.5 for number in numbers]


def build_importance_chart(shares: Mapping[str, float]) -> Any:
    """Returns bars of the share of the variance that each setting explains, in [0, 1]."""
    import altair as alt

    rows = [{"setting": name, "share": share} for name, share in shares.items()]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("setting:N", title=None, sort="-x"),
            tooltip=["setting:N", alt.Tooltip("share:Q", format=".0%")],
        )
        .properties(height=40 + 28 * len(rows))
    )
