"""Under the hood of a search: how the next settings are chosen, and why poor trainings end early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.search import trial_charts
from pages.widgets import under_the_hood
from studio import engine
from studio.core.settings import Described
from studio.search.settings import SearchSettings
from studio.search.task import trained

_WHAT = """
A grid of all combinations takes too long, and random search learns nothing from its trials. The
**tree-structured Parzen estimator** (TPE) splits the trials at a quantile of their results into a small good
group and the rest. It fits a density of the settings to each, $l(x)$ to the good and $g(x)$ to the others,
draws candidates from $l$, and tries the one with the highest ratio. The first trials are random, so that
there is something to split.
"""
_FORMULA = r"x^{*} = \arg\max_x \; \frac{l(x)}{g(x)}"
_EARLY = """
Most of the time is saved by **successive halving**: each training run is measured along the way, and after
1, 3, 9 ... measurements only the best third of those that came so far continues. A run is compared with
those that got there before it and waits for no others. That is the asynchronous form, **ASHA**. A search may
lose a run that starts slowly and would have won.
"""
_PAPERS = """
Bergstra et al., [Algorithms for Hyper-Parameter
Optimization](https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization), 2011.
Jamieson and Talwalkar, [Non-stochastic Best Arm Identification and Hyperparameter
Optimization](https://arxiv.org/abs/1502.07943), 2015. Li et al.,
[Hyperband](https://arxiv.org/abs/1603.06560), 2016. Li et al., [A System for Massively Parallel
Hyperparameter Tuning](https://arxiv.org/abs/1810.05934) (ASHA), 2018.
"""


_SHADES = ["#8a8f9b22", "#5d75e6"]  # of a poor and of a good trial, in the light and in the dark


def explain(job: engine.Job | None) -> None:
    """The folded section: where an ended search looked in turn, or else where a recorded one did."""
    section = under_the_hood.section()
    if not section.open:
        return
    with section:
        parts = [
            (st.markdown, _WHAT),
            (st.latex, _FORMULA),
            (st.markdown, _EARLY),
            (st.caption, _PAPERS),
        ]
        under_the_hood.beside(parts, lambda: _looked(job))


def _looked(job: engine.Job | None) -> None:
    run = runs.of_job(job) if job is not None and job.result is not None else runs.recorded("search")
    run.say_whose()
    task = trained(SearchSettings.parse(run.settings))
    kind, shades = task.settings, _SHADES if task.goal.most else _SHADES[::-1]
    shown = False
    for name, field in kind.described().items():
        rows = [
            {"trial": trial["number"], "tried": value, "reached": trial.get("value")}
            for trial in run.figures["trials"]
            if isinstance(value := trial["settings"].get(name), int | float) and not isinstance(value, bool)
        ]
        if rows:
            chart = _chart(rows, field, kind.term(name), shades, with_legend=not shown)
            st.altair_chart(chart, width="stretch")
            shown = True
    if not shown:
        st.caption("Only choices varied here, so there is no way to draw where it looked.")
        return
    st.caption(
        "The settings of the trials in order: random at first, later close to good trials. The stronger the "
        "color, the better the result."
    )


def _chart(
    rows: Sequence[Mapping[str, Any]], field: Described, title: str, shades: Sequence[str], with_legend: bool
) -> Any:
    """The values of one setting in the order of the trials, the better the stronger in color."""
    import altair as alt

    legend = alt.Legend(orient="top", gradientLength=160, tickCount=3) if with_legend else None
    color = alt.Scale(range=list(shades), zero=False, interpolate="rgb")
    scale = trial_charts.value_scale(field, [row["tried"] for row in rows])
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_point(filled=True, size=90, stroke="gray", strokeWidth=0.8)
        .encode(
            x=alt.X("trial:Q", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("tried:Q", title=title, scale=scale),
            color=alt.Color("reached:Q", title="what it reached", scale=color, legend=legend),
            tooltip=[
                "trial:Q",
                alt.Tooltip("tried:Q", title=title, format=".4g"),
                alt.Tooltip("reached:Q", format=".4g"),
            ],
        )
        .properties(height=130)
    )
