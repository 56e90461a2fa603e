"""Charts of a search: learning curves of the trials, history, values by setting, and importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.settings import SettingInfo


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
