"""The page that colours: it follows the sliders, asks of photos in colour, and offers other colourings."""

from __future__ import annotations

import numpy as np
import pytest

from pages.colour import dab_brush, under_the_hood
from pages.form import samples
from pages.jobs.use_again import USES
from studio.colour import checks
from studio.colour.settings import ColourSettings
from studio.core.pictures import images, sample_photos
from studio.core.tasks import File

from .test_frame import texts


def labels(page) -> list[str]:
    return [button.label for button in page.button]


@pytest.mark.slow
def test_it_follows_the_sliders_and_offers_others(visit):
    page = visit("colour", hood="true")
    assert not page.exception and not page.error
    live = page.session_state["live"][1]
    made = images.read(live.data)
    assert np.ptp(made.astype(int), axis=2).max() > 10 and live.figures["was"] == "grey"
    assert labels(page).count("Take this one") == 3 and "Keep" in labels(page)
    assert any("studio colour sample:camera" in code.value for code in page.code)
    assert page.metric[0].label == "Sure, in the mean"
    page.button(key="take_2").click().run()
    other = page.session_state["live"][1]
    assert other.recipe.settings["variant"] == 2 and other.data != live.data
    assert "The likeliest again" in labels(page) and not page.exception


@pytest.mark.slow
def test_a_photo_in_colour_is_asked_about(visit):
    cat = File.keep(images.encode_png(sample_photos.photo("chelsea")), "picture", "cat.png")
    page = visit("colour", content="Your photo", **{"content.file": cat.digest})
    assert "one in colour" in texts(page.warning) and not page.exception
    page = visit("colour", content="Your photo", recolour="true", **{"content.file": cat.digest})
    assert not page.warning and page.session_state["live"][1].figures["was"] == "coloured"


def test_every_photo_that_is_offered_can_be_coloured(home):
    offered = samples.gray_photos()
    assert len(offered) == len(sample_photos.photos())
    for photo in offered:
        checks.check(ColourSettings(), {"content": [photo.file()]})


@pytest.mark.slow
def test_the_command_of_a_gray_sample_names_it(visit):
    page = visit("colour", content="Gray Coffee")
    assert not page.warning and not page.exception
    assert any("studio colour sample:coffee_gray" in code.value for code in page.code)
    assert page.session_state["live"][1].inputs["content"] == [samples.gray_photos()[3].file()]


def test_dabs_of_the_brush_become_one_layer_and_go_back():
    masks = [np.zeros((20, 30, 3), "uint8") for _ in dab_brush.INKS]
    assert dab_brush.layer(masks) is None
    masks[1][2:6, 3:9], masks[5][10:12, 20:24] = 255, 200
    made = images.read_transparent(dab_brush.layer(masks).read())
    assert made.shape == (20, 30, 4) and tuple(made[3, 4]) == (0xB3, 0x24, 0x2B, 255)
    assert tuple(made[11, 21]) == (0x6F, 0xA5, 0xD9, 200) and not made[0, 0, 3]


def test_what_was_sure_is_drawn():
    drawn = under_the_hood.sure_map([[0, 50], [100, 100]])
    assert drawn.shape == (32, 32) and drawn[0, 0] < 20 and drawn[-1].min() > 235


@pytest.mark.slow
def test_other_results_can_be_coloured_or_be_an_example():
    assert {use.slot for use in USES if use.file == "colour_picture.py"} == {"content", "examples"}
