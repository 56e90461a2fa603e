"""Under the hood of enhancing: which frequencies came back, what the network adds, how near it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.enhance.made import Made
from pages.widgets import under_the_hood
from studio.enhance.comparison import Compared, spectrum

MAGNIFIED = 6  # times

_WHAT = """
An image is a sum of waves, long ones for large shapes and short ones for edges and fine lines. Sampled at a
given pixel size, it holds no wave shorter than two pixels (the **Nyquist limit**). Bicubic interpolation
draws the waves that are there at the larger size and adds none, so the result is blurred.

What is missing cannot be computed, but it can be **estimated**. A blurred edge was most likely a sharp one,
and a row of gray steps a slanted line. The network was trained on thousands of photos and their smaller
copies. It reads lightness alone, in which the eye sees fine detail, and outputs only the **residual**, what
bicubic interpolation lacks:
"""
_FORMULA = r"""\begin{aligned}
\hat{y} &= \mathrm{bicubic}(x) + \mathrm{shuffle}\big(f_\theta(x)\big) \\
\mathcal{L} &= \mathrm{mean}\,\big|\,\hat{y} - y\,\big|
\end{aligned}"""
_SHUFFLE = """
All convolutions run at the small size. At the end each place has four, nine or sixteen numbers, which become
the pixels of the larger image (**sub-pixel convolution**).
"""
_CLEANING = r"""
**Noise and JPEG blocks** are removed by a second network, before anything is enlarged. It is given the image
with each two by two pixels stacked as channels, and three more numbers: the strength of the noise in
lightness and in color, and that of the JPEG compression. So it removes as much as there is.

These numbers are estimated. The finest diagonal detail of a photo is nearly all noise, and the median of its
absolute values gives the standard deviation $\sigma$ even where there are edges. A JPEG file holds the table
by which its coefficients were quantized. Noise that was compressed away no longer shows in that detail: set
it by hand then.
"""
_PAPERS = (
    "Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, 1994. Zhang et al., [FFDNet]"
    "(https://arxiv.org/abs/1710.04026), 2018. "
    "Keys, Cubic convolution interpolation for digital image processing, 1981. Shi et al., [Real-Time Single "
    "Image and Video Super-Resolution](https://arxiv.org/abs/1609.05158), 2016. Lim et al., [Enhanced Deep "
    "Residual Networks for Single Image Super-Resolution](https://arxiv.org/abs/1707.02921), 2017."
)


_BEYOND = " Right of the dashed line are those that the small picture cannot hold."


def explain(made: Made | None) -> None:
    """The folded section; with a result, drawn from its own pixels."""
    parts = (
        (st.markdown, _WHAT),
        (st.latex, _FORMULA),
        (st.markdown, _SHUFFLE),
        (st.markdown, _CLEANING),
        (st.caption, _PAPERS),
    )
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _of_this_run(made))


def _of_this_run(made: Made | None) -> None:
    if made is None:
        st.caption("Once there is a result, its waves and what the network added are drawn here.")
        return
    found = made.compared()
    st.altair_chart(_waves(found), width="stretch")
    st.caption(
        "How strong the waves of each length are, in the middle of this result."
        + (_BEYOND if found.scale > 1 else "")
    )
    st.image(_added(found), width="stretch", alt="What the networks changed")
    st.caption(f"What the networks changed, {MAGNIFIED} times as strong: grey where that is nothing.")
    if {"psnr", "bicubic_psnr"} <= made.figures.keys():
        _near(made.figures["psnr"], made.figures["bicubic_psnr"], found.scale)


def _near(psnr: float, plain: float, scale: int) -> None:
    left, right = st.columns(2, wrap=False)
    left.metric("PSNR of the network", f"{psnr:.2f} dB", f"{psnr - plain:+.2f} dB")
    right.metric("PSNR of bicubic", f"{plain:.2f} dB")
    st.caption(
        f"How near each comes to this very photo, once its middle is shrunk {scale} times and enlarged "
        "again. Three decibels more is half the mean squared error, and six are half the error itself."
    )


def _added(found: Compared) -> np.ndarray:
    return np.rint(np.clip(128 + MAGNIFIED * found.added, 0, 255)).astype("uint8")


def _waves(found: Compared) -> Any:
    import altair as alt

    rows = [
        {"waves a pixel": round(float(at), 4), "what": what, "dB": round(float(power), 2)}
        for what, light in (("bicubic" if found.scale > 1 else "before", found.plain), ("result", found.made))
        for at, power in zip(*spectrum(light), strict=True)
        if np.isfinite(power)
    ]
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("waves a pixel:Q", title="waves a pixel", axis=alt.Axis(grid=False)),
            y=alt.Y("dB:Q", title="dB"),
            color=alt.Color("what:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("what:N", title=None),
        )
    )
    limit = alt.Chart(alt.Data(values=[{"at": 0.5 / found.scale}])).mark_rule(strokeDash=[4, 4])
    return (lines + limit.encode(x="at:Q")).properties(height=240)
