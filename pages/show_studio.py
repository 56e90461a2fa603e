"""Studio: the home page, with what the studio made, what is under way, and one click to begin."""

import streamlit as st

from pages import parts
from pages.home import tiles, under_the_hood
from pages.widgets import weight_downloads

st.title("Creative AI Studio", anchor=False)
st.markdown(
    "Paint a photo in the look of any picture, let a network dream into it, have one write on from your "
    "words, draw faces, or learn to tell pictures apart, all on your own machine. Choose a tile to begin."
)
tiles.made_here()
parts.recent(title="Your recent work")
weight_downloads.first_run(
    [name for place in parts.PLACES for name in place.needs],
    at_once="House styles, texts, digits and faces are here already. ",
)
under_the_hood.explain()
