"""Charts and text under the hood of a search: how settings are chosen, and why weak trials stop early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.tune import trial_charts
from pages.widgets import assets, under_the_hood
from studio import engine
from studio.core.settings import SettingInfo
from studio.tune.settings import TuneSettings
from studio.tune.task import find_training_task


def explain(job: engine.Job | None) -> None:
    """Shows the expander with the settings of a finished search in order, or of a recorded one."""
    under_the_hood.show_section(lambda: _draw_trials(job), assets.read(__file__, "under_the_hood.md"))


def _draw_trials(job: engine.Job | None) -> None:
    run = runs.run_of_job(job) if job is not None and job.result is not None else runs.load("tune")
    run.show_label()
    task = find_training_task(TuneSettings.parse(run.settings))
    kind, shades = (
        task.settings,
        trial_charts.SHADES
        if task.goal is not None and task.goal.higher_is_better
        else trial_charts.SHADES[::-1],
    )
    has_chart = False
    for name, field in kind.describe().items():
        rows = [
            {"trial": trial["number"], "tried": value, "reached": trial.get("value")}
            for trial in run.figures["trials"]
            if isinstance(value := trial["settings"].get(name), int | float) and not isinstance(value, bool)
        ]
        if rows:
            chart = _build_chart(rows, field, kind.inline_label(name), shades, with_legend=not has_chart)
            st.altair_chart(chart, width="stretch")
            has_chart = True
    if not has_chart:
        st.caption("Only categorical settings were varied, so there is nothing to plot here.")
        return
    st.caption(
        "The settings of the trials in order: random at first, later close to good trials. A stronger color "
        "means a better result."
    )


def _build_chart(
    rows: Sequence[Mapping[str, Any]],
    field: SettingInfo,
    title: str,
    shades: Sequence[str],
    with_legend: bool,
) -> Any:
    """Returns a chart of a setting over the trials, in their order; better results are more saturated."""
    import altair as alt

    legend = alt.Legend(orient="top", gradientLength=160, tickCount=3) if with_legend else None
    color = alt.Scale(range=list(shades), zero=False, interpolate="rgb")
    scale = trial_charts.choose_scale(field, [row["tried"] for row in rows])
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_point(filled=True, size=90, stroke="gray", strokeWidth=0.8)
        .encode(
            x=alt.X("trial:Q", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("tried:Q", title=title, scale=scale),
            color=alt.Color("reached:Q", title="result", scale=color, legend=legend),
            tooltip=[
                "trial:Q",
                alt.Tooltip("tried:Q", title=title, format=".4g"),
                alt.Tooltip("reached:Q", format=".4g"),
            ],
        )
        .properties(height=130)
    )
