"""Under the hood of coloring: how sure the network was, and which colors it chose among."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import assets, under_the_hood


def explain(figures: Mapping[str, Any] | None) -> None:
    """The folded section; with the figures of a result, drawn from its own numbers."""
    under_the_hood.show(lambda: _of_this_run(figures), assets.read(__file__, "under_the_hood.md"))


def _of_this_run(figures: Mapping[str, Any] | None) -> None:
    if not figures or "sure" not in figures:
        st.caption("Once there is a result, the confidence of the network appears here.")
        return
    st.image(sure_map(figures["sure"]), width="stretch", alt="Confidence of the network at each place")
    st.caption(
        "Confidence of the network: white where one color has nearly all of the probability, dark where many "
        "colors share it. A dark area is a guess, and other colorings differ most there."
    )
    left, right = st.columns(2, wrap=False)
    left.metric("Mean confidence", f"{np.mean(figures['sure']):.0f} %")
    right.metric(
        "Colorfulness", f"{figures['colorfulness']:.0f}", help="Mean distance of the colors from gray"
    )


def sure_map(sure: list[list[int]]) -> np.ndarray:
    """`(H, W) uint8`, large enough to look at, of the per cents that a run gave."""
    small = np.asarray(sure, "float32")
    small = np.rint(255 * np.clip(small / 100, 0, 1)).astype("uint8")
    height, width = (16 * side for side in small.shape)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
