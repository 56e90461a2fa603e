"""Guide: the documentation, available offline."""

import streamlit as st

from pages.guide import documents, index
from pages.widgets import browser_images

left, right = st.columns([3, 11], gap="large")
with left:
    st.title("Guide", anchor=False)
    st.caption("The documentation of the studio. It works without an internet connection.")
    name = index.choose()
with right, st.container(width=880):
    for piece in documents.read_parts(name):
        if isinstance(piece, documents.Image):
            browser_images.show_with_caption(piece.path, caption=piece.caption)
        else:
            st.markdown(piece, unsafe_allow_html=True)  # Safe: the text is our own.
