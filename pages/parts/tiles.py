"""The tiles of the home page: pictures that the studio made itself."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

SHIPPED = Path(__file__).parent / "pictures"


def made_here() -> None:
    """Pictures made by the studio, each with a button that opens the page with the same settings."""
    made = json.loads((SHIPPED / "tiles.json").read_text())
    grid = st.grid(4, min_column_width=220)
    with st.container(key="tiles"):
        for tile in made:
            with grid.cell():
                st.image(
                    str(SHIPPED / tile["file"]), width="stretch", alt=tile["alt"], caption=tile["caption"]
                )
                if st.button("Try it", key=f"tile_{tile['file']}", icon=":material/arrow_forward:"):
                    st.switch_page(tile["page"], query_params=tile["settings"])


def layer_by_layer() -> None:
    """Under the hood: what a network sees of a picture, layer by layer."""
