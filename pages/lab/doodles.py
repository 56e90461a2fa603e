"""The user's doodles, which replace the digits as training data."""

from __future__ import annotations

import numpy as np
import streamlit as st

from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs

_DOODLES = "lab_doodles"
MOST = 40


def inputs() -> Inputs:
    """What is learned: the doodles there are; nothing for digits."""
    found = [file for file in st.session_state.get(_DOODLES, []) if file.here]
    return {"doodles": found} if found else {}


def add(drawn: np.ndarray) -> None:
    """Adds what is on the canvas, `(H, W, 3) uint8`."""
    file = File.keep(image_io.encode_png(drawn), "image", "doodle.png")
    known = st.session_state.setdefault(_DOODLES, [])
    if file not in known and len(known) < MOST:
        st.session_state[_DOODLES] = [*known, file]


def tell() -> None:
    """Says what is learned, and offers digits again where it is doodles."""
    count = len(inputs().get("doodles", ()))
    if not count:
        return
    st.caption(f"Training data: {count} doodle{'' if count == 1 else 's'} of yours, each in many variants.")
    st.button("Train on digits again", icon=":material/restart_alt:", type="tertiary", on_click=_forget)


def _forget() -> None:
    st.session_state[_DOODLES] = []
