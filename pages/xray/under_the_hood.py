"""Under the hood of X-ray: what a map is, what a place can see, and why bridges help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.widgets import under_the_hood
from studio import engine
from studio.xray.settings import LookSettings

_WHAT = """
A **filter** is a small array of weights. A **convolution** multiplies the filter with the part of its input
below it, adds the products and a bias, and moves on. The sums at all places, after a ReLU, are one channel
of the **feature map**: large where the input resembles the filter. The input of VGG16 and ResNet50 has the
mean color of a million photos subtracted, that of InceptionV3 is scaled to -1 to 1.

A **layer** has many filters, so its output has many channels, and each filter of the next layer reads all of
them. That is how edges combine to textures, textures to eyes, and eyes to faces. Nobody designed the
filters: they were learned by training the network to classify a million photos.

**Stride** is how far a filter moves at each step: with two, the map is half as large. **Padding** is what it
reads beyond the border. **Pooling** reduces each window, here mostly two by two places, to its maximum or
mean; a stride alone just skips places, which is no pooling. Smaller maps cost less, and each place of them
depends on more of the photo: its **receptive field** $r$ grows, from layer to layer by kernel size $k$ and
strides $s$.

A **residual block** adds its output $F(x)$ to a shortcut, and a ReLU follows the sum. Where the shape
changes, the shortcut is a projection, a 1 x 1 convolution $W_s$; elsewhere it is the identity. Each
convolution is followed by **batch normalization**, so that activations and gradients keep a healthy size in
plain deep networks, too. He et al. argue that vanishing gradients are not why those train worse, but that it
is hard for many layers to fit an identity. A block only has to learn $F = 0$ for that. That is how fifty
layers and more reach a lower training error than twenty.

VGG16's convolutions are followed by three **dense layers** that name the class. They hold 124 of its 138
million parameters and only fit photos of 224 px, so they are left out here.
"""
_FORMULA = r"""\begin{aligned}
F^{\ell}_{c}(y, x) &= \max(0,\; b_c + a) \\
a &= \textstyle\sum_{k,\,i,\,j} w_{ck}(i, j) \\
&\quad \cdot F^{\ell-1}_{k}(s y + i, s x + j) \\
r_{\ell} &= r_{\ell-1} + (k_{\ell} - 1)\prod_{m<\ell} s_m \\
y &= \max\big(0,\; W_s x + F(x)\big) \\
\partial y / \partial x &= W_s + F'(x) \;\text{ where } y > 0
\end{aligned}"""
_PAPERS = (
    "Simonyan and Zisserman, [Very Deep Convolutional Networks](https://arxiv.org/abs/1409.1556), 2014. He "
    "et al., [Deep Residual Learning](https://arxiv.org/abs/1512.03385), 2015. Szegedy et al., [Rethinking "
    "the Inception Architecture](https://arxiv.org/abs/1512.00567), 2015. Veit et al., [Residual Networks "
    "Behave Like Ensembles](https://arxiv.org/abs/1605.06431), 2016. Olah et al., [Feature "
    "Visualization](https://distill.pub/2017/feature-visualization/), 2017."
)


def explain(settings: LookSettings | None, found: engine.Live | None) -> None:
    """The folded section, drawn from what was found, or from a recorded X-ray."""
    parts = ((st.markdown, _WHAT), (st.latex, _FORMULA), (st.caption, _PAPERS))
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _drawn(settings, found))


def _drawn(settings: LookSettings | None, found: engine.Live | None) -> None:
    if found is None or settings is None:
        run = runs.recorded("xray")
        if run.picture:
            st.image(run.picture, width="stretch", alt="The strongest channels")
            st.caption("The twelve strongest channels of block4_conv2 for Chelsea the cat.")
        _charts(run.figures)
        run.say_whose()
        return
    _charts(found.figures)


def _charts(figures: Mapping[str, Any]) -> None:
    width = figures["seen"][1]
    st.altair_chart(_receptive_fields(figures["layers"], width), width="stretch")
    st.caption(
        "From the first layer to the last: how wide the receptive field of one place is, in px of the photo. "
        f"Above the dashed line it is wider than the photo, {width} px."
    )
    st.altair_chart(_map_widths(figures["layers"]), width="stretch")
    st.caption("Meanwhile the maps get smaller: their width in places.")
    st.altair_chart(_strengths(figures["loudest"]), width="stretch")
    st.caption(
        "The standard deviation over all places of the strongest channels of the layer: a channel that is "
        "equally active everywhere says nothing about where things are."
    )


def _receptive_fields(layers: Any, width: int) -> Any:
    """Receptive field of each layer, in px, with the width of the photo as a line across."""
    import altair as alt

    title = "receptive field, px"
    photo = alt.Chart(alt.Data(values=[{"px": width}])).mark_rule(strokeDash=[5, 4])
    return _by_layer(layers, "field", title) + photo.encode(y=alt.Y("px:Q", title=title))


def _map_widths(layers: Any) -> Any:
    """Width of the maps of each layer, in places."""
    return _by_layer(layers, "width", "width of the map, places")


def _by_layer(layers: Any, key: str, title: str) -> Any:
    import altair as alt

    rows = [{"layer": layer["name"], "value": layer[key]} for layer in layers]
    order = [layer["name"] for layer in layers]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("layer:N", title=None, sort=order, axis=alt.Axis(labelAngle=-60, labelLimit=110)),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(type="log")),
            tooltip=["layer:N", alt.Tooltip("value:Q", title=title)],
        )
        .properties(height=240)
    )


def _strengths(loudest: Any) -> Any:
    import altair as alt

    rows = [{"map": str(one["channel"]), "strength": round(one["strength"], 3)} for one in loudest]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("map:N", title="map", sort=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("strength:Q", title=None),
            tooltip=["map:N", "strength:Q"],
        )
        .properties(height=180)
    )
