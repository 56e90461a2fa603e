"""Charts and text under the hood of a search by preference: the posterior utility, and the next pair."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.tune.by_preference import session
from pages.widgets import assets, under_the_hood
from studio.core.settings import Settings
from studio.tune.by_preference.pairs import PairSelector
from studio.tune.by_preference.posteriors import SettingPosterior, compute_posteriors
from studio.tune.by_preference.search_store import PreferenceSearch


def explain(search: PreferenceSearch | None) -> None:
    """Shows the expander with the posterior utility after the picks of a search, or of a recorded one."""
    under_the_hood.show_section(lambda: _draw_posterior(search), assets.read(__file__, "posterior.md"))


def _draw_posterior(search: PreferenceSearch | None) -> None:
    if search is not None and search.compared:
        kind, selector = search.settings_class, session.get_pairs(search)
    else:
        kind, selector = _load_recorded_search()
        st.caption(
            f"Recorded: {len(selector.comparisons)} picks by a rule that prefers a medium strength and "
            "ignores the stroke size. Your own picks replace them."
        )
    fields = kind.describe()
    for line in compute_posteriors(selector):
        field = fields[line.name]
        st.altair_chart(_build_band_chart(line, field.title, field.scale == "log"), width="stretch")
    st.caption(
        "Posterior utility of each value, relative to the best image so far (the mark, at 0), with the other "
        "settings fixed. The band is one standard deviation; 1 is the noise of a pick."
    )


@functools.cache
def _load_recorded_search() -> tuple[type[Settings], PairSelector]:
    search = PreferenceSearch.model_validate_json((runs.FOLDER / "by_preference.json").read_text("utf-8"))
    return search.settings_class, search.make_selector()


def _build_band_chart(line: SettingPosterior, label: str, is_log: bool) -> Any:
    """Returns a chart of the posterior mean and its band along one setting."""
    import altair as alt

    rows = [
        {"value": str(value) if isinstance(value, bool) else value, "mean": m, "low": m - s, "high": m + s}
        for value, m, s in zip(line.values, line.means.tolist(), line.deviations.tolist(), strict=True)
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
