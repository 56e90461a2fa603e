"""The frame around every page: the navigation, the look and the job panel of jobs."""

import streamlit as st

from pages import parts
from pages.guide import index as guide
from pages.jobs import navigation, refill
from pages.widgets import browser_history, words
from studio.core.errors import StudioError
from studio.engine import quotas

st.set_page_config(page_title="Creative AI Studio", page_icon=parts.MARK, layout="wide")
st.logo(parts.MARK, size="large")
pages = {
    group: [
        st.Page(
            place.file, title=place.title, icon=place.icon, url_path=place.address, default=not place.address
        )
        for place in places
    ]
    for group, places in navigation.groups().items()
}
chosen = st.navigation(pages, expanded=True)
parts.start_again_for_another()
parts.look()
browser_history.follow()
quotas.note_visit(parts.owner(), new=False)
with st.sidebar:
    if chosen.title != "Guide":
        guide.link(chosen.title)
    parts.job_panel()
navigation.leave(chosen.url_path)
navigation.arrive(chosen.url_path)
navigation.tidy(chosen.url_path)
refill.follow_link()
try:
    chosen.run()
except StudioError as error:
    st.error(words.plain(str(error)), icon=":material/error:")
