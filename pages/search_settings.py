"""Search: many short trainings with different settings, or pictures compared by eye, to find the best."""

import streamlit as st

from pages import parts
from pages.search import input_form, trials, under_the_hood
from pages.search.by_eye import beliefs, pair_form, pairs, session
from pages.widgets import weight_downloads
from studio.search.task import weights_of

BY_FIGURES = (
    "Choose what varies and press Search: each training appears here as a line, poor ones are stopped early, "
    "and the best model can be kept."
)
BY_EYE = (
    "Some things only your eye can judge. Press Start: two pictures at a time appear here, you pick the one "
    "you like better, and after thirty comparisons at most the best settings are found."
)

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Search", anchor=False)
    by_eye = session.judges()
    form = st.container()  # so that the link to the stage stands below it
with right:
    stage = parts.stage(left)

if not by_eye:
    with form:
        settings, inputs = input_form.ask()
    with left:  # below the link to the stage, which would cover the button
        wanted = settings is not None and parts.start_button(":material/search_insights:", "Search")
    with stage:
        if wanted and settings is not None:
            parts.start(trials.TASK, settings, inputs)
        job = trials.show(inputs)
        if job is None:
            st.info(
                BY_FIGURES + (input_form.cost_in_words(settings, inputs) if settings else ""),
                icon=":material/search_insights:",
            )
            if settings:
                weight_downloads.first_run(weights_of(settings))
    parts.recent(trials.TASK)
    under_the_hood.explain(job)
else:
    with stage:
        taste = session.find()
    with form:
        if taste is not None:
            session.show_search(taste)
        else:
            question = pair_form.ask()
            with left:
                wanted = question is not None and parts.start_button(":material/compare:")
            if wanted and question is not None:
                session.begin(question)
    with stage:
        if taste is None:
            st.info(BY_EYE, icon=":material/compare:")
            session.resume()
    beliefs.explain(taste.kind if taste else None, session.so_far(taste) if taste else None)
    if taste is not None:  # last, so that all else is there while the pictures are made
        with stage:
            pairs.compare(taste)
