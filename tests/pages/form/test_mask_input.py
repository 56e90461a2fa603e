"""Uploaded masks on the Style page."""

import numpy as np
import pytest

from studio.core.imaging import image_io

from ..elements import press_button

WHITE = image_io.encode_png(np.full((16, 16, 3), 255, "uint8"))


@pytest.fixture
def file_names(monkeypatch):
    """Records the names of the masks at each run of the page."""
    names = []

    def show_live(task, settings, ask, **more):
        names.append([file.name for file in ask()["mask"]])

    monkeypatch.setattr("pages.parts.show_live", show_live)
    return names


def add_masks(page, *names, data=WHITE):
    uploader = next(element for element in page.file_uploader if element.key.startswith("mask."))
    return uploader.set_value([(name, data, "image/png") for name in names]).run()


def find_button(page, label):
    return next((element for element in page.button if element.label == label), None)


@pytest.mark.slow
def test_masks_survive_a_visit_to_another_page(visit, file_names):
    page = add_masks(visit("style", style=["Mosaic", "Wash"]), "left.png", "right.png")
    assert file_names[-1] == ["left.png", "right.png"]
    page.switch_page("check_health.py").run()
    page.switch_page("style_photo.py").run()
    assert not page.exception and file_names[-1] == ["left.png", "right.png"]


@pytest.mark.slow
def test_masks_are_added_one_by_one_and_removed_together(visit, file_names):
    page = visit("style", style=["Mosaic", "Wash"])
    assert find_button(page, "Remove masks") is None
    page = add_masks(add_masks(page, "left.png"), "right.png")
    assert file_names[-1] == ["left.png", "right.png"]
    press_button(page, "Remove masks")
    assert not page.exception and file_names[-1] == [] and find_button(page, "Remove masks") is None


def test_mask_replaces_the_one_of_a_single_style(visit, file_names):
    page = add_masks(add_masks(visit("style", style=["Mosaic"]), "first.png"), "second.png")
    assert not page.error and file_names[-1] == ["second.png"]


def test_missing_mask_is_named_before_anything_runs(visit, file_names):
    page = add_masks(visit("style", style=["Mosaic", "Wash"]), "left.png")
    assert "1 mask for 2 styles" in page.info[0].value and not file_names[-1]
    assert find_button(page, "Try again") is None


def test_invalid_mask_shows_an_error_and_keeps_the_others(visit, file_names):
    page = add_masks(add_masks(visit("style"), "good.png"), "bad.png", data=b"\xff\xd8 no image")
    assert "image bad" in page.error[0].value and file_names[-1] == ["good.png"]


def test_error_of_a_mask_is_shown_outside_the_expander(visit, file_names):
    page = add_masks(visit("style"), "odd.png", data=b"no image")
    [expander] = [element for element in page.expander if element.label == "More"]
    assert not expander.error and any("image odd" in error.value for error in page.error)


def test_more_masks_than_styles_are_refused(visit, file_names):
    page = add_masks(visit("style"), *(f"{n}.png" for n in range(5)))
    assert "at most 4" in page.error[0].value and "4 masks for 1 style" in page.info[0].value


def test_masks_survive_a_reload(visit, file_names):
    page = add_masks(visit("style", style=["Mosaic", "Wash"]), "left.png", "right.png")
    address = page.query_params["mask_file"]
    reloaded = visit("style", style=["Mosaic", "Wash"], mask_file=address)
    assert not reloaded.exception and len(file_names[-1]) == 2
    assert reloaded.query_params["mask_file"] == address
    press_button(reloaded, "Remove masks")
    assert file_names[-1] == [] and "mask_file" not in reloaded.query_params


def test_invalid_address_gives_no_masks(visit, file_names):
    page = visit("style", mask_file=["nonsense", "0" * 64])
    assert not page.exception and not page.error and file_names[-1] == []
