"""Live results are shared between tabs without computing them again."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput, Unavailable
from studio.core.imaging import image_io
from studio.core.tasks import File

from ..elements import list_button_labels


def page_of_live(shade, file):
    import chores
    import streamlit as st

    from pages.jobs import live

    result = live.make_result("chores.do", chores.ChoreSettings(shade=shade), {"image": (file,)}, "tests")
    st.session_state["got"] = result and result.data


@pytest.fixture
def live_requests(engine, monkeypatch):
    """Records the requests to the engine."""
    calls, ask = [], engine.run_live
    monkeypatch.setattr(engine, "run_live", lambda *args: (calls.append(args), ask(*args))[1])
    return calls


@pytest.fixture
def photo():
    return File.store(image_io.encode_png(np.full((8, 8, 3), 200, "uint8")), "image", "photo.png")


@pytest.mark.slow
def test_result_is_shared_between_tabs(draw, live_requests, photo):
    first, second = (draw(page_of_live, shade=61, file=photo) for _ in range(2))
    assert not first.exception and len(live_requests) == 1
    assert first.session_state["got"] == second.session_state["got"]
    assert draw(page_of_live, shade=62, file=photo).session_state["got"] != first.session_state["got"]
    assert len(live_requests) == 2


@pytest.mark.slow
def test_deleted_input_is_not_shared(draw, live_requests, photo):
    draw(page_of_live, shade=63, file=photo)
    photo.path.unlink()
    draw(page_of_live, shade=63, file=photo)
    assert len(live_requests) == 2


def test_replaced_model_makes_a_new_result(draw, live_requests, photo, monkeypatch):
    def fail(pinned):
        raise Unavailable("It is another model now.")

    page = draw(page_of_live, shade=64, file=photo)
    monkeypatch.setattr("pages.jobs.live.pinned_weights.check", fail)
    draw(page_of_live, shade=64, file=photo)
    assert len(live_requests) == 2
    page.run()  # the tab that shows it removes it, too
    assert len(live_requests) == 3


def test_shared_cache_is_limited(draw, live_requests, photo, monkeypatch):
    monkeypatch.setattr("pages.jobs.live.MAX_SHARED", 2)
    for shade in (1, 2, 3, 1):
        draw(page_of_live, shade=shade, file=photo)
    assert len(live_requests) == 4
    draw(page_of_live, shade=3, file=photo)
    assert len(live_requests) == 4


@pytest.mark.parametrize(
    "error, is_offered", [(Unavailable("No network."), True), (InvalidInput("No."), False)]
)
def test_only_what_may_succeed_is_tried_again(draw, engine, photo, monkeypatch, error, is_offered):
    def page(file):
        import chores

        from pages.jobs import live

        inputs = {"image": (file,)}
        live._compute_result("chores.do", chores.ChoreSettings(shade=65), lambda: inputs, lambda: file)

    def fail(*_):
        raise error

    monkeypatch.setattr(engine, "run_live", fail)
    app = draw(page, file=photo)
    assert app.error and ("Try again" in list_button_labels(app)) == is_offered
