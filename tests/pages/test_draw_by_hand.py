"""Gathering classes by hand: images in, an archive out, and nothing lost."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pages.classify import by_hand


@pytest.fixture(autouse=True)
def weights_are_here(monkeypatch):
    monkeypatch.setattr("pages.widgets.weight_downloads.missing", lambda names: [])


def labels(page):
    return [element.label for element in page.button]


def button(page, label):
    return next(element for element in page.button if element.label == label)


def done(page):
    assert not page.exception and not page.error, [*page.exception, *page.error]
    return page


def text_of(*kinds) -> str:
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def upload(page, number, *colors):
    """Uploads one-color images into a class."""
    place = [element for element in page.file_uploader if element.label.startswith("Images of")][number - 1]
    files = []
    for color in colors:
        body = io.BytesIO()
        Image.new("RGB", (40, 30), color).save(body, "PNG")
        files.append((f"{color}.png", body.getvalue(), "image/png"))
    return place.set_value(files).run()


@pytest.mark.slow
def test_two_classes_are_filled_used_and_changed_again(visit, until):
    page = done(visit("classify", images="By hand"))
    assert button(page, "Use these images").disabled and "Train" not in labels(page)
    page = done(upload(page, 1, "red", "orange", "yellow"))
    page = done(upload(page, 2, "blue", "navy"))
    page = page.text_input(key="hand_1.name").set_value("a/b").run()
    assert "Give it another name" in text_of(page.error)
    assert page.text_input(key="hand_1.name").value == "Class 1"
    page = done(page.text_input(key="hand_1.name").set_value("_warm_ [x](y)").run())
    assert page.text_input(key="hand_1.name").value == "_warm_ [x](y)"
    page = done(page.text_input(key="hand_1.name").set_value("warm").run())

    page.switch_page("visit_lab.py").run()
    page.switch_page("classify_images.py").run()
    assert page.text_input(key="hand_1.name").value == "warm", "what was gathered went with the page"
    page = button(done(page), "Use these 5 images").click().run()
    until(lambda: page.run() and "Look for wrong labels" in labels(page))
    assert "5 images in 2 classes" in text_of(done(page).markdown)
    assert "Train" in labels(page)

    page = done(button(page, "Change").click().run())
    page = upload(page, 2, "red")
    assert "red.png is already in warm. " in text_of(page.error)
    page = done(button(page, "Delete").click().run())
    assert "Add another class" in text_of(page.caption)
    page = done(button(page, "Undo").click().run())
    assert "Use these 5 images" in labels(page)


def test_images_are_chosen_to_be_removed_or_moved(visit):
    page = done(visit("classify", images="By hand"))
    page = upload(page, 1, "red", "orange", "yellow")
    page = upload(page, 2, "blue", "navy")
    classes = page.session_state[by_hand._CLASSES_KEY]
    first, second, third = classes.classes[0].images
    page = done(page.button_group(key="hand_1.chosen").set_value([second]).run())
    page = done(button(page, "Remove 1").click().run())
    assert list(classes.classes[0].images) == [first, third]
    page = done(page.button_group(key="hand_1.chosen").set_value([first]).run())
    page = done(page.selectbox(key="hand_1.to").set_value(2).run())
    assert list(classes.classes[0].images) == [third] and first in classes.classes[1].images
    assert "Remove 1" not in labels(page)


@pytest.mark.slow
def test_a_sample_set_is_gone_on_with_by_hand(visit, until):
    page = visit("classify")
    until(lambda: page.run() and "Change by hand" in labels(page))
    button(page, "Change by hand").click().run()
    until(lambda: page.run() and "Use these 96 images" in labels(page))
    assert page.button_group(key="images").value == "By hand"
    named = [element.value for element in done(page).text_input if element.label.startswith("Name of class")]
    assert named == ["glasses", "hat", "plain"]
