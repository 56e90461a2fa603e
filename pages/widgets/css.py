"""The style sheet of all pages, and their containers for the result and for progress."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.widgets import assets

LOGO = str(Path(__file__).parents[1] / "images" / "mark.svg")


def create_stage(form_area: DeltaGenerator) -> DeltaGenerator:
    """Creates the container of the result. On a phone, a link below the form leads to it.

    Args:
        form_area: container of the form.
    """
    form_area.html('<a class="to-stage" href="#result">See the result</a>')
    st.html('<span id="result"></span>')
    return st.container(key="stage")


def create_progress_area() -> DeltaGenerator:
    """Creates the container of a running job, for the progress and Stop, then a preview.

    The style sheet keeps the preview small enough to be visible as a whole, and above the form on a phone.
    """
    return st.container(key="working", gap="small")


def scroll_to(selector: str) -> None:
    """On a phone, scrolls to an element once the page's run has ended.

    Args:
        selector: CSS selector of the element.
    """
    assets.run_script(__file__, "scroll_to.js", selector=selector)


def apply_css() -> None:
    """Adds the style sheet of all pages."""
    st.html(assets.render_style(__file__, "all_pages.css"))
