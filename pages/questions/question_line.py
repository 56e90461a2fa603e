"""The question that led to a page: it sets up the form, and is shown above the page with its advice."""

from __future__ import annotations

import streamlit as st

from pages.form import forms
from pages.jobs import navigation
from pages.questions import questions
from pages.questions.questions import Topic
from pages.widgets import browser_history
from studio.core import tasks


def follow_link(page_address: str) -> None:
    """Prepares a page for the question in its address. Call it from the frame, before the page is drawn.

    The form gets the default of everything that the link does not name: the session would keep the values of
    the last visit.

    Args:
        page_address: address of the page.
    """
    if not navigation.came_from_elsewhere():
        return
    topic = _find_topic(page_address)
    forms.unfold(topic.settings if topic else (), topic.advice if topic else "")
    if topic and not browser_history.is_back_or_forward():
        for name in tasks.TASKS:
            if page_address == navigation.page_of(name).address:
                forms.drop_values(tasks.get(name).settings)
        for other in questions.list_topics():
            if other.page == page_address:
                for name in other.opens:
                    st.session_state.pop(name, None)


def show(page_address: str) -> None:
    """Shows the question of the address, until the user dismisses it. Call it from the frame.

    Args:
        page_address: address of the page.
    """
    if topic := _find_topic(page_address):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="question_line"):
            st.markdown(f"**{topic.question}** {topic.advice}", width="stretch")
            st.page_link("ask_questions.py", label="Questions", icon=":material/help:", width="content")
            st.button(
                "Dismiss",
                key="question_dismiss",
                icon=":material/close:",
                type="tertiary",
                on_click=_dismiss,
            )


def _dismiss() -> None:
    """Removes the question from the address. A callback."""
    st.query_params.pop(questions.PARAMETER, None)


def _find_topic(page_address: str) -> Topic | None:
    name = st.query_params.get(questions.PARAMETER)
    topics = (topic for topic in questions.list_topics() if topic.page == page_address)
    return next((topic for topic in topics if topic.name == name), None) if name else None
