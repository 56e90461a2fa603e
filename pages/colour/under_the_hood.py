"""Under the hood of colouring: how sure the network was, and which colours it chose among."""

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
        st.caption("Once there is a result, what the network was sure of is drawn here.")
        return
    st.image(sure_map(figures["sure"]), width="stretch", alt="How sure the network was, place by place")
    st.caption(
        "How sure the network was: white where hardly more than one colour came into question, dark where "
        "many did. A dark place is a guess, and another colouring will differ most there."
    )
    left, right = st.columns(2, wrap=False)
    left.metric("Sure, in the mean", f"{np.mean(figures['sure']):.0f} %")
    right.metric("Colourfulness", f"{figures['colourfulness']:.0f}", help="The mean distance from grey")


def sure_map(sure: list[list[int]]) -> np.ndarray:
    """`(H, W) uint8`, large enough to look at, of the per cents that a run gave."""
    small = np.asarray(sure, "float32")
    small = np.rint(255 * np.clip(small / 100, 0, 1)).astype("uint8")
    height, width = (16 * side for side in small.shape)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
