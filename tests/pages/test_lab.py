"""The Lab page: networks train at once, and each drawing gets an answer."""

from __future__ import annotations

import pytest

from .test_frame import texts

SMALL = {"steps": "40", "kind": "Dense"}


@pytest.fixture
def train(visit, until):
    """Opens the page and waits until all its networks are trained."""

    def train(**controls):
        page = visit("lab", **SMALL, **controls)
        for _ in range(2):
            shelves = [name for name in ("lab_first", "lab_second") if name in page.session_state]
            streams = [page.session_state[name].stream for name in shelves]
            until(lambda streams=streams: all([stream.report, stream.finished][1] for stream in streams))
            page.run()
        assert not page.exception
        return page

    return train


def press(page, label):
    next(button for button in page.button if button.label == label).click()
    page.run()
    assert not page.exception
    return page


@pytest.mark.slow
def test_a_drawing_is_answered_and_kept(train):
    page = train()
    captions = texts(page.caption)
    assert (
        "Mean absolute error against your drawing" in captions
        and "One layer encodes, one decodes" in captions
    )
    press(page, "A letter")
    assert texts(page.caption) != captions
    press(page, "Keep")
    assert any("studio lab repair drawing.png" in code.value for code in page.code) or page.toast


@pytest.mark.slow
def test_a_doodle_is_learned_in_the_place_of_digits(train, until):
    page = press(train(), "Learn this drawing")
    assert "Training data: 1 doodle of yours" in texts(page.caption)
    assert page.session_state["lab_first"].inputs["doodles"]
    press(page, "Train on digits again")
    assert not page.session_state["lab_first"].inputs


@pytest.mark.slow
def test_two_kinds_stand_side_by_side(train):
    page = train(beside="Sparse", noise="0.5")
    assert {"Keep dense", "Keep sparse"} <= {button.label for button in page.button}
    assert "the corrupted drawing" in texts(page.caption) and "(sparse, from 8)" in texts(page.caption)


@pytest.mark.slow
def test_another_kind_is_taught_and_the_same_is_not_taught_again(train, until):
    page = train()
    first = page.session_state["lab_first"].stream
    page.slider(key="noise").set_value(0.3).run()
    assert page.session_state["lab_first"].stream is first
    page.slider(key="bottleneck").set_value(3).run()
    assert page.session_state["lab_first"].stream is not first


@pytest.mark.slow
def test_a_half_is_imagined_round_by_round(train):
    page = train(taught="Boltzmann machine", units="32")
    assert "The top half stays" in texts(page.caption) or page.session_state["lab_chain"]
    rounds = page.session_state["lab_chain"][1].rounds
    page.run()
    assert page.session_state["lab_chain"][1].rounds > rounds
    press(page, "Restart")
    assert page.session_state["lab_chain"][1].rounds <= rounds + 60
    press(page, "Keep")
