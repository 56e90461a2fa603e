"""The choice of a mask on a page: a selection, or the brush."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pages.form import image_input, mask_choice
from studio.colorize.settings import ColorizeSettings
from studio.core.imaging import image_io
from studio.core.masks.settings import SELECTIONS
from studio.core.tasks import File

ONE, TWO = ["Mosaic"], ["Mosaic", "Wash"]


def page_of_mask(is_video):
    import streamlit as st

    from pages.form import mask_choice

    st.session_state["mask"] = mask_choice.ask(None if is_video else lambda: None)


def page_of_styles(titles):
    import streamlit as st

    from pages.form import mask_choice

    st.session_state["selections"] = mask_choice.ask_for_styles(titles)
    st.button("Clear", on_click=mask_choice.clear)


def open_page(function, query="", **arguments):
    page = AppTest.from_function(function, kwargs=arguments)
    for name, _, value in (part.partition("=") for part in query.split("&") if part):
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def test_selections_have_a_button_each():
    assert set(mask_choice.SELECTIONS) == set(SELECTIONS)


def test_a_mask_is_off_at_first_and_then_the_person():
    page = open_page(page_of_mask, is_video=False)
    assert page.session_state["mask"] == mask_choice.Mask()
    page.toggle[0].set_value(True).run()
    assert page.session_state["mask"].names == ("person",)
    assert page.session_state["mask"].needs == ("selfie-segmentation",)
    page.button_group[0].set_value("face").run()
    assert page.session_state["mask"].names == ("face",)


def test_a_video_has_no_brush():
    for is_video in (False, True):
        page = open_page(page_of_mask, "masked=true", is_video=is_video)
        assert ("Brush" in page.button_group[0].options) != is_video


def test_the_address_selects():
    page = open_page(page_of_mask, "masked=true&area=Faces", is_video=True)
    assert page.session_state["mask"].names == ("face",)


@pytest.mark.parametrize(
    "titles, area, selections",
    [
        (ONE, "All", ()),
        (ONE, "Background", ("background",)),
        (TWO, "Mosaic on the person", ("person", "background")),
        (TWO, "Wash on the person", ("background", "person")),
        (["Mosaic", "Wash", "Fans"], "Person", ()),
    ],
)
def test_one_or_two_styles_go_to_a_selection(titles, area, selections):
    page = open_page(page_of_styles, f"area={area}", titles=titles)
    assert page.session_state["selections"] == selections
    background = {"Mosaic on the person": "Wash", "Wash on the person": "Mosaic"}.get(area)
    assert [caption.value for caption in page.caption] == (
        [f"{background} covers the background."] if background else []
    )


def test_clearing_selects_the_whole_photo_although_the_address_names_an_area():
    page = open_page(page_of_styles, "area=Person", titles=ONE)
    assert page.session_state["selections"] == ("person",)
    page.button[0].click().run()
    assert not page.exception and page.session_state["selections"] == ()


@pytest.mark.parametrize(
    "names, count, is_shown",
    [
        ((), 3, True),
        (("face",), 1, True),
        (("background", "person"), 2, True),
        (("face", "background"), 2, False),
    ],
)
def test_selections_that_no_form_shows_are_detected(names, count, is_shown):
    assert mask_choice.can_show(names, count) == is_shown


def test_a_result_refills_the_form(home, image, monkeypatch):
    state = {}
    monkeypatch.setattr(mask_choice.st, "session_state", state)
    monkeypatch.setattr(mask_choice.mask_brush.st, "session_state", state)
    photo = image_input.store_image(image_io.encode_png(image), "photo.png")
    mask = File.store(image_io.encode_png(image), "image", "mask-1-0123abcd.png")
    painted = SimpleNamespace(inputs={"content": [photo], "mask": [mask]})
    selected = SimpleNamespace(inputs={"content": [photo]})
    mask_choice.fill(("face",), selected)
    assert (state["masked"], state["area"]) == (True, "face")
    mask_choice.fill((), painted)
    assert (state["masked"], state["area"]) == (True, "brush")
    mask_choice.fill(())
    assert (state["masked"], state["area"]) == (False, "whole"), "settings without a mask"
    assert mask_choice.can_take(painted, ColorizeSettings())
    assert not mask_choice.can_take(painted, ColorizeSettings(mask_invert=True))
    other = SimpleNamespace(inputs={"mask": [photo]})
    assert not mask_choice.can_take(other, ColorizeSettings()), "not a painted one"
