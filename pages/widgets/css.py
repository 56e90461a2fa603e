"""The style sheet of all pages, and their containers for the result and for progress."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.widgets import assets

MARK = str(Path(__file__).parents[1] / "images" / "mark.svg")


def stage(form: DeltaGenerator) -> DeltaGenerator:
    """Returns the container of the result. On a phone, a link below the form leads to it.

    Args:
        form: container of the form.
    """
    form.html('<a class="to-stage" href="#result">See the result</a>')
    st.html('<span id="result"></span>')
    return st.container(key="stage")


def working() -> DeltaGenerator:
    """Returns the container of a running job: progress and Stop first, then a preview.

    The style sheet keeps the preview small enough to be visible as a whole, and above the form on a phone.
    """
    return st.container(key="working", gap="small")


def apply_css() -> None:
    """Adds the style sheet of all pages."""
    st.html(assets.style(__file__, "all_pages.css"))
