"""What a search tells, drawn: its measurements as they come, its history, and what mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.settings import Described


def curves(lines: list[dict[str, Any]]) -> Any:
    """A line a trial, from what it measured on its way."""
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


def history(trials: Sequence[Mapping[str, Any]], most: bool) -> Any:
    """The value of each trial, and the best of all until it."""
    import altair as alt

    rows, best = [], None
    for trial in sorted(trials, key=lambda trial: trial["number"]):
        if trial["value"] is None:
            continue
        if trial["state"] == "done":
            values = [one for one in (best, trial["value"]) if one is not None]
            best = max(values) if most else min(values)
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


def value_scale(field: Described, values: Sequence[Any]) -> Any:
    """The scale of a setting's values in a chart: that of its own, by ratio or by difference."""
    import altair as alt

    ratio = field.scale == "log" and all(value > 0 for value in values)
    return alt.Scale(type="log", nice=False) if ratio else alt.Scale(zero=False)


def against(field: Described, title: str, trials: Sequence[Mapping[str, Any]], best: int) -> Any:
    """The values of a setting against what came of them."""
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
    scale = {"scale": value_scale(field, [row["x"] for row in rows])} if numbers else {}
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


def importance(shares: Mapping[str, float]) -> Any:
    """How much of the differences each setting explains, as bars; `shares` are 0 to 1, by name."""
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
