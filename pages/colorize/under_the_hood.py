"""Under the hood of Colorize: the confidence of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import assets, under_the_hood


def explain(figures: Mapping[str, Any] | None) -> None:
    """Draws the folded section, with the figures of a result if there is one."""
    under_the_hood.show_section(lambda: _draw_confidence(figures), assets.read(__file__, "under_the_hood.md"))


def _draw_confidence(figures: Mapping[str, Any] | None) -> None:
    if not figures or "sure" not in figures:
        st.caption("Once there is a result, the confidence of the network appears here.")
        return
    st.image(
        render_confidence_map(figures["sure"]), width="stretch", alt="Confidence of the network at each place"
    )
    st.caption(
        "Confidence of the network: white where one color has nearly all of the probability, dark where many "
        "colors share it. A dark area is a guess, and other colorings differ most there."
    )
    left, right = st.columns(2, wrap=False)
    left.metric("Mean confidence", f"{np.mean(figures['sure']):.0f}%")
    right.metric(
        "Colorfulness",
        f"{figures['colorfulness']:.0f}",
        help="Mean distance of the colors from gray; higher is more colorful",
    )


def render_confidence_map(percentages: list[list[int]]) -> np.ndarray:
    """Returns the confidence map of a run as an enlarged gray image, `(H, W) uint8`.

    Args:
        percentages: confidence at each position of the network's output, 0 to 100.
    """
    small = np.asarray(percentages, "float32")
    small = np.rint(255 * np.clip(small / 100, 0, 1)).astype("uint8")
    height, width = (16 * side for side in small.shape)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
