"""Under the hood of a search by preference: what is believed of a taste, and how the next pair is chosen."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.widgets import assets, under_the_hood
from studio.core.settings import Settings
from studio.tune.by_preference.learned import Line, lines
from studio.tune.by_preference.pairs import Pairs
from studio.tune.by_preference.searches import Taste


def explain(kind: type[Settings] | None, duels: Pairs | None) -> None:
    """The folded section: what is believed after the picks of a search, or else of a recorded one."""
    under_the_hood.show(lambda: _believed(kind, duels), assets.read(__file__, "beliefs.md"))


def _believed(kind: type[Settings] | None, duels: Pairs | None) -> None:
    if kind is None or duels is None or not duels.judged:
        kind, duels = _recorded()
        st.caption(
            f"Recorded: {len(duels.judged)} picks by a rule that prefers a medium strength and ignores the "
            "stroke size. Your own picks replace them."
        )
    fields = kind.described()
    for line in lines(duels):
        field = fields[line.name]
        st.altair_chart(_band(line, field.title, field.scale == "log"), width="stretch")
    st.caption(
        "Posterior utility of each value, relative to the best image so far (the mark, at 0), with the other "
        "settings fixed. The band is one standard deviation; 1 is the noise of a pick."
    )


@functools.cache
def _recorded() -> tuple[type[Settings], Pairs]:
    taste = Taste.model_validate_json((runs.HERE / "by_preference.json").read_text("utf-8"))
    return taste.kind, taste.duels()


def _band(line: Line, label: str, is_log: bool) -> Any:
    """The mean and its band along one setting."""
    import altair as alt

    rows = [
        {"value": str(value) if isinstance(value, bool) else value, "mean": m, "low": m - s, "high": m + s}
        for value, m, s in zip(line.values, line.means.tolist(), line.spreads.tolist(), strict=True)
    ]
    if isinstance(rows[0]["value"], str):
        x = alt.X("value:N", title=label)
    else:
        x = alt.X(
            "value:Q",
            title=label,
            scale=alt.Scale(zero=False, nice=False, type="log" if is_log else "linear"),
        )
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    y, ends = alt.Y("low:Q", title=None), {"y2": "high:Q"}
    band = base.mark_area(opacity=0.25) if x.shorthand.endswith("Q") else base.mark_bar(opacity=0.25)
    mean = base.mark_line() if x.shorthand.endswith("Q") else base.mark_tick()
    tips = [alt.Tooltip(x.shorthand, title=label), alt.Tooltip("mean:Q", format=".2f")]
    best = [
        row for row in rows if row["value"] == (str(line.best) if isinstance(line.best, bool) else line.best)
    ]
    mark = alt.Chart(alt.Data(values=best)).mark_point(filled=True, size=90).encode(x=x, y="mean:Q")
    return (band.encode(y=y, **ends) + mean.encode(y="mean:Q", tooltip=tips) + mark).properties(height=130)
