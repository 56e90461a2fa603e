"""The user's doodles, which replace the digits as training data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from studio.core import amounts
from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs

_KEY = "lab_doodles"
MAX_DOODLES = 40  # doodles


def get_inputs() -> Inputs:
    """Returns the doodles as a task input; empty to train on digits."""
    files = [file for file in st.session_state.get(_KEY, []) if file.is_available]
    return {"doodles": files} if files else {}


def add(drawing: np.ndarray) -> None:
    """Adds a drawing, `(H, W, 3) uint8`, to the training data."""
    file = File.store(image_io.encode_png(drawing), "image", "doodle.png")
    files = st.session_state.setdefault(_KEY, [])
    if file not in files and len(files) < MAX_DOODLES:
        st.session_state[_KEY] = [*files, file]


def select(files: Sequence[File]) -> None:
    """Makes these doodles the training data; without any, digits are. Call it from a callback."""
    st.session_state[_KEY] = list(files)


def show_training_data() -> None:
    """Shows the number of doodles, if any, and offers to train on digits again."""
    count = len(get_inputs().get("doodles", ()))
    if not count:
        return
    st.caption(f"Training data: {amounts.format_count(count, 'doodle')} of yours, each in many variants.")
    st.button(
        "Train on digits again", icon=":material/restart_alt:", type="tertiary", on_click=select, args=([],)
    )
