"""Jobs on a page: progress, cancellation, results, recovery and privacy."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs import bar, job_panel
from studio.core import paths, recipes, tasks
from studio.core.imaging import image_io
from studio.core.progress import Report
from studio.core.tasks import File
from studio.engine.jobs import store
from studio.engine.jobs.parts import Request
from studio.gallery import export, items


def page_of_job(name):
    import streamlit as st

    from pages import parts
    from pages.jobs import navigation

    navigation.arrive(st.session_state.get("page", "here"))
    if name:
        st.query_params["job"] = name
    st.session_state["asked"] = st.session_state.get("asked", 1)
    job = parts.show_job("chores.do", st.session_state["asked"])
    st.session_state["shown"] = job is not None


@pytest.fixture
def submit(engine, chores):
    def submit(owner="local", **settings):
        return engine.submit("chores.do", chores.ChoreSettings(**settings), {}, owner)

    return submit


@pytest.fixture
def finished(engine, until, submit):
    def finished(owner="local", **settings):
        job = submit(owner, **settings)
        until(lambda: engine.job(job.id, owner).finished)
        return engine.job(job.id, owner)

    return finished


def labels(page):
    return [button.label for button in page.button]


@pytest.mark.slow
def test_a_working_job_shows_its_step_and_can_be_cancelled(draw, engine, submit, until):
    job = submit(steps=200, pause=0.05)
    until(lambda: engine.job(job.id).report and engine.job(job.id).report.step > 2)
    page = draw(page_of_job, name=job.id)
    assert not page.exception
    assert "of 200" in page.get("progress")[0].proto.text
    next(button for button in page.button if button.label == "Stop").click().run()
    until(lambda: engine.job(job.id).finished)
    page.run()
    assert "stopped early" in page.get("image")[0].proto.imgs[0].caption
    assert engine.job(job.id).result.stopped_early


@pytest.mark.slow
def test_a_cancelled_job_keeps_nothing_and_says_so(draw, engine, submit, until):
    job = submit(steps=200, pause=0.05)
    until(lambda: engine.job(job.id).report and engine.job(job.id).report.step > 2)
    page = draw(page_of_job, name=job.id)
    next(button for button in page.button if button.label == "Cancel").click().run()
    until(lambda: engine.job(job.id).finished)
    page.run()
    assert not page.exception and not page.get("image")
    assert engine.job(job.id).result is None
    assert [line.value for line in page.warning] and "Run again" in labels(page)


def page_of_errand(digest, steps):
    import streamlit as st
    from chores import ChoreSettings

    from pages.jobs import inline_jobs
    from studio.core.tasks import File

    inputs = {"image": [File(digest, "image", "a.png")] if digest else []}
    job = inline_jobs.inline_job(
        "chores.do", ChoreSettings(steps=steps, shade=88), inputs, "Do it", ":material/brush:"
    )
    st.session_state["done"] = job and job.id


@pytest.mark.slow
def test_a_small_job_is_found_again_after_a_reload_if_its_files_say_what_it_is(draw, engine, until, image):
    file = File.keep(image_io.encode_png(image), "image", "a.png")
    page = draw(page_of_errand, digest=file.digest, steps=3)
    page.button[0].click().run()
    until(lambda: page.run().session_state["done"])
    again = draw(page_of_errand, digest=file.digest, steps=3)
    assert again.session_state["done"] == page.session_state["done"]
    assert "Do it" in labels(draw(page_of_errand, digest=file.digest, steps=4)), "other settings"
    page = draw(page_of_errand, digest="", steps=3)
    page.button[0].click().run()
    until(lambda: page.run().session_state["done"])
    assert "Do it" in labels(draw(page_of_errand, digest="", steps=3)), "no files, so it may be stale"


def test_a_waiting_job_says_its_place(draw, engine, submit, until):
    first, second = submit(steps=100, pause=0.05), submit()
    until(lambda: engine.job(first.id).state == "running")
    page = draw(page_of_job, name=second.id)
    assert "number 1 in the queue" in page.get("progress")[0].proto.text
    engine.cancel(second.id)
    engine.cancel(first.id)
    until(lambda: engine.job(first.id).finished)


def test_what_waits_has_nothing_to_keep_and_can_only_be_cancelled(visit, draw, engine, submit, until):
    first, second = submit(steps=100_000, pause=0.02), submit()
    until(lambda: engine.job(first.id).state == "running")
    sidebar = visit("health").sidebar
    assert sidebar.button(key=f"job_panel_stop_{first.id}").label == "Stop"
    assert sidebar.button(key=f"job_panel_stop_{second.id}").label == "Cancel"
    page = draw(page_of_job, name=second.id)
    assert "Stop" not in labels(page)
    next(button for button in page.button if button.label == "Cancel").click().run()
    assert engine.job(second.id).state == "cancelled"
    engine.cancel(first.id)
    until(lambda: engine.job(first.id).finished)


def test_what_waits_is_moved_and_paused_in_the_job_panel(visit, engine, submit, until):
    from pages.jobs import steering

    running = submit(steps=100_000, pause=0.02)
    first, second = submit(), submit()
    until(lambda: engine.job(running.id).state == "running")
    steering.steer(second.id, steering.UP)
    steering.steer(first.id, steering.PAUSE)
    page = visit("health")
    assert not page.exception
    lines = [line.value for line in page.sidebar.markdown if line.value.startswith("**Chore**")][:3]
    assert "queue" not in lines[0] and "number 1 in the queue" in lines[1] and "paused" in lines[2]
    assert any(caption.help and "Jobs run in the order" in caption.help for caption in page.sidebar.caption)
    for job in (first, second, running):
        engine.cancel(job.id)
    until(lambda: engine.job(running.id).finished)


def test_a_batch_is_one_line_in_the_job_panel(visit, engine, chores, until):
    from pages.jobs import steering

    several = [chores.ChoreSettings(steps=steps, pause=0.02) for steps in (1, 100_000, 1)]
    jobs = [engine.submit("chores.do", settings, {}, batch="line") for settings in several]
    until(lambda: engine.job(jobs[1].id).state == "running")
    page = visit("health")
    lines = [line.value for line in page.sidebar.markdown if "of 3" in line.value]
    assert len(lines) == 1 and lines[0].startswith("**Chore** · 1 of 3 ·")
    assert "Stop all" in labels(page.sidebar)
    steering.stop_batch("line")
    until(lambda: engine.batch("line").ended == 3)


def test_a_finished_job_offers_what_can_be_done_with_it(draw, finished):
    job = finished(steps=3)
    page = draw(page_of_job, name=job.id)
    assert not page.exception
    assert {"Make again", "Close"} <= set(labels(page))
    download = page.get("download_button")[0]
    assert download.proto.label == "Download"
    assert any('"task": "chores.do"' in code.value for code in page.code)


def test_making_again_starts_a_job_with_the_same_settings(draw, engine, finished, until):
    job = finished(steps=4, shade=77)
    page = draw(page_of_job, name=job.id)
    next(button for button in page.button if button.label == "Make again").click().run()
    newest = engine.jobs()[0]
    assert newest.id != job.id
    assert newest.settings == job.settings
    until(lambda: engine.job(newest.id).finished)


def test_the_download_holds_the_recipe(finished):
    job = finished(steps=3, shade=9)
    assert recipes.read(job.result.files[0].read()).settings["shade"] == 9


def test_a_failed_job_says_why_and_can_be_run_again(draw, finished):
    page = draw(page_of_job, name=finished(do="refuse").id)
    assert "It is not to my taste" in page.error[0].value
    assert "Run again" in labels(page)


def test_a_job_that_is_no_longer_there_is_a_sentence(draw):
    page = draw(page_of_job, name="gone")
    assert not page.exception
    assert len(page.warning) == 1
    assert not page.session_state["shown"]


def test_a_job_of_another_version_is_a_sentence(draw, engine, finished, until):
    finished_job, old = finished(), store.new_id(1)
    request = Request.of(tasks.get("chores.do"), {"gone": 1}, {}, "local")
    store.write_finished(paths.folder("jobs") / old, request, finished_job.result, 1, 2)
    until(lambda: old in {job.id for job in engine.jobs(limit=1000)})
    page = draw(page_of_job, name=old)
    assert not page.exception
    assert "another version" in page.warning[0].value
    assert not page.session_state["shown"]


def test_anothers_job_cannot_be_seen(draw, finished):
    page = draw(page_of_job, name=finished("someone").id)
    assert len(page.warning) == 1
    assert not page.session_state["shown"]


def test_a_finished_job_gives_way_when_something_else_is_asked(draw, finished):
    page = draw(page_of_job, name=finished(steps=2).id)
    assert page.session_state["shown"]
    page.session_state["asked"] = 2
    page.run()
    assert not page.session_state["shown"]


def test_a_job_that_gave_way_is_shown_when_it_is_opened_again(draw, finished):
    page = draw(page_of_job, name=finished(steps=2).id)
    page.session_state["asked"] = 2
    assert not page.run().session_state["shown"]
    assert page.run().session_state["shown"]  # the script sets the name in the address again
    assert page.run().session_state["shown"]


def test_a_job_is_shown_after_a_visit_elsewhere_though_the_form_has_lost_something(draw, finished):
    page = draw(page_of_job, name=finished(steps=2).id)
    page.session_state["page"] = "another"
    page.session_state["asked"] = 2
    assert page.run().session_state["shown"]
    assert page.run().session_state["shown"]
    page.session_state["asked"] = 3
    assert not page.run().session_state["shown"]


@pytest.mark.slow
def test_what_was_asked_for_while_it_ran_takes_no_result_away(draw, submit, engine, until):
    job = submit(steps=20, pause=0.1)
    until(lambda: engine.job(job.id).state == "running")
    page = draw(page_of_job, name=job.id)
    page.session_state["asked"] = 2
    page.run()
    until(lambda: engine.job(job.id).finished)
    assert page.run().session_state["shown"]
    page.session_state["asked"] = 3
    assert not page.run().session_state["shown"]


def test_back_on_one_page_leads_away_from_a_job_but_a_visit_elsewhere_does_not(draw, finished):
    def page_without(here):
        import streamlit as st

        from pages import parts
        from pages.jobs import navigation

        navigation.arrive("another")
        if here:
            navigation.arrive("here")
        navigation.arrive("here")
        st.session_state["shown:chores"] = st.session_state["made"]
        st.session_state["shown"] = parts.show_job("chores.do", 1) is not None

    job = finished(steps=2)
    for here in (False, True):
        page = AppTest.from_function(page_without, args=(here,), default_timeout=60)
        page.session_state["made"] = job.id
        assert page.run().session_state["shown"] != here


def test_a_reload_finds_ones_own_image_and_nothing_else(home):
    def page_of_choice():
        import streamlit as st

        from pages import parts

        st.session_state["name"] = parts.image("content", "Content", parts.photos()).file().digest

    def visited(digest, title="Your photo"):
        page = AppTest.from_function(page_of_choice, default_timeout=60)
        page.query_params["content"], page.query_params["content.file"] = title, digest
        page.run()
        assert not page.exception
        return page.session_state["name"]

    mine = File.keep(image_io.encode_png(np.full((40, 60, 3), 9, "uint8")), "image", "mine.png")
    text = File.keep(b"no image", "text", "a.txt")
    assert visited(mine.digest) == visited(mine.digest, "Your photo 2") == mine.digest
    assert all(visited(other) not in (mine.digest, text.digest) for other in (text.digest, "0" * 64, "x"))


@pytest.mark.parametrize(
    "report, text",
    [
        (Report(0, 0), "Starting"),
        (Report(3, 10), "Step 3 of 10"),
        (Report(0, 3, text="Trial 1 of 3"), "Trial 1 of 3"),
        (Report(3, 10, text="What it writes is no stage. " * 9), "Step 3 of 10"),
        (Report(2_000_000, 8_000_000), "2 MB of 8 MB"),
    ],
)
def test_the_bar_names_the_stage_or_counts_steps_or_bytes(report, text):
    job = SimpleNamespace(state="running", place=0, report=report)
    share, label = bar.progress_and_label(job)
    assert text in label
    assert share == (report.step / report.total if report.total else 0)


@pytest.mark.parametrize(
    "report, text",
    [
        (Report(0, 0), "starting"),
        (Report(0, 3, text="Trial 1 of 3"), "Trial 1 of 3"),
        (Report(1, 3, text="Trial 2 of 3", seconds=20), "40 s left"),
        (
            Report(2_000_000, 8_000_000, text="Fetching VGG16 (8 MB)", seconds=2),
            "Fetching VGG16: 2 MB of 8 MB",
        ),
    ],
)
def test_the_job_panel_names_the_stage_until_the_time_left_is_known(report, text):
    assert job_panel._state(SimpleNamespace(state="running", report=report)) == text


def test_uses_of_a_result_reach_the_choices(draw, home):
    def page_of_use():
        import streamlit as st

        from pages import parts
        from pages.form import image_input

        content = parts.image("content", "Content", parts.photos())
        st.session_state["name"] = content.file().name
        st.button("Use", on_click=lambda: image_input.use("content", st.session_state["made"], "Your photo"))

    from pages.form import samples

    file = File.keep(samples.photos()[1].file().read(), "image", "made.png")
    page = AppTest.from_function(page_of_use, default_timeout=60)
    page.session_state["made"] = file
    page.run()
    page.button[-1].click().run()
    assert page.session_state["name"] == "made.png"


def test_one_of_a_batch_tells_of_the_others_and_all_are_saved_together(draw, engine, chores, until):
    several = [(chores.ChoreSettings(shade=shade), {}) for shade in (7, 8)]
    first, second = engine.submit_all("chores.do", several, "pair")
    until(lambda: engine.batch("pair").ended == 2)
    page = draw(page_of_job, name="")
    page.query_params["job"] = first.id
    page.run()
    assert any("**1** of 2" in line.value for line in page.markdown)
    assert page.button(key="batch_Previous").disabled
    assert "Save 2 as zip" in [element.proto.label for element in page.get("download_button")]
    page.button(key="batch_Next").click().run()
    assert not page.exception and page.query_params["job"] in (second.id, [second.id])
    assert any("**2** of 2" in line.value for line in page.markdown)
    with zipfile.ZipFile(io.BytesIO(export.to_zip(items.find_complete([first.id, second.id])))) as packed:
        assert len(packed.namelist()) == 2
