"""Under the hood of a search: how the next settings are chosen, and why poor trainings end early."""

from __future__ import annotations

import streamlit as st

from pages.recorded import runs
from pages.widgets import under_the_hood, words
from studio import engine
from studio.search.settings import SearchSettings
from studio.search.task import trained

_WHAT = """
Trying every combination takes too long, and trying at random forgets what was learnt. The **tree-structured
Parzen estimator** keeps two pictures of the space: where good trainings were, $l(x)$, and where the others
were, $g(x)$. It then tries what is likely among the good and unlikely among the others.
"""
_FORMULA = r"x^{*} = \arg\max_x \; \frac{l(x)}{g(x)}"
_EARLY = """
Most of the time is saved elsewhere. With **successive halving** all trainings are measured on the way, and
after 1, 3, 9 ... measurements only the best third of those that came so far goes on.
"""
_PAPERS = """
Bergstra et al., [Algorithms for Hyper-Parameter
Optimization](https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization), 2011.
Jamieson and Talwalkar, [Non-stochastic Best Arm Identification and Hyperparameter
Optimization](https://arxiv.org/abs/1502.07943), 2015. Li et al.,
[Hyperband](https://arxiv.org/abs/1603.06560), 2016.
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
    rows = [
        {
            "trial": trial["number"],
            "setting": words.setting(kind, name),
            "tried": value,
            "reached": trial.get("value"),
        }
        for trial in run.figures["trials"]
        for name, value in trial["settings"].items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not rows:
        st.caption("Only choices varied here, so there is no way to draw where it looked.")
        return
    import altair as alt

    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=90, stroke="gray", strokeWidth=0.8)
        .encode(
            x=alt.X("trial:Q", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("tried:Q", title=None, scale=alt.Scale(zero=False)),
            row=alt.Row("setting:N", title=None),
            color=alt.Color(
                "reached:Q",
                title="what it reached",
                scale=alt.Scale(range=shades, zero=False, interpolate="rgb"),
                legend=alt.Legend(orient="top", gradientLength=160, tickCount=3),
            ),
            tooltip=[
                "trial:Q",
                "setting:N",
                alt.Tooltip("tried:Q", format=".4g"),
                alt.Tooltip("reached:Q", format=".4g"),
            ],
        )
        .properties(height=110)
        .resolve_scale(y="independent")
    )
    st.altair_chart(chart, width="stretch")
    st.caption(
        "What was tried, one after the other: at first anywhere, later near what went well. The stronger the "
        "colour, the better it went."
    )
