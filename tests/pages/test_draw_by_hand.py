"""Gathering classes by hand: images in, an archive out, and nothing lost."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pages.classify import by_hand

from .elements import find_button, join_texts, list_button_labels, press_button, require_success


@pytest.fixture(autouse=True)
def installed_weights(monkeypatch):
    monkeypatch.setattr("pages.widgets.weight_downloads.list_missing", lambda names: [])


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
def test_two_classes_are_filled_trained_and_changed(visit, until):
    page = require_success(visit("classify", images="By hand"))
    assert find_button(page, "Use these images").disabled and find_button(page, "Train").disabled
    page = require_success(upload(page, 1, "red", "orange", "yellow"))
    page = require_success(upload(page, 2, "blue", "navy"))
    page = page.text_input(key="hand_1.name").set_value("a/b").run()
    assert "Give it another name" in join_texts(page.error)
    assert page.text_input(key="hand_1.name").value == "Class 1"
    page = require_success(page.text_input(key="hand_1.name").set_value("_warm_ [x](y)").run())
    assert page.text_input(key="hand_1.name").value == "_warm_ [x](y)"
    page = require_success(page.text_input(key="hand_1.name").set_value("warm").run())

    page.switch_page("visit_lab.py").run()
    page.switch_page("classify_images.py").run()
    assert page.text_input(key="hand_1.name").value == "warm", "what was gathered went with the page"
    page = find_button(require_success(page), "Use these 5 images").click().run()
    until(lambda: page.run() and "Look for wrong labels" in list_button_labels(page))
    assert "5 images in 2 classes" in join_texts(require_success(page).markdown)
    assert "Train" in list_button_labels(page)

    page = require_success(press_button(page, "Change"))
    page = upload(page, 2, "red")
    assert "red.png is already in warm. " in join_texts(page.error)
    page = require_success(press_button(page, "Delete"))
    assert "Add another class" in join_texts(page.caption)
    page = require_success(press_button(page, "Undo"))
    assert "Use these 5 images" in list_button_labels(page)


def test_one_image_is_not_called_images_and_a_class_for_the_background_is_suggested(visit):
    page = require_success(upload(visit("classify", images="By hand"), 1, "red"))
    assert "Use this image" in list_button_labels(page)
    assert "*Nothing*" in join_texts(page.caption)
    page = require_success(press_button(page, "Add a class"))
    assert "*Nothing*" not in join_texts(page.caption), "there is a third class"


def test_images_are_selected_to_be_removed_or_moved(visit):
    page = require_success(visit("classify", images="By hand"))
    page = upload(page, 1, "red", "orange", "yellow")
    page = upload(page, 2, "blue", "navy")
    classes = page.session_state[by_hand._CLASSES_KEY]
    first, second, third = classes.classes[0].images
    page = require_success(page.button_group(key="hand_1.chosen").set_value([second]).run())
    page = require_success(press_button(page, "Remove 1"))
    assert list(classes.classes[0].images) == [first, third]
    page = require_success(page.button_group(key="hand_1.chosen").set_value([first]).run())
    page = require_success(page.selectbox(key="hand_1.to").set_value(2).run())
    assert list(classes.classes[0].images) == [third] and first in classes.classes[1].images
    assert "Remove 1" not in list_button_labels(page)


@pytest.mark.slow
def test_sample_set_is_continued_by_hand(visit, until):
    page = visit("classify")
    until(lambda: page.run() and "Change by hand" in list_button_labels(page))
    press_button(page, "Change by hand")
    until(lambda: page.run() and "Use these 96 images" in list_button_labels(page))
    assert page.button_group(key="images").value == "By hand"
    named = [
        element.value
        for element in require_success(page).text_input
        if element.label.startswith("Name of class")
    ]
    assert named == ["glasses", "hat", "plain"]


@pytest.mark.slow
def test_backbone_by_hand_is_the_one_that_can_be_shared_unless_the_user_chose_another(visit):
    page = require_success(visit("classify", images="By hand"))
    assert page.button_group(key="backbone").value == by_hand.BACKBONE
    page.button_group(key="images").set_value("Cartoons").run()
    assert page.button_group(key="backbone").value == "resnet50"
    page.button_group(key="images").set_value("By hand").run()
    assert page.button_group(key="backbone").value == by_hand.BACKBONE
    page.button_group(key="backbone").set_value("vgg16").run()
    page.button_group(key="images").set_value("Cartoons").run()
    assert page.button_group(key="backbone").value == "vgg16"
    page.button_group(key="backbone").set_value(by_hand.BACKBONE).run()
    page.button_group(key="images").set_value("Hair").run()
    assert page.button_group(key="backbone").value == by_hand.BACKBONE
