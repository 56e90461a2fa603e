"""Studio: the home page, with examples that open a page and the user's recent work."""

import streamlit as st

from pages import parts
from pages.home import first_photo, tiles, under_the_hood
from pages.widgets import weight_downloads

st.title("Creative AI Studio", anchor=False)
st.markdown(
    "Restyle a photo with any painting, run DeepDream, generate text and faces, or train an image "
    "classifier, all on your own computer. Drop a photo to see what the studio makes of it, or pick an "
    "example."
)
photo = first_photo.ask()
with st.container():  # Also without a photo: else the tiles would move, and show twice meanwhile.
    places = first_photo.draw_places(photo) if photo else []
tiles.show()
parts.show_recent(title="Your recent work")
weight_downloads.announce_downloads(
    [name for page in parts.PAGES for name in page.needs],
    note="House styles, texts, digits and faces need no download. ",
)
under_the_hood.explain()
if photo:
    first_photo.fill(places, photo)  # Last, because it takes time and the rest should show first.
