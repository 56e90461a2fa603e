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
A **filter** is a small square of numbers. It lies on a few places of a picture, multiplies each by a number
of its own and adds all up. The sum is large where the picture looks like the filter. Then it moves on, and
its sums at all places are a new picture: a **feature map**, bright where the filter found what it looks for.
The first layer of VGG16 and ResNet50 is given each colour less its mean over a million photos, that of
InceptionV3 each less a middle grey, so that the numbers lie around 0.

A **layer** has many filters, so it makes many maps, and the filters of the next layer look at all of these at
once. That is how edges become textures, textures eyes, and eyes faces. Nobody drew any of the filters: they
came about while the network learnt to name a million photos.

**Stride** is how far a filter moves at each step: with two, the map is half as large. **Padding** is what it
finds beyond the border. **Pooling** keeps one of every two by two places. Smaller maps are quicker, and each
of their places stands for more of the photo: its **receptive field** grows.

A **residual block** adds what it worked out to what it was given. Learning goes back over the same bridge,
and nothing on it can weaken the gradient: that is why fifty layers can be taught at all.
"""
_FORMULA = r"""\begin{aligned}
F^{\ell}_{c}(y, x) &= \max(0,\; b_c + a) \\
a &= \textstyle\sum_{k,\,i,\,j} w_{ck}(i, j) \\
&\quad \cdot F^{\ell-1}_{k}(s y + i, s x + j) \\
r_{\ell} &= r_{\ell-1} + (k_{\ell} - 1)\prod_{m<\ell} s_m \\
y &= \max\big(0,\; x + f(x)\big) \\
\partial y / \partial x &= 1 + f'(x) \;\text{ where } y > 0
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
            st.image(run.picture, width="stretch", alt="The maps that answer most strongly")
            st.caption("The twelve maps of block4_conv2 that answer most strongly to Chelsea the cat.")
        _charts(run.figures)
        run.say_whose()
        return
    _charts(found.figures)


def _charts(figures: Mapping[str, Any]) -> None:
    st.altair_chart(_along(figures["layers"]), width="stretch")
    st.caption(
        "From the photo inwards: maps get smaller, and each of their places sees more of the photo. Where "
        "the two lines cross, a place sees as much as its map is wide."
    )
    st.altair_chart(_strengths(figures["loudest"]), width="stretch")
    st.caption(
        "How much the strongest maps of the layer differ from place to place (their standard deviation): a "
        "map that answers everywhere alike says nothing of where things are."
    )


def _along(layers: Any) -> Any:
    import altair as alt

    rows = [
        {"layer": layer["name"], "what": what, "px": layer[key]}
        for layer in layers
        for what, key in (("width of its maps", "width"), ("px that one place sees", "field"))
    ]
    order = [layer["name"] for layer in layers]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("layer:N", title=None, sort=order, axis=alt.Axis(labelAngle=-60, labelLimit=110)),
            y=alt.Y("px:Q", title="px", scale=alt.Scale(type="log")),
            color=alt.Color("what:N", title=None, legend=alt.Legend(orient="top", columns=1)),
            strokeDash=alt.StrokeDash("what:N", title=None),
            tooltip=["layer:N", "what:N", "px:Q"],
        )
        .properties(height=300)
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
