"""Health: the installation, the engine, the downloaded weights and the free disk space."""

import streamlit as st

from pages import parts
from pages.health import facts
from pages.widgets import weight_downloads
from pages.widgets.owners import LOCAL

st.title("Health", anchor=False)
st.caption("Shows what is installed, and how to fix what is missing.")
left, right = st.columns(2, gap="large")
with left:
    st.subheader("This machine", anchor=False)
    facts.show_engine_status()
    if parts.get_owner() == LOCAL:  # Visitors must not see hardware and paths.
        facts.show_machine()
        facts.show_home()
with right:
    weight_downloads.show_all()
