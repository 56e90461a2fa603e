"""Search: many short trainings with different settings, of which the best model is kept."""

import streamlit as st

from pages import parts
from pages.parts import sampler, searches, trials

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Search", anchor=False)
    settings, inputs = searches.ask()
    wanted = settings is not None and parts.start_button(":material/search_insights:", "Search")
with right:
    stage = st.container(key="stage")
with stage:
    if wanted:
        parts.start(trials.TASK, settings, inputs)
    job = trials.show()
    if job is None:
        st.info(
            "Choose what varies and press Search: each training appears here as a line, poor ones are "
            "stopped early, and the best model can be kept.",
            icon=":material/search_insights:",
        )
parts.recent(trials.TASK)
sampler.explain(job)
