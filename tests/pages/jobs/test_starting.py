"""Starting the same job twice asks for confirmation."""

from __future__ import annotations

import pytest

QUESTION = "Start the job again? The result would be the same."


def page_of_start(steps, shades=()):
    import streamlit as st
    from chores import ChoreSettings

    from pages import parts

    if st.button("Start"):
        parts.start("chores.do", ChoreSettings(steps=steps, pause=0.02, shade=33), {})
    if st.button("Start all"):
        several = [(ChoreSettings(steps=steps, pause=0.02, shade=shade), {}) for shade in shades]
        parts.start_all("chores.do", several)


def press(page, label):
    return next(button for button in page.button if button.label == label).click().run()


def asks(page) -> bool:
    return any(line.value == QUESTION for line in page.markdown)


@pytest.fixture
def unfinished(engine, until):
    """Lists the ids of unfinished jobs; ends them after the test."""

    def unfinished():
        return [job.id for job in engine.jobs() if not job.finished]

    yield unfinished
    for id in unfinished():
        engine.cancel(id)
    until(lambda: not unfinished())


@pytest.mark.slow
def test_the_same_job_is_not_started_again_without_a_question(draw, engine, unfinished, until):
    page = press(draw(page_of_start, steps=100_000), "Start")
    [first] = unfinished()
    assert not asks(page)
    until(lambda: engine.job(first).state == "running")

    page = press(page, "Start")
    assert not page.exception and asks(page) and unfinished() == [first]
    assert {"Show it", "Start it again"} <= {button.label for button in page.button}
    page.run()
    assert not asks(page), "no answer starts nothing"


@pytest.mark.slow
def test_a_batch_is_asked_about_only_if_all_of_it_is_there(draw, unfinished):
    page = press(draw(page_of_start, steps=100_000, shades=(1, 2)), "Start all")
    assert not asks(page) and len(unfinished()) == 2
    assert asks(press(page, "Start all")) and len(unfinished()) == 2
    more = press(draw(page_of_start, steps=100_000, shades=(1, 2, 3)), "Start all")
    assert not asks(more) and len(unfinished()) == 5
