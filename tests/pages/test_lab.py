"""The Lab page: networks train at once, and each drawing gets an answer."""

from __future__ import annotations

import pytest

from .elements import find_button, join_raw_texts, list_button_labels

QUICK_SETTINGS = {"steps": "40", "kind": "Dense"}


@pytest.fixture
def open_trained(visit, until):
    """Opens the page and waits until all its networks are trained."""

    def open_trained(**controls):
        page = visit("lab", **QUICK_SETTINGS, **controls)
        for _ in range(2):
            shelves = [name for name in ("lab_first", "lab_second") if name in page.session_state]
            streams = [page.session_state[name].stream for name in shelves]
            until(lambda streams=streams: all([stream.report, stream.finished][1] for stream in streams))
            page.run()
        assert not page.exception
        return page

    return open_trained


def press_and_rerun(page, label):
    find_button(page, label).click()
    page.run()
    assert not page.exception
    return page


@pytest.mark.slow
def test_drawing_is_reconstructed_and_saved(open_trained):
    page = open_trained()
    captions = join_raw_texts(page.caption)
    assert (
        "Mean absolute error against your drawing" in captions
        and "The encoder and the decoder have one layer each" in captions
    )
    press_and_rerun(page, "A letter")
    assert join_raw_texts(page.caption) != captions
    press_and_rerun(page, "Keep")
    assert any("studio lab repair drawing.png" in code.value for code in page.code) or page.toast


@pytest.mark.slow
def test_result_that_takes_long_is_made_by_a_job(open_trained, monkeypatch):
    started = []
    monkeypatch.setattr("studio.engine.admission.MAX_LIVE_SECONDS", 0.0)
    monkeypatch.setattr("pages.jobs.starting.start", lambda task, *args, **more: started.append(task))
    page = press_and_rerun(open_trained(), "Keep")
    assert started == ["lab.repair"] and not page.error


@pytest.mark.slow
def test_doodles_replace_the_digits(open_trained, until):
    page = press_and_rerun(open_trained(), "Learn this drawing")
    assert "Training data: 1 doodle of yours" in join_raw_texts(page.caption)
    assert page.session_state["lab_first"].inputs["doodles"]
    press_and_rerun(page, "Train on digits again")
    assert not page.session_state["lab_first"].inputs


@pytest.mark.slow
def test_two_kinds_are_compared(open_trained):
    page = open_trained(compare_with="Sparse", noise="0.5")
    assert {"Keep dense", "Keep sparse"} <= set(list_button_labels(page))
    assert "the corrupted drawing" in join_raw_texts(page.caption) and "(sparse, from 8)" in join_raw_texts(
        page.caption
    )


@pytest.mark.slow
def test_another_kind_is_trained_and_the_same_is_not_trained_again(open_trained, until):
    page = open_trained()
    first = page.session_state["lab_first"].stream
    page.slider(key="noise").set_value(0.3).run()
    assert page.session_state["lab_first"].stream is first
    page.slider(key="bottleneck").set_value(3).run()
    assert page.session_state["lab_first"].stream is not first


@pytest.mark.slow
def test_missing_half_is_sampled_round_by_round(open_trained):
    page = open_trained(lab_model="Boltzmann machine", units="32")
    assert "The top half stays" in join_raw_texts(page.caption) or page.session_state["lab_chain"]
    rounds = page.session_state["lab_chain"][1].rounds
    page.run()
    assert page.session_state["lab_chain"][1].rounds > rounds
    press_and_rerun(page, "Restart")
    assert page.session_state["lab_chain"][1].rounds <= rounds + 60
    press_and_rerun(page, "Keep")
