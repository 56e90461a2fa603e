"""Under the hood of a search by eye: what is believed of a taste, and how the next pair is chosen."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.widgets import under_the_hood
from studio.core.settings import Settings
from studio.search.by_eye.learnt import Line, lines
from studio.search.by_eye.pairs import Pairs
from studio.search.by_eye.searches import Taste

_WHAT = """
It is hard to give an image a score and easy to say which of two is better. The model assumes a hidden
**utility** $f$ of the settings, and that $f$ is a *Gaussian process*: similar settings have similar
utilities. Picks are noisy, so the image with the higher utility is only more likely to be picked (a probit
model with ties):
"""
_FORMULA = r"""\begin{aligned}
P(a \succ b) &= \Phi\big(f(a) - f(b) - \tau\big) \\
P(a \approx b) &= 1 - P(a \succ b) - P(b \succ a)
\end{aligned}"""
_NEXT = """
The posterior of $f$ given the picks is approximated by a Gaussian around its mode (*Laplace's
approximation*). The next rival $x$ of the best image $c$ so far is the one with the highest **expected
improvement** over it: either its mean is high, or its uncertainty is.
"""
_IMPROVEMENT = r"x^{*} = \arg\max_x \; \mathbb{E}\big[\max(f(x) - f(c),\, 0)\big]"
_PAPERS = """
Chu and Ghahramani, [Preference Learning with Gaussian
Processes](https://doi.org/10.1145/1102351.1102369), 2005. Brochu, Cora and de Freitas,
[A Tutorial on Bayesian Optimization](https://arxiv.org/abs/1012.2599), 2010.
"""


def explain(kind: type[Settings] | None, duels: Pairs | None) -> None:
    """The folded section: what is believed after the picks of a search, or else of a recorded one."""
    parts = [
        (st.markdown, _WHAT),
        (st.latex, _FORMULA),
        (st.markdown, _NEXT),
        (st.latex, _IMPROVEMENT),
        (st.caption, _PAPERS),
    ]
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _believed(kind, duels))


def _believed(kind: type[Settings] | None, duels: Pairs | None) -> None:
    if kind is None or duels is None or not duels.judged:
        kind, duels = _recorded()
        st.caption(
            f"Recorded: {len(duels.judged)} picks by a rule that likes a medium strength and does not care "
            "about the stroke. Yours take their place."
        )
    fields = kind.described()
    for line in lines(duels):
        field = fields[line.name]
        scale = "log" if field.scale == "log" else "linear"
        st.altair_chart(_band(line, field.title, scale), width="stretch")
    st.caption(
        "How much better than the best picture so far (the mark, at 0) each value is believed to be, the "
        "other settings left alone. The band is one standard deviation; 1 is the noise of a pick."
    )


@functools.cache
def _recorded() -> tuple[type[Settings], Pairs]:
    taste = Taste.model_validate_json((runs.HERE / "by_eye.json").read_text("utf-8"))
    return taste.kind, taste.duels()


def _band(line: Line, label: str, scale: str) -> Any:
    """The mean and its band along one setting."""
    import altair as alt

    rows = [
        {"value": str(value) if isinstance(value, bool) else value, "mean": m, "low": m - s, "high": m + s}
        for value, m, s in zip(line.values, line.means.tolist(), line.spreads.tolist(), strict=True)
    ]
    if isinstance(rows[0]["value"], str):
        x = alt.X("value:N", title=label)
    else:
        x = alt.X("value:Q", title=label, scale=alt.Scale(zero=False, nice=False, type=scale))
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
