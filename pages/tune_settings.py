"""Tune: hyperparameter search over many short training runs, or by preference between two images."""

import streamlit as st

from pages import parts
from pages.form import problems
from pages.tune import input_form, trials, under_the_hood
from pages.tune.by_preference import pair_form, pairs, posterior, session
from pages.widgets import weight_downloads
from studio.tune.task import list_needed_weights

BY_METRIC_HELP = (
    "Choose the search space and press Tune. Each trial appears here as a line, weak trials are stopped "
    "early, and you can keep the best model."
)
BY_PREFERENCE_HELP = (
    "No metric knows which image you like better. Press Start: two images at a time appear here, and you "
    "pick the better one. The search takes at most thirty comparisons."
)

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Tune", anchor=False)
    is_by_preference = session.ask_by_preference()
    form = st.container()  # Keeps the link to the stage below the form.
with right:
    stage = parts.create_stage(left)

if not is_by_preference:
    with form:
        settings, inputs = input_form.ask()
    with left:  # Below the link to the stage, which would cover the button.
        is_ready = settings is not None
        start_clicked = parts.show_start_button(":material/search_insights:", "Tune", is_ready)
    with stage:
        if start_clicked and settings is not None:
            parts.start(trials.TASK, settings, inputs)
        job = trials.show(inputs)
        if job is None and not inputs:
            problems.show_missing()
        elif job is None:
            st.info(
                BY_METRIC_HELP + (input_form.describe_cost(settings, inputs) if settings else ""),
                icon=":material/search_insights:",
            )
            if settings:
                weight_downloads.announce_downloads(list_needed_weights(settings))
    parts.show_recent(trials.TASK)
    under_the_hood.explain(job)
else:
    with stage:
        search = session.find_search()
    with form:
        if search is not None:
            session.show_search(search)
        else:
            question = pair_form.ask()
            with left:
                start_clicked = parts.show_start_button(":material/compare:", is_ready=question is not None)
            if start_clicked and question is not None:
                session.start_search(question)
    with stage:
        if search is None:
            st.info(BY_PREFERENCE_HELP, icon=":material/compare:")
            session.show_recent_searches()
    posterior.explain(search)
    if search is not None:  # Last, because images take time and the rest should show first.
        with stage:
            pairs.show_comparison(search)
