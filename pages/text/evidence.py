"""Under the hood of Authorship: the cumulative lead of a model, character by character."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.text.authorship import COLORS
from pages.widgets import assets, under_the_hood, words
from studio.core.data import corpus

MAX_POINTS = 500
_CONTEXT_CHARS = 12  # characters before a point in its tooltip


def explain(comparison: Mapping[str, Any] | None) -> None:
    """Draws the folded section from a comparison of two language models; None before there is any."""
    under_the_hood.show_section(lambda: _draw_evidence(comparison), assets.read(__file__, "evidence.md"))


def _draw_evidence(comparison: Mapping[str, Any] | None) -> None:
    if comparison is None:
        st.caption("Choose a text and two language models to see how the evidence adds up.")
        return
    names = [model["name"] for model in comparison["language_models"]]
    st.altair_chart(build_chart(list_leads(comparison), names), width="stretch")
    first, second = map(words.escape, names)
    st.caption(
        f"The cumulative lead in nats: above 0 {first} leads, below 0 {second}. Move the slider to read only "
        "the first characters; a few words decide little, a page usually decides."
    )


def list_leads(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the lead of the first model after each character, thinned: rows `{"at", "lead", "read"}`."""
    first, second = (np.array(row, "float64") for row in comparison["nats"])  # None becomes NaN
    lead = np.cumsum(np.nan_to_num(second - first - (comparison.get("offset") or 0.0)))
    positions = np.unique(np.linspace(0, len(lead) - 1, min(MAX_POINTS, len(lead))).round().astype(int))
    characters = [corpus.describe_character(c) if c == "\n" else c for c in comparison["text"]]
    return [
        {
            "at": int(at) + 1,
            "lead": round(float(lead[at]), 2),
            "read": "".join(characters[max(0, at - _CONTEXT_CHARS) : at + 1]),
        }
        for at in positions
    ]


def build_chart(points: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """Returns a line chart of the cumulative lead with a slider for the number of characters.

    The browser evaluates the slider, so moving it does not rerun the page.
    """
    import altair as alt

    last = points[-1]["at"]
    slider = alt.binding_range(min=1, max=last, step=1, name="Read the first ")
    characters_read = alt.param(name="read_first", value=last, bind=slider)
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
    label = (
        base.transform_joinaggregate(end="max(at)")
        .transform_filter("datum.at == datum.end")
        .transform_calculate(
            ahead=f"datum.lead > 0 ? {_quote(names[0])} : {_quote(names[1])}",
            text="datum.ahead + ' leads by ' + format(abs(datum.lead), '.1f') + ' nats'",
        )
        .mark_text(align="left", baseline="top", fontSize=13, color="gray")
        .encode(x=alt.value(4), y=alt.value(4), text="text:N")
    )
    zero = (
        alt.Chart(alt.Data(values=[{"lead": 0}]))
        .mark_rule(strokeDash=[4, 4], color="gray")
        .encode(y="lead:Q")
    )
    return (line + dots + label + zero).add_params(characters_read).properties(height=300)


def _quote(name: str) -> str:
    """Returns a name as a string literal for Vega expressions."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
