"""Questions about neural networks, each with a link to the page that shows the answer."""

import streamlit as st

from pages import parts
from pages.questions import topics

st.title("Questions", anchor=False)
st.markdown(
    "Each question opens a page with its settings filled in, and says what to change. Everything there is "
    "live and works with your own photo, text or images."
)
wanted = st.text_input(
    "Find", placeholder="Find, e.g. dropout", key="find", bind="query-params", label_visibility="collapsed"
)
subject = st.pills(
    "Subject", list(topics.subjects()), key="subject", bind="query-params", label_visibility="collapsed"
)
places = {place.address: place for place in parts.PLACES}
found = {
    name: [topic for topic in asked if topic.has(wanted)]
    for name, asked in topics.subjects().items()
    if subject in (None, name)
}
for name, asked in found.items():
    if asked:
        st.subheader(name, anchor=False)
    grid = st.grid(2, min_column_width=320)
    for topic in asked:
        with grid.cell():
            if topic.page is None:
                st.markdown(f":small[:material/hourglass_empty: &ensp;{topic.question}]")
                st.caption(f"{topic.answer} *The studio does not show this yet.*")
            else:
                place = places[topic.page]
                st.page_link(place.file, label=topic.question, icon=place.icon, query_params=topic.address)
                st.caption(f"{topic.answer} **On {place.title}:** {topic.move}")
if not any(found.values()):
    st.info("No questions match. Try a single word, such as gradient.", icon=":material/search:")
