"""Under the hood of Chain: the recipe whose steps are repeated."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.widgets import assets, under_the_hood
from studio.core import recipes
from studio.core.errors import StudioError
from studio.core.tasks import File


def explain(like: File) -> None:
    """Draws the folded section with the recipe of a result."""
    under_the_hood.show_section(lambda: _show_recipe(like), assets.read(__file__, "under_the_hood.md"))


def _show_recipe(like: File) -> None:
    with suppress(StudioError, OSError):
        st.caption("The recipe of the chosen result:")
        st.json(
            recipes.read(like.read()).model_dump(mode="json", exclude={"versions", "machine"}), expanded=3
        )
