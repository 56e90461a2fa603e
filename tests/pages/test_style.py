"""The style page: what follows the sliders, and what takes a Start."""

from __future__ import annotations

import pytest


def labels(page):
    return [button.label for button in page.button]


@pytest.mark.parametrize(
    "params, starts",
    [
        ({}, False),
        ({"size": "1024"}, False),
        ({"size": "1088"}, True),
        ({"mode": "Draft", "size": "128"}, True),
    ],
)
def test_a_start_is_offered_for_all_that_is_too_slow_to_follow_a_slider(visit, params, starts):
    page = visit("style", **params)
    assert not page.exception
    assert ("Start" in labels(page)) == starts


@pytest.mark.parametrize(
    "params, size",
    [
        ({"size": "1024"}, 1024),
        ({"size": "2048"}, 512),
        ({"mode": "Fine", "size": "2048"}, 512),
        ({"mode": "Draft", "size": "128"}, 128),
    ],
)
def test_what_follows_the_sliders_is_never_large(visit, monkeypatch, params, size):
    asked = []
    monkeypatch.setattr("pages.parts.show_live", lambda task, settings, *rest, **more: asked.append(settings))
    visit("style", **params)
    assert (asked[-1].mode, asked[-1].size) == ("instant", size)


def page_of_live():
    import streamlit as st

    from pages.parts import live

    for label in ("Download", "Download again"):
        st.button(label, on_click=lambda: live._keep(st.session_state["made"]))


def test_a_result_that_is_downloaded_twice_is_kept_once(engine, chores, draw):
    page = draw(page_of_live)
    page.session_state["made"] = engine.live("chores.do", chores.ChoreSettings(shade=41), {}, "test")
    before = {job.id for job in engine.jobs()}
    for button in page.button:
        button.click().run()
    assert not page.exception
    [made] = {job.id for job in engine.jobs()} - before
    engine.remove(made)
    page.button[0].click().run()
    assert len({job.id for job in engine.jobs()} - before) == 1
