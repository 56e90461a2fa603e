"""Under the hood of the Playground: the network, its training and its settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.playground import charts
from pages.widgets import curves, under_the_hood, words
from studio import engine
from studio.core.layers.activations import ACTIVATIONS
from studio.core.pictures import grids
from studio.playground.inputs import inputs, places
from studio.playground.settings import PlaygroundSettings

_TILE, _TILES = 48, 12  # px; waves that are shown
_FROM, _TO = -4.0, 4.0

_WHAT = """
The network is a function from a place in the picture to a color. It stores no pixels, only its **weights**
and **biases**. Each unit multiplies its inputs by weights, adds a bias, and applies its **activation**
function $f$, a nonlinearity. Without one, all layers together would be a single linear map.

**Training** repeats three steps. The network computes the colors of a batch of pixels and their **loss**
$\\mathcal{L}$, the difference from the photo. **Backpropagation** computes the **gradient** of the loss:
from the last layer to the first, the chain rule multiplies by the slope $f'$ of the activation and by the
weights, which gives $\\delta_\\ell$, and from it the gradient of each weight. Then the optimizer changes all
weights. **Gradient descent** moves each against its gradient by the **learning rate** $\\eta$; **Adam**,
chosen here at first, divides the running mean of the gradient by the root of that of its square. So each
weight moves at a similar speed, however small its gradient is.
"""
_FORMULA = r"""\begin{aligned}
z_{\ell} &= W_{\ell}\,a_{\ell-1} + b_{\ell} \\
a_{\ell} &= f(z_{\ell}) \\
\text{color} &= z_L \\
\delta_L &= \frac{\partial\mathcal{L}}{\partial z_L} \\
\delta_{\ell} &= \big(W_{\ell+1}^{\top}\,\delta_{\ell+1}\big) \odot f'(z_{\ell}) \\
\frac{\partial\mathcal{L}}{\partial W_{\ell}} &= \delta_{\ell}\,a_{\ell-1}^{\top} \\
\frac{\partial\mathcal{L}}{\partial b_{\ell}} &= \delta_{\ell} \\
g &= \frac{\partial\mathcal{L}}{\partial w} \\
\text{SGD:}\; w &\leftarrow w - \eta\,g \\
\text{Adam:}\; m &\leftarrow \beta_1 m + (1-\beta_1)\,g \\
v &\leftarrow \beta_2 v + (1-\beta_2)\,g^2 \\
w &\leftarrow w - \eta\,\frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)} + \epsilon}
\end{aligned}"""
_WAVES = """
Given two coordinates alone, such a network fits slowly varying functions first and fine detail hardly ever
(**spectral bias**). So its inputs also hold **Fourier features**: sines and cosines of the
coordinates, with random frequencies whose standard deviation is $\\sigma$ (*Fourier scale*). These differ
from one pixel to the next. With a larger $\\sigma$ the network fits finer detail, and also draws noise
between pixels it was not trained on. A sine as activation does not replace them: SIREN scales its sums by 30
and needs weights to match.
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


def explain(settings: PlaygroundSettings | None, job: engine.Job | None) -> None:
    """Draws the folded section for these settings, with the charts of a finished job."""
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
            under_the_hood.beside(parts, lambda: _drawn(settings or PlaygroundSettings(), job))


def _drawn(settings: PlaygroundSettings, job: engine.Job | None) -> None:
    if job is not None and job.result is not None:
        figures = job.result.figures
        history = figures.get("history", ())
        curves.losses(history, caption="The losses of this run against its steps")
        losses = [point["learnt"] for point in history]
        charts.layers(figures.get("gradients", ()), figures.get("values", ()), losses)
    st.altair_chart(_bend(settings.activation), width="stretch")
    name = words.choice(settings.activation)
    st.caption(f"The chosen activation function, {name}, and its slope.")
    if settings.fourier_features:
        st.image(
            _waves(settings), width="stretch", alt="Fourier features of several frequencies and directions"
        )
        st.caption(f"Some of the {settings.fourier_features} Fourier features.")


def _bend(activation: str) -> Any:
    import altair as alt

    found = ACTIVATIONS[activation]
    sums = np.linspace(_FROM, _TO, 161, dtype="float32")
    values = found.value(sums)
    rows = [
        {"sum": round(float(at), 3), "what": what, "value": round(float(value), 4)}
        for what, line in (("activation", values), ("slope", found.slope(sums, values)))
        for at, value in zip(sums, line, strict=True)
    ]
    order = ["activation", "slope"]
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


def _waves(settings: PlaygroundSettings) -> np.ndarray:
    """Tiles of some Fourier features, from the lowest frequency to the highest."""
    drawn = inputs(
        settings.fourier_features,
        settings.fourier_scale,
        settings.coordinates,
        settings.detail,
        settings.seed,
    )
    order = np.argsort(np.hypot(*drawn.frequencies))
    chosen = order[np.linspace(0, len(order) - 1, min(_TILES, len(order))).astype(int)]
    told = drawn.of(places(_TILE, _TILE))[:, 2 + chosen]
    tiles = ((told.T.reshape(-1, _TILE, _TILE, 1) + 1) * 127.5).astype("uint8")
    return grids.grid(np.repeat(tiles, 3, axis=-1), columns=6)
