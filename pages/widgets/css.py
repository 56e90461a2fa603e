"""What all pages share beyond the theme: their style sheet, and the places of the result and of progress."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.widgets import assets

MARK = str(Path(__file__).parents[1] / "images" / "mark.svg")


def stage(form: DeltaGenerator) -> DeltaGenerator:
    """The place of the result. On a phone it lies below a long form, along which a link to it stays in sight.

    Args:
        form: the place of the form.
    """
    form.html('<a class="to-stage" href="#result">See the result</a>')
    st.html('<span id="result"></span>')
    return st.container(key="stage")


def working() -> DeltaGenerator:
    """The place of what works: first how far it is and what ends it, then a preview.

    The preview is made so small that all of it is in sight, and on a phone it stays above the form.
    """
    return st.container(key="working", gap="small")


def look() -> None:
    """Applies what all pages share beyond the theme."""
    st.html(assets.style(__file__, "all_pages.css"))
