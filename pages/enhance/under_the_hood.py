"""Under the hood of Enhance: the power spectrum, what the networks changed, and the PSNR."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from pages.enhance.enhanced_image import EnhancedImage
from pages.widgets import assets, curves, under_the_hood
from studio.enhance.comparison import Comparison, compute_spectrum

AMPLIFICATION = 6  # times
_NYQUIST_NOTE = " Frequencies to the right of the dashed line are above the Nyquist limit of the small image."


def explain(image: EnhancedImage | None) -> None:
    """Draws the folded section, with charts of the result if there is one."""
    under_the_hood.show_section(lambda: _draw_result(image), assets.read(__file__, "under_the_hood.md"))


def _draw_result(image: EnhancedImage | None) -> None:
    if image is None:
        st.caption("Once there is a result, its spectrum and the detail that the network added appear here.")
        return
    comparison = image.compare()
    st.altair_chart(_build_spectrum_chart(comparison), width="stretch")
    st.caption(
        "Power spectrum of the center of this result." + (_NYQUIST_NOTE if comparison.scale > 1 else "")
    )
    st.image(_render_residual(comparison), width="stretch", alt="What the networks changed")
    st.caption(f"What the networks changed, amplified {AMPLIFICATION} times. Gray means no change.")
    if {"psnr", "bicubic_psnr"} <= image.figures.keys():
        _draw_psnr(image.figures["psnr"], image.figures["bicubic_psnr"], comparison.scale)


def _draw_psnr(psnr: float, bicubic: float, scale: float) -> None:
    left, right = st.columns(2, wrap=False)
    left.metric("PSNR of the network", f"{psnr:.2f} dB", f"{psnr - bicubic:+.2f} dB")
    right.metric("PSNR of bicubic", f"{bicubic:.2f} dB")
    st.caption(
        f"PSNR against your own photo: its center is downscaled {math.ceil(scale)} times and upscaled again. "
        "Three dB more halve the mean squared error; six halve the error itself."
    )


def _render_residual(comparison: Comparison) -> np.ndarray:
    return np.rint(np.clip(128 + AMPLIFICATION * comparison.residual, 0, 255)).astype("uint8")


def _build_spectrum_chart(comparison: Comparison) -> Any:
    import altair as alt

    rows = [
        {"frequency": round(float(frequency), 4), "what": label, "dB": round(float(power), 2)}
        for label, light in (
            ("bicubic" if comparison.scale > 1 else "before", comparison.plain),
            ("result", comparison.result),
        )
        for frequency, power in zip(*compute_spectrum(light), strict=True)
        if np.isfinite(power)
    ]
    lines = curves.build_lines(
        rows, "frequency", "dB", "what", x_title="Frequency (cycles per pixel)", y_title="dB"
    )
    limit = alt.Chart(alt.Data(values=[{"at": 0.5 / comparison.scale}])).mark_rule(strokeDash=[4, 4])
    return lines + limit.encode(x="at:Q")
