"""Uploaded masks on the Style page."""

import numpy as np
import pytest

from studio.core.imaging import image_io

WHITE = image_io.encode_png(np.full((16, 16, 3), 255, "uint8"))


@pytest.fixture
def file_names(monkeypatch):
    """Records the names of the masks at each run of the page."""
    names = []

    def show_live(task, settings, ask, **more):
        names.append([file.name for file in ask()["mask"]])

    monkeypatch.setattr("pages.parts.show_live", show_live)
    return names


def add(page, *names, data=WHITE):
    place = next(element for element in page.file_uploader if element.key.startswith("mask."))
    return place.set_value([(name, data, "image/png") for name in names]).run()


def button(page, label):
    return next((element for element in page.button if element.label == label), None)


@pytest.mark.slow
def test_masks_stay_when_another_page_was_looked_at(visit, file_names):
    page = add(visit("style", style=["Mosaic", "Wash"]), "left.png", "right.png")
    assert file_names[-1] == ["left.png", "right.png"]
    page.switch_page("check_health.py").run()
    page.switch_page("style_photo.py").run()
    assert not page.exception and file_names[-1] == ["left.png", "right.png"]


@pytest.mark.slow
def test_masks_come_one_by_one_and_go_together(visit, file_names):
    page = visit("style", style=["Mosaic", "Wash"])
    assert button(page, "Remove masks") is None
    page = add(add(page, "left.png"), "right.png")
    assert file_names[-1] == ["left.png", "right.png"]
    button(page, "Remove masks").click().run()
    assert not page.exception and file_names[-1] == [] and button(page, "Remove masks") is None


def test_a_bad_mask_is_one_sentence_and_the_others_stay(visit, file_names):
    page = add(add(visit("style"), "good.png"), "bad.png", data=b"\xff\xd8 no image")
    assert "image bad" in page.error[0].value and file_names[-1] == ["good.png"]


def test_a_bad_mask_is_said_where_nothing_is_folded(visit, file_names):
    page = add(visit("style"), "odd.png", data=b"no image")
    [expander] = [element for element in page.expander if element.label == "More"]
    assert not expander.error and any("image odd" in error.value for error in page.error)


def test_more_masks_than_styles_can_be_are_refused(visit, file_names):
    page = add(visit("style"), *(f"{n}.png" for n in range(5)))
    assert "at most 4" in page.error[0].value and len(file_names[-1]) == 4


def test_masks_are_there_again_after_a_reload(visit, file_names):
    page = add(visit("style", style=["Mosaic", "Wash"]), "left.png", "right.png")
    address = page.query_params["mask_file"]
    again = visit("style", style=["Mosaic", "Wash"], mask_file=address)
    assert not again.exception and len(file_names[-1]) == 2
    assert again.query_params["mask_file"] == address
    button(again, "Remove masks").click().run()
    assert file_names[-1] == [] and "mask_file" not in again.query_params


def test_an_address_that_names_no_mask_brings_none(visit, file_names):
    page = visit("style", mask_file=["nonsense", "0" * 64])
    assert not page.exception and not page.error and file_names[-1] == []
