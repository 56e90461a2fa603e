"""Live results are shared between tabs without computing them again."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import Unavailable
from studio.core.imaging import image_io
from studio.core.tasks import File


def page_of_live(shade, file):
    import chores
    import streamlit as st

    from pages.jobs import live

    result = live.live_result("chores.do", chores.ChoreSettings(shade=shade), {"image": (file,)}, "tests")
    st.session_state["got"] = result and result.data


@pytest.fixture
def calls(engine, monkeypatch):
    """Records the requests to the engine."""
    calls, ask = [], engine.live
    monkeypatch.setattr(engine, "live", lambda *args: (calls.append(args), ask(*args))[1])
    return calls


@pytest.fixture
def photo():
    return File.keep(image_io.encode_png(np.full((8, 8, 3), 200, "uint8")), "image", "photo.png")


@pytest.mark.slow
def test_what_one_tab_got_is_there_for_the_next(draw, calls, photo):
    first, second = (draw(page_of_live, shade=61, file=photo) for _ in range(2))
    assert not first.exception and len(calls) == 1
    assert first.session_state["got"] == second.session_state["got"]
    assert draw(page_of_live, shade=62, file=photo).session_state["got"] != first.session_state["got"]
    assert len(calls) == 2


@pytest.mark.slow
def test_what_was_forgotten_is_not_shared(draw, calls, photo):
    draw(page_of_live, shade=63, file=photo)
    photo.path.unlink()
    draw(page_of_live, shade=63, file=photo)
    assert len(calls) == 2


def test_another_model_makes_another_result(draw, calls, photo, monkeypatch):
    def fail(pinned):
        raise Unavailable("It is another model now.")

    page = draw(page_of_live, shade=64, file=photo)
    monkeypatch.setattr("pages.jobs.live.pinned_weights.check", fail)
    draw(page_of_live, shade=64, file=photo)
    assert len(calls) == 2
    page.run()  # the tab that shows it removes it, too
    assert len(calls) == 3


def test_only_some_are_shared(draw, calls, photo, monkeypatch):
    monkeypatch.setattr("pages.jobs.live.MOST_SHARED", 2)
    for shade in (1, 2, 3, 1):
        draw(page_of_live, shade=shade, file=photo)
    assert len(calls) == 4
    draw(page_of_live, shade=3, file=photo)
    assert len(calls) == 4
