"""The Colorize page: live preview, color photos, and other colorings."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from pages.colorize import color_hint_brush, input_form, under_the_hood
from pages.form import samples
from pages.form.paint import from_data_url
from pages.jobs.use_again import USES
from studio.colorize import checks
from studio.colorize.settings import ColorizeSettings
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File

from .elements import join_raw_texts, list_button_labels, press_button

QUICK = {"color_network": "Quick, no download"}  # in the address


@pytest.mark.slow
def test_result_follows_the_sliders_and_offers_alternatives(visit):
    page = visit("colorize", explain="true", **QUICK)
    assert not page.exception and not page.error
    live = page.session_state["live"][1]
    image = image_io.read(live.data)
    assert np.ptp(image.astype(int), axis=2).max() > 10 and live.figures["was"] == "gray"
    assert list_button_labels(page).count("Use this one") == 3 and "Keep" in list_button_labels(page)
    assert any("studio colorize sample:astronaut_gray" in code.value for code in page.code)
    assert page.metric[0].label == "Mean confidence"
    page.button(key="take_2").click().run()
    other = page.session_state["live"][1]
    assert other.recipe.settings["variant"] == 2 and other.data != live.data
    assert "Back to the most probable" in list_button_labels(page) and not page.exception
    press_button(page, "Keep")
    labels = list_button_labels(page)
    assert "job" in page.query_params and labels.count("Use this one") == 2 and "Chosen" in labels
    page.button(key="take_1").click().run()
    assert page.session_state["live"][1].recipe.settings["variant"] == 1 and not page.exception


@pytest.mark.slow
def test_color_photo_asks_for_confirmation(visit):
    cat = File.store(image_io.encode_png(sample_photos.read_photo("chelsea")), "image", "cat.png")
    page = visit("colorize", content="Your photo", **{"content.file": cat.digest})
    assert "a color photo" in join_raw_texts(page.info) and not page.exception
    page = visit("colorize", content="Your photo", recolor="true", **{"content.file": cat.digest}, **QUICK)
    assert not page.info and page.session_state["live"][1].figures["was"] == "colored"


@pytest.mark.slow
def test_the_download_of_the_backbone_is_offered(visit):
    page = visit("colorize")
    assert "EfficientNet-Lite0" in join_raw_texts(page.info) and not page.exception
    assert "Download and start" in list_button_labels(page) and "live" not in page.session_state
    assert page.button_group(key="color_network").options == ["The studio's", "Quick, no download"]


def test_every_sample_photo_can_be_colorized(home):
    photos = samples.list_gray_photos()
    assert len(photos) == len(sample_photos.list_photos())
    for photo in photos:
        checks.check(ColorizeSettings(), {"content": [photo.get_file()]})


@pytest.mark.slow
def test_start_names_the_size_of_a_turned_photo(rotated_photo, monkeypatch):
    actions = []
    monkeypatch.setattr(input_form.estimates, "show_start", lambda _, action, *args: actions.append(action))
    photo = samples.Sample("Photo", "", b"", lambda: rotated_photo)
    input_form.Request(photo).show_start_preview(ColorizeSettings())
    assert actions == ["colors 60 x 1,200 px"]


def test_command_names_a_gray_sample(visit):
    page = visit("colorize", content="Gray Coffee", **QUICK)
    assert not page.info and not page.exception
    assert any("studio colorize sample:coffee_gray" in code.value for code in page.code)
    assert page.session_state["live"][1].inputs["content"] == [samples.list_gray_photos()[3].get_file()]


def test_color_hints_become_one_layer_and_are_restored():
    masks = [np.zeros((20, 30, 3), "uint8") for _ in color_hint_brush.HINT_COLORS]
    assert color_hint_brush.store_hints(masks) is None
    masks[1][2:6, 3:9], masks[5][10:12, 20:24] = 255, 200
    layer = image_io.read_transparent(color_hint_brush.store_hints(masks).read())
    assert layer.shape == (20, 30, 4) and tuple(layer[3, 4]) == (0xB3, 0x24, 0x2B, 255)
    assert tuple(layer[11, 21]) == (0x6F, 0xA5, 0xD9, 200) and not layer[0, 0, 3]


def test_other_colors_are_hints_too_and_are_loaded_from_a_result(engine):
    names = [*color_hint_brush.HINT_COLORS, "#12ab34"]
    masks = [np.zeros((20, 30, 3), "uint8") for _ in names]
    masks[1][2:6, 3:9], masks[-1][10:12, 20:24] = 255, 200
    hints = color_hint_brush.store_hints(masks, names)
    assert tuple(image_io.read_transparent(hints.read())[11, 21]) == (0x12, 0xAB, 0x34, 200)
    photo = samples.list_gray_photos()[0].get_file()
    assert color_hint_brush.load_hints(photo, hints)
    loaded = color_hint_brush.BRUSH.parse(st.session_state["color_hints"], photo.digest)
    assert loaded["styles"] == names
    assert np.array_equal(from_data_url(loaded["masks"][-1]), masks[-1])


@pytest.mark.parametrize("name", ["red", "#12AB34", "#12ab34;", "Skin", None])
def test_names_of_other_colors_are_checked(name):
    names = [*color_hint_brush.HINT_COLORS, name]
    message = {"image": "photo", "styles": names, "masks": [""] * len(names)}
    assert color_hint_brush.BRUSH.parse(message, "photo") is None


def test_confidence_map_is_drawn():
    pixels = under_the_hood.render_confidence_map([[0, 50], [100, 100]])
    assert pixels.shape == (32, 32) and pixels[0, 0] < 20 and pixels[-1].min() > 235


@pytest.mark.slow
def test_other_results_can_be_colorized_or_used_as_example():
    assert {use.slot for use in USES if use.page_file == "colorize_photo.py"} == {"content", "examples"}
