"""Starting the same job twice asks for confirmation."""

from __future__ import annotations

import pytest

from ..elements import list_button_labels, press_button

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


def page_of_dream():
    import streamlit as st

    from pages import parts
    from pages.form import samples
    from studio.dream.settings import DreamSettings

    settings = parts.ask_settings(DreamSettings)
    if parts.show_start_button(":material/bedtime:") and settings is not None:
        parts.start("dream.ascend", settings, {"content": [samples.list_photos()[0].get_file()]})
    st.session_state["settings"] = settings


def is_asking(page, question=QUESTION) -> bool:
    return any(line.value == question for line in page.markdown)


@pytest.fixture
def list_unfinished(engine, until):
    """Lists the ids of unfinished jobs; ends them after the test."""

    def list_unfinished():
        return [job.id for job in engine.list_jobs() if not job.finished]

    yield list_unfinished
    for id in list_unfinished():
        engine.cancel(id)
    until(lambda: not list_unfinished())


@pytest.mark.slow
def test_identical_job_is_started_only_after_a_question(draw, engine, list_unfinished, until):
    page = press_button(draw(page_of_start, steps=100_000), "Start")
    [first] = list_unfinished()
    assert not is_asking(page)
    until(lambda: engine.find_job(first).state == "running")

    page = press_button(page, "Start")
    assert not page.exception and is_asking(page) and list_unfinished() == [first]
    assert {"Show it", "Start it again"} <= set(list_button_labels(page))
    page.run()
    assert not is_asking(page), "no answer starts nothing"


@pytest.mark.slow
def test_question_stays_until_it_is_answered(visit, engine, chores, list_unfinished):
    # The dream waits behind it.
    engine.submit("chores.do", chores.ChoreSettings(steps=100_000, pause=0.02), {})
    question = "Start the job again? Only the seed would differ."
    page = press_button(visit("dream"), "Start")
    assert not is_asking(page, question)
    page = press_button(page, "Start").run()
    assert is_asking(page, question), "a run for another reason"
    page = press_button(page, "Show it")
    assert not is_asking(page.run(), question)
    page = press_button(page, "Start")
    assert is_asking(page, question) and len(list_unfinished()) == 2
    assert not is_asking(page.switch_page("xray_photo.py").run(), question)
    assert not is_asking(page.switch_page("dream_photo.py").run(), question), "it was dropped"


@pytest.mark.slow
def test_identical_batch_asks_only_if_all_jobs_exist(draw, list_unfinished):
    page = press_button(draw(page_of_start, steps=100_000, shades=(1, 2)), "Start all")
    assert not is_asking(page) and len(list_unfinished()) == 2
    assert is_asking(press_button(page, "Start all")) and len(list_unfinished()) == 2
    more = press_button(draw(page_of_start, steps=100_000, shades=(1, 2, 3)), "Start all")
    assert not is_asking(more) and len(list_unfinished()) == 5


@pytest.mark.slow
def test_start_that_differs_only_in_its_drawn_seed_asks(draw, engine, chores, list_unfinished):
    engine.submit("chores.do", chores.ChoreSettings(steps=100_000, pause=0.02), {})  # dreams wait behind it
    page = press_button(draw(page_of_dream), "Start")
    assert len(list_unfinished()) == 2 and not is_asking(page)
    seed = engine.list_jobs()[0].settings["seed"]
    page = press_button(page, "Start")
    assert is_asking(page, "Start the job again? Only the seed would differ.")
    assert page.number_input(key="seed").value != seed and len(list_unfinished()) == 2
    page = press_button(page, "Show it")
    assert page.number_input(key="seed").value == seed, "the form shows the seed of the job"
    page.number_input(key="seed").set_value(5).run()
    press_button(page, "Start")
    assert len(list_unfinished()) == 3, "a chosen seed is another job"
