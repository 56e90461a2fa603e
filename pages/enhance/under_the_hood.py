"""Under the hood of enhancing: which frequencies came back, what the network adds, how near it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.enhance.made import Made
from pages.widgets import assets, under_the_hood
from studio.enhance.comparison import Compared, spectrum

MAGNIFIED = 6  # times


_BEYOND = " Frequencies to the right of the dashed line are above the Nyquist limit of the small image."


def explain(made: Made | None) -> None:
    """The folded section; with a result, drawn from its own pixels."""
    under_the_hood.show(lambda: _of_this_run(made), assets.read(__file__, "under_the_hood.md"))


def _of_this_run(made: Made | None) -> None:
    if made is None:
        st.caption("Once there is a result, its spectrum and the detail that the network added appear here.")
        return
    found = made.compared()
    st.altair_chart(_waves(found), width="stretch")
    st.caption("Power spectrum of the center of this result." + (_BEYOND if found.scale > 1 else ""))
    st.image(_added(found), width="stretch", alt="What the networks changed")
    st.caption(f"What the networks changed, amplified {MAGNIFIED} times. Gray means no change.")
    if {"psnr", "bicubic_psnr"} <= made.figures.keys():
        _near(made.figures["psnr"], made.figures["bicubic_psnr"], found.scale)


def _near(psnr: float, plain: float, scale: int) -> None:
    left, right = st.columns(2, wrap=False)
    left.metric("PSNR of the network", f"{psnr:.2f} dB", f"{psnr - plain:+.2f} dB")
    right.metric("PSNR of bicubic", f"{plain:.2f} dB")
    st.caption(
        f"PSNR against your own photo: its center is downscaled {scale} times and upscaled again. Three dB "
        "more halve the mean squared error; six halve the error itself."
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
            x=alt.X("waves a pixel:Q", title="Frequency (cycles per pixel)", axis=alt.Axis(grid=False)),
            y=alt.Y("dB:Q", title="dB"),
            color=alt.Color("what:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("what:N", title=None),
        )
    )
    limit = alt.Chart(alt.Data(values=[{"at": 0.5 / found.scale}])).mark_rule(strokeDash=[4, 4])
    return (lines + limit.encode(x="at:Q")).properties(height=240)
