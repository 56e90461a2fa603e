"""Under the hood of Authorship: how the evidence adds up, character by character."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.text.authorship import COLORS
from pages.widgets import assets, under_the_hood, words
from studio.core.data import corpus

MOST_POINTS = 500
_AROUND = 12  # characters before a point that are told when it is pointed at


def explain(told: Mapping[str, Any] | None) -> None:
    """The folded section, drawn from what two language models made of a text; None before there is any."""
    under_the_hood.show(lambda: _drawn(told), assets.read(__file__, "evidence.md"))


def _drawn(told: Mapping[str, Any] | None) -> None:
    if told is None:
        st.caption("Choose a text and two language models to see how the evidence adds up.")
        return
    names = [one["name"] for one in told["language_models"]]
    st.altair_chart(chart(rows(told), names), width="stretch")
    first, second = map(words.plain, names)
    st.caption(
        f"The cumulative lead in nats: above 0 {first} leads, below 0 {second}. Move the slider to read only "
        "the first characters; a few words decide little, a page usually decides."
    )


def rows(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lead of the first language model after each character, thinned: `{"at", "lead", "read"}`."""
    first, second = (np.array(row, "float64") for row in told["nats"])  # None becomes NaN
    lead = np.cumsum(np.nan_to_num(second - first - (told.get("offset") or 0.0)))
    places = np.unique(np.linspace(0, len(lead) - 1, min(MOST_POINTS, len(lead))).round().astype(int))
    shown = [corpus.shown(one) if one == "\n" else one for one in told["text"]]
    return [
        {
            "at": int(at) + 1,
            "lead": round(float(lead[at]), 2),
            "read": "".join(shown[max(0, at - _AROUND) : at + 1]),
        }
        for at in places
    ]


def chart(points: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """A line with a slider for how much of the text is read, which the browser follows by itself."""
    import altair as alt

    last = points[-1]["at"]
    slider = alt.binding_range(min=1, max=last, step=1, name="Read the first ")
    read = alt.param(name="read_first", value=last, bind=slider)
    base = alt.Chart(alt.Data(values=list(points))).transform_filter("datum.at <= read_first")
    x = alt.X("at:Q", title="characters read", scale=alt.Scale(domain=[1, last], nice=False))
    y = alt.Y("lead:Q", title="cumulative lead (nats)")
    line = base.mark_line(strokeWidth=2, color="gray").encode(x=x, y=y)
    dots = base.mark_circle(size=22).encode(
        x=x,
        y=y,
        color=alt.condition("datum.lead > 0", alt.value(COLORS[0]), alt.value(COLORS[1])),
        tooltip=[
            alt.Tooltip("at:Q", title="after character"),
            alt.Tooltip("read:N", title="text"),
            alt.Tooltip("lead:Q", format="+.1f"),
        ],
    )
    told = (
        base.transform_joinaggregate(end="max(at)")
        .transform_filter("datum.at == datum.end")
        .transform_calculate(
            ahead=f"datum.lead > 0 ? {_quoted(names[0])} : {_quoted(names[1])}",
            said="datum.ahead + ' leads by ' + format(abs(datum.lead), '.1f') + ' nats'",
        )
        .mark_text(align="left", baseline="top", fontSize=13, color="gray")
        .encode(x=alt.value(4), y=alt.value(4), text="said:N")
    )
    zero = (
        alt.Chart(alt.Data(values=[{"lead": 0}]))
        .mark_rule(strokeDash=[4, 4], color="gray")
        .encode(y="lead:Q")
    )
    return (line + dots + told + zero).add_params(read).properties(height=300)


def _quoted(name: str) -> str:
    """A name as a string of Vega's expressions."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
