"""Jobs on a page: progress, cancellation, results, recovery and privacy."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.jobs import job_panel, progress_texts
from studio.core import paths, recipes, tasks
from studio.core.imaging import image_io
from studio.core.progress import Report
from studio.core.tasks import File
from studio.engine.jobs import store
from studio.engine.jobs.records import Request
from studio.gallery import export, items

from ..elements import list_button_labels, list_image_viewers, press_button


def page_of_job(name):
    import streamlit as st

    from pages import parts
    from pages.jobs import navigation

    navigation.note_page(st.session_state.get("page", "here"))
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
def run_job(engine, until, submit):
    def run_job(owner="local", **settings):
        job = submit(owner, **settings)
        until(lambda: engine.find_job(job.id, owner).finished)
        return engine.find_job(job.id, owner)

    return run_job


@pytest.mark.slow
def test_running_job_shows_its_step_and_can_be_canceled(draw, engine, submit, until):
    job = submit(steps=200, pause=0.05)
    until(lambda: engine.find_job(job.id).report and engine.find_job(job.id).report.step > 2)
    page = draw(page_of_job, name=job.id)
    assert not page.exception
    assert "of 200" in page.get("progress")[0].proto.text
    [details] = [box for box in page.expander if box.label == "Details"]
    assert any(line.value.startswith("count ") for line in details.caption), "metrics are folded away"
    press_button(page, "Stop")
    until(lambda: engine.find_job(job.id).finished)
    page.run()
    assert "stopped early" in list_image_viewers(page)[0]["caption"]
    assert engine.find_job(job.id).result.stopped_early


@pytest.mark.slow
def test_job_line_shows_a_running_job_that_the_page_does_not_show(draw, engine, submit, until, monkeypatch):
    monkeypatch.setattr(job_panel, "show_link", lambda job: None)  # there are no other pages here

    def page_with_line(name):
        import streamlit as st

        from pages.jobs import job_panel

        if name:
            st.query_params["job"] = name
        job_panel.show_job_line()

    job = submit(steps=200, pause=0.05)
    until(lambda: engine.find_job(job.id).report and engine.find_job(job.id).report.step > 2)
    assert not draw(page_with_line, name=job.id).get("progress"), "the page shows this job itself"
    page = draw(page_with_line, name="")
    assert page.get("progress")[0].proto.text.startswith(f"**{job.title}**")
    press_button(page, "Stop")
    until(lambda: engine.find_job(job.id).finished)
    page.run()
    assert not page.exception and not page.get("progress") and not page.button


@pytest.mark.slow
def test_canceled_job_keeps_nothing(draw, engine, submit, until):
    job = submit(steps=200, pause=0.05)
    until(lambda: engine.find_job(job.id).report and engine.find_job(job.id).report.step > 2)
    page = draw(page_of_job, name=job.id)
    press_button(page, "Cancel")
    until(lambda: engine.find_job(job.id).finished)
    page.run()
    assert not page.exception and not list_image_viewers(page)
    assert engine.find_job(job.id).result is None
    assert [line.value for line in page.warning] and "Run again" in list_button_labels(page)


def page_of_inline_job(digest, steps):
    import streamlit as st
    from chores import ChoreSettings

    from pages.jobs import inline_jobs
    from studio.core.tasks import File

    inputs = {"image": [File(digest, "image", "a.png")] if digest else []}
    job = inline_jobs.show_inline_job(
        "chores.do", ChoreSettings(steps=steps, shade=88), inputs, "Do it", ":material/brush:"
    )
    st.session_state["done"] = job and job.id


@pytest.mark.slow
def test_inline_job_is_found_after_a_reload_by_its_files(draw, engine, until, image):
    file = File.store(image_io.encode_png(image), "image", "a.png")
    page = draw(page_of_inline_job, digest=file.digest, steps=3)
    page.button[0].click().run()
    until(lambda: page.run().session_state["done"])
    reloaded = draw(page_of_inline_job, digest=file.digest, steps=3)
    assert reloaded.session_state["done"] == page.session_state["done"]
    assert "Do it" in list_button_labels(draw(page_of_inline_job, digest=file.digest, steps=4)), (
        "other settings"
    )
    page = draw(page_of_inline_job, digest="", steps=3)
    page.button[0].click().run()
    until(lambda: page.run().session_state["done"])
    assert "Do it" in list_button_labels(draw(page_of_inline_job, digest="", steps=3)), (
        "no files, so it may be stale"
    )


def test_waiting_job_shows_its_position(draw, engine, submit, until):
    first, second = submit(steps=100, pause=0.05), submit()
    until(lambda: engine.find_job(first.id).state == "running")
    page = draw(page_of_job, name=second.id)
    assert "number 1 in the queue" in page.get("progress")[0].proto.text
    engine.cancel(second.id)
    engine.cancel(first.id)
    until(lambda: engine.find_job(first.id).finished)


def test_running_job_is_pinned_to_the_foot_of_the_sidebar(visit, engine, submit, until):
    job = submit(steps=100_000, pause=0.02)
    until(lambda: engine.find_job(job.id).state == "running")
    page = visit("health")
    css = next(element.proto.body for element in page.get("html") if "active_jobs" in element.proto.body)
    assert "sticky" in css.partition(":has(.st-key-active_jobs)")[2][:60]
    engine.cancel(job.id)
    until(lambda: engine.find_job(job.id).finished)


def test_end_of_a_job_of_another_page_is_announced_once_and_stays_in_sight(
    visit, engine, submit, until, monkeypatch
):
    job = submit(steps=100_000, pause=0.02)
    until(lambda: engine.find_job(job.id).state == "running" and engine.find_job(job.id).report)
    page = visit("health")
    assert not page.toast
    engine.stop(job.id)
    until(lambda: engine.find_job(job.id).finished)
    page.run()
    [toast] = page.toast
    assert toast.value.startswith("**Chore** · Stopped at step")
    assert _is_pinned(page)
    page.run()
    assert not page.toast and _is_pinned(page)
    monkeypatch.setattr(job_panel, "is_current", lambda page: True)
    page.run()
    assert not page.toast and not _is_pinned(page), "the user has opened its page"


def _is_pinned(page) -> bool:
    return any("active_jobs" in block.proto.id for block in _list_blocks(page.sidebar))


def _list_blocks(block):
    for child in getattr(block, "children", {}).values():
        yield from (child, *_list_blocks(child)) if hasattr(child, "children") else ()


def test_waiting_job_can_only_be_canceled(visit, draw, engine, submit, until):
    first, second = submit(steps=100_000, pause=0.02), submit()
    until(lambda: engine.find_job(first.id).state == "running")
    sidebar = visit("health").sidebar
    assert sidebar.button(key=f"job_panel_stop_{first.id}").label == "Stop"
    assert sidebar.button(key=f"job_panel_stop_{second.id}").label == "Cancel"
    page = draw(page_of_job, name=second.id)
    assert "Stop" not in list_button_labels(page)
    press_button(page, "Cancel")
    assert engine.find_job(second.id).state == "cancelled"
    engine.cancel(first.id)
    until(lambda: engine.find_job(first.id).finished)


def test_waiting_job_is_moved_and_paused_in_the_job_panel(visit, engine, submit, until):
    from pages.jobs import queue_controls

    running = submit(steps=100_000, pause=0.02)
    first, second = submit(), submit()
    until(lambda: engine.find_job(running.id).state == "running")
    queue_controls.apply_choice(second.id, queue_controls.UP)
    queue_controls.apply_choice(first.id, queue_controls.PAUSE)
    page = visit("health")
    assert not page.exception
    lines = [line.value for line in page.sidebar.markdown if line.value.startswith("**Chore**")][:3]
    assert "queue" not in lines[0] and "number 1 in the queue" in lines[1] and "paused" in lines[2]
    assert any(caption.help and "Jobs run in the order" in caption.help for caption in page.sidebar.caption)
    for job in (first, second, running):
        engine.cancel(job.id)
    until(lambda: engine.find_job(running.id).finished)


def test_batch_is_one_row_in_the_job_panel(visit, engine, chores, until):
    from pages.jobs import queue_controls

    several = [chores.ChoreSettings(steps=steps, pause=0.02) for steps in (1, 100_000, 1)]
    jobs = [engine.submit("chores.do", settings, {}, batch="line") for settings in several]
    until(lambda: engine.find_job(jobs[1].id).state == "running")
    page = visit("health")
    lines = [line.value for line in page.sidebar.markdown if "of 3" in line.value]
    assert len(lines) == 1 and lines[0].startswith("**Chore** · 1 of 3 ·")
    assert "Stop all" in list_button_labels(page.sidebar)
    queue_controls.stop_batch("line")
    until(lambda: engine.find_batch("line").ended == 3)


def test_finished_job_offers_its_actions(draw, run_job):
    job = run_job(steps=3)
    page = draw(page_of_job, name=job.id)
    assert not page.exception
    assert {"Make again", "Close"} <= set(list_button_labels(page))
    download = page.get("download_button")[0]
    assert download.proto.label == "Download"
    assert any('"task": "chores.do"' in code.value for code in page.code)


def test_make_again_starts_a_job_with_the_same_settings(draw, engine, run_job, until):
    job = run_job(steps=4, shade=77)
    page = draw(page_of_job, name=job.id)
    press_button(page, "Make again")
    newest = engine.list_jobs()[0]
    assert newest.id != job.id
    assert newest.settings == job.settings
    until(lambda: engine.find_job(newest.id).finished)


def test_download_contains_the_recipe(run_job):
    job = run_job(steps=3, shade=9)
    assert recipes.read(job.result.files[0].read()).settings["shade"] == 9


def test_failed_job_shows_its_error_and_can_be_run_again(draw, run_job):
    page = draw(page_of_job, name=run_job(do="refuse").id)
    assert "It is not to my taste" in page.error[0].value
    assert "Run again" in list_button_labels(page)


def test_missing_job_shows_a_warning(draw):
    page = draw(page_of_job, name="gone")
    assert not page.exception
    assert len(page.warning) == 1
    assert not page.session_state["shown"]


def test_job_of_another_version_shows_a_warning(draw, engine, run_job, until):
    finished_job, old = run_job(), store.new_id(1)
    request = Request.of(tasks.get("chores.do"), {"gone": 1}, {}, "local")
    store.write_finished(paths.ensure_folder("jobs") / old, request, finished_job.result, 1, 2)
    until(lambda: old in {job.id for job in engine.list_jobs(limit=1000)})
    page = draw(page_of_job, name=old)
    assert not page.exception
    assert "another version" in page.warning[0].value
    assert not page.session_state["shown"]


def test_jobs_of_other_owners_are_hidden(draw, run_job):
    page = draw(page_of_job, name=run_job("someone").id)
    assert len(page.warning) == 1
    assert not page.session_state["shown"]


def test_finished_job_is_closed_when_the_form_changes(draw, run_job):
    page = draw(page_of_job, name=run_job(steps=2).id)
    assert page.session_state["shown"]
    page.session_state["asked"] = 2
    page.run()
    assert not page.session_state["shown"]


def test_closed_job_is_shown_when_opened_again(draw, run_job):
    page = draw(page_of_job, name=run_job(steps=2).id)
    page.session_state["asked"] = 2
    assert not page.run().session_state["shown"]
    assert page.run().session_state["shown"]  # the script sets the name in the address again
    assert page.run().session_state["shown"]


def test_job_is_shown_after_another_page_even_if_the_form_lost_a_value(draw, run_job):
    page = draw(page_of_job, name=run_job(steps=2).id)
    page.session_state["page"] = "another"
    page.session_state["asked"] = 2
    assert page.run().session_state["shown"]
    assert page.run().session_state["shown"]
    page.session_state["asked"] = 3
    assert not page.run().session_state["shown"]


@pytest.mark.slow
def test_form_changes_during_a_job_keep_its_result(draw, submit, engine, until):
    job = submit(steps=20, pause=0.1)
    until(lambda: engine.find_job(job.id).state == "running")
    page = draw(page_of_job, name=job.id)
    page.session_state["asked"] = 2
    page.run()
    until(lambda: engine.find_job(job.id).finished)
    assert page.run().session_state["shown"]
    page.session_state["asked"] = 3
    assert not page.run().session_state["shown"]


def test_back_within_a_page_closes_a_job_but_another_page_does_not(draw, run_job):
    def page_without(is_here):
        import streamlit as st

        from pages import parts
        from pages.jobs import navigation

        navigation.note_page("another")
        if is_here:
            navigation.note_page("here")
        navigation.note_page("here")
        st.session_state["shown:chores"] = st.session_state["made"]
        st.session_state["shown"] = parts.show_job("chores.do", 1) is not None

    job = run_job(steps=2)
    for here in (False, True):
        page = AppTest.from_function(page_without, args=(here,), default_timeout=60)
        page.session_state["made"] = job.id
        assert page.run().session_state["shown"] != here


def test_reload_restores_only_own_images(home):
    def page_of_choice():
        import streamlit as st

        from pages import parts

        st.session_state["name"] = (
            parts.choose_image("content", "Content", parts.list_photos()).get_file().digest
        )

    def visited(digest, title="Your photo"):
        page = AppTest.from_function(page_of_choice, default_timeout=60)
        page.query_params["content"], page.query_params["content.file"] = title, digest
        page.run()
        assert not page.exception
        return page.session_state["name"]

    own_title = File.store(image_io.encode_png(np.full((40, 60, 3), 9, "uint8")), "image", "mine.png")
    text = File.store(b"no image", "text", "a.txt")
    assert visited(own_title.digest) == visited(own_title.digest, "Your photo 2") == own_title.digest
    assert all(
        visited(other) not in (own_title.digest, text.digest) for other in (text.digest, "0" * 64, "x")
    )


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
def test_progress_names_the_stage_or_counts_steps_or_bytes(report, text):
    job = SimpleNamespace(state="running", place=0, report=report)
    share, label = progress_texts.describe_progress(job)
    assert text in label
    assert share == (report.step / report.total if report.total else 0)


@pytest.mark.parametrize(
    "report, text",
    [
        (Report(0, 0), "starting"),
        (Report(0, 3, text="Trial 1 of 3"), "Trial 1 of 3"),
        (Report(1, 1200), "step 1 of 1,200"),
        (Report(1, 3, text="Trial 2 of 3", seconds_left=40), "40 s left"),
        (
            Report(2_000_000, 8_000_000, text="Fetching VGG16 (8 MB)", seconds=2),
            "Fetching VGG16: 2 MB of 8 MB",
        ),
    ],
)
def test_job_panel_names_the_stage_until_the_time_left_is_known(report, text):
    assert job_panel._describe_state(SimpleNamespace(state="running", report=report)) == text


def test_used_result_becomes_an_option_of_its_input(draw, home):
    def page_of_use():
        import streamlit as st

        from pages import parts
        from pages.form import image_input

        content = parts.choose_image("content", "Content", parts.list_photos())
        st.session_state["name"] = content.get_file().name
        st.button(
            "Use",
            on_click=lambda: image_input.add_and_select("content", st.session_state["made"], "Your photo"),
        )

    from pages.form import samples

    file = File.store(samples.list_photos()[1].get_file().read(), "image", "made.png")
    page = AppTest.from_function(page_of_use, default_timeout=60)
    page.session_state["made"] = file
    page.run()
    page.button[-1].click().run()
    assert page.session_state["name"] == "made.png"


def test_job_of_a_batch_links_the_others_and_saves_all(draw, engine, chores, until):
    several = [(chores.ChoreSettings(shade=shade), {}) for shade in (7, 8)]
    first, second = engine.submit_all("chores.do", several, "pair")
    until(lambda: engine.find_batch("pair").ended == 2)
    page = draw(page_of_job, name="")
    page.query_params["job"] = first.id
    page.run()
    assert any("**1** of 2" in line.value for line in page.markdown)
    assert (page.pagination[0].value, page.pagination[0].num_pages) == (1, 2)
    assert "Save 2 as zip" in [element.proto.label for element in page.get("download_button")]
    page.pagination[0].select(2).run()
    assert not page.exception and page.query_params["job"] in (second.id, [second.id])
    assert any("**2** of 2" in line.value for line in page.markdown)
    with zipfile.ZipFile(io.BytesIO(export.to_zip(items.find_complete([first.id, second.id])))) as packed:
        assert len(packed.namelist()) == 2
