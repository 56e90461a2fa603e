"""Under the hood of the painter: what such a network is, how it learns, and what each knob turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.paint import charts
from pages.widgets import curves, under_the_hood, words
from studio import engine
from studio.core.layers.activations import ACTIVATIONS
from studio.core.pictures import grids
from studio.paint.inputs import inputs, places
from studio.paint.settings import PaintSettings

_TILE, _TILES = 48, 12  # px; waves that are shown
_FROM, _TO = -4.0, 4.0

_WHAT = """
The network is a function: told a place in the picture, it answers with a colour. It holds no pixels, only the
numbers that are to be learnt, its **weights**. Each unit adds up what it is told, every part times a weight,
and hands the sum on through its **activation**, a bend without which all layers together could only draw
straight ramps.

**Learning** is guessing and mending. It paints some pixels, compares them with the photo, and works out for
every weight whether a little more or a little less of it would have come nearer: the **gradient**. It is
worked out from the last layer back to the first, each time multiplied by how steep the activation is there.
Then all weights take a small step that way, as long as the **learning rate** says.
"""
_FORMULA = r"""\begin{aligned}
a_{\ell} &= f\big(W_{\ell}\,a_{\ell-1} + b_{\ell}\big) \\
\text{colour} &= W_L\,a_{L-1} + b_L \\
\frac{\partial\mathcal{L}}{\partial a_{\ell-1}} &= W_{\ell}^{\top}\Big(f'(\cdot)\odot
\frac{\partial\mathcal{L}}{\partial a_{\ell}}\Big) \\
w &\leftarrow w - \eta\,\frac{\partial\mathcal{L}}{\partial w}
\end{aligned}"""
_WAVES = """
Of two coordinates such a network learns what changes slowly at once, and what changes fast hardly ever. So
the place is told as **waves** of many lengths and directions, too: where each of them has its crest differs
from one pixel to the next. Finer waves draw finer lines, and noise between pixels that were not learnt.
"""
_WAVES_FORMULA = r"""\begin{aligned}
\gamma(v) &= \big[v,\; \sin(2\pi B v),\; \cos(2\pi B v)\big] \\
B_{ij} &\sim \mathcal{N}(0, \sigma^2)
\end{aligned}"""
_PAPERS = (
    "Tancik et al., [Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional "
    "Domains](https://arxiv.org/abs/2006.10739), 2020. Rumelhart, Hinton, Williams, Learning "
    "representations by back-propagating errors, 1986. Glorot and Bengio, Understanding the difficulty of "
    "training deep feedforward neural networks, 2010. He et al., [Delving Deep into "
    "Rectifiers](https://arxiv.org/abs/1502.01852), 2015. Kingma and Ba, "
    "[Adam](https://arxiv.org/abs/1412.6980), 2014. Sitzmann et al., [Implicit Neural Representations with "
    "Periodic Activation Functions](https://arxiv.org/abs/2006.09661), 2020."
)


def explain(settings: PaintSettings | None, job: engine.Job | None) -> None:
    """The folded section, drawn from these very knobs; with a job, from its numbers, too."""
    parts = (
        (st.markdown, _WHAT),
        (st.latex, _FORMULA),
        (st.markdown, _WAVES),
        (st.latex, _WAVES_FORMULA),
        (st.caption, _PAPERS),
    )
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _drawn(settings or PaintSettings(), job))


def _drawn(settings: PaintSettings, job: engine.Job | None) -> None:
    if job is not None and job.result is not None:
        figures = job.result.figures
        curves.losses(figures.get("history", ()), caption="The losses of this run against its steps")
        charts.layers(figures.get("gradients", ()), figures.get("values", ()))
    st.altair_chart(_bend(settings.activation), width="stretch")
    name = words.choice(settings.activation)
    st.caption(f"The activation that is chosen, {name}: what it makes of a sum, and how steep it is there.")
    if settings.waves:
        st.image(_waves(settings), width="stretch", alt="Waves in several directions")
        st.caption(f"Some of the {settings.waves} waves that tell the network where a place is.")


def _bend(activation: str) -> Any:
    import altair as alt

    found = ACTIVATIONS[activation]
    sums = np.linspace(_FROM, _TO, 161, dtype="float32")
    values = found.value(sums)
    rows = [
        {"sum": round(float(at), 3), "what": what, "value": round(float(value), 4)}
        for what, line in (("handed on", values), ("steepness", found.slope(sums, values)))
        for at, value in zip(sums, line, strict=True)
    ]
    order = ["handed on", "steepness"]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("sum:Q", title="sum", axis=alt.Axis(grid=False)),
            y=alt.Y("value:Q", title=None),
            color=alt.Color("what:N", title=None, sort=order, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("what:N", title=None, sort=order),
        )
        .properties(height=200)
    )


def _waves(settings: PaintSettings) -> np.ndarray:
    """Some of the waves, each over the whole picture, from the longest to the shortest."""
    drawn = inputs(settings.waves, settings.fineness, settings.coordinates, settings.detail, settings.seed)
    order = np.argsort(np.hypot(*drawn.frequencies))
    chosen = order[np.linspace(0, len(order) - 1, min(_TILES, len(order))).astype(int)]
    told = drawn.of(places(_TILE, _TILE))[:, 2 + chosen]
    tiles = ((told.T.reshape(-1, _TILE, _TILE, 1) + 1) * 127.5).astype("uint8")
    return grids.grid(np.repeat(tiles, 3, axis=-1), columns=6)
