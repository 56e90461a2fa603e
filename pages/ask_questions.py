"""Questions about neural networks, each with a link to the page that shows the answer."""

import streamlit as st

from pages import parts
from pages.questions import questions

st.title("Questions", anchor=False)
st.markdown(
    "Each question opens a page with its settings filled in, and says what to change. Everything there is "
    "live and works with your own photo, text or images."
)
query = st.text_input(
    "Find",
    placeholder="Find, e.g. dropout",
    max_chars=questions.MAX_QUERY_CHARACTERS,
    key="find",
    bind="query-params",
    label_visibility="collapsed",
)
subject = st.pills(
    "Subject",
    list(questions.load_subjects()),
    key="subject",
    bind="query-params",
    label_visibility="collapsed",
)
pages = {page.address: page for page in parts.PAGES}
matches = {
    name: [topic for topic in topics if topic.matches(query)]
    for name, topics in questions.load_subjects().items()
    if subject in (None, name)
}
for name, topics in matches.items():
    if topics:
        st.subheader(name, anchor=False)
    grid = st.grid(2, min_column_width=320)
    for topic in topics:
        with grid.cell():
            if topic.page is None:
                st.markdown(f":small[:material/hourglass_empty: &ensp;{topic.question}]")
                st.caption(f"{topic.answer} *The studio does not show this yet.*")
            else:
                page = pages[topic.page]
                st.page_link(page.file, label=topic.question, icon=page.icon, query_params=topic.address)
                st.caption(f"{topic.answer} **On {page.title}:** {topic.advice}")
if not any(matches.values()):
    st.info("No questions match. Try a single word, such as gradient.", icon=":material/search:")
