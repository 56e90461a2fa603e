"""Inputs without a widget survive a reload, for the same owner only."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from pages.form import kept_inputs
from pages.form.drawing_canvas import SIDE
from studio.core import owners as library
from studio.core.data import sample_sets
from studio.core.imaging import image_io
from studio.core.tasks import File

NOTHING = ["0" * 64, "nothing", "../../etc/passwd"]


def reloaded(visit, page, address, **changed):
    """Returns the page as a new tab shows it at the address of this one.

    Args:
        changed: what a browser has written into it.
    """
    return visit(address, **(page.query_params | changed))


def captions(page) -> str:
    return "\n".join(element.value for element in page.caption).replace("\\", "")


def upload(page, start, name, data):
    field = next(element for element in page.file_uploader if element.key.startswith(start))
    return field.upload(name, data, "application/octet-stream").run()


@pytest.fixture(scope="module")
def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for number in range(6):
            image = np.full((32, 32, 3), 40 * number, "uint8")
            file.writestr(f"{'dark' if number < 3 else 'light'}/{number}.png", image_io.encode_png(image))
    return packed.getvalue()


@pytest.mark.slow
def test_a_data_set_of_classes_is_there_after_a_reload_also_while_a_sample_is_chosen(visit, archive):
    page = upload(visit("classify", images="Your own"), "set.upload", "mine.zip", archive)
    assert "mine.zip" in captions(reloaded(visit, page, "classify"))
    page.button_group(key="images").set_value(next(iter(sample_sets.list_sets())).capitalize()).run()
    again = reloaded(visit, page, "classify", images="Your own")
    assert not again.exception and "mine.zip" in captions(again)


@pytest.mark.slow
def test_archives_and_loose_images_are_there_after_a_reload(visit, archive, image):
    page = upload(visit("train-generator", learn_from="Your own"), "draw.upload", "mine.zip", archive)
    page = upload(page, "draw.upload", "loose.png", image_io.encode_png(image))
    again = reloaded(visit, page, "train-generator")
    assert not again.exception
    [choice] = [element for element in again.radio if element.label.startswith("Choose which upload")]
    assert [option.replace("\\", "") for option in choice.options] == ["mine.zip", "1 image: loose.png"]
    assert choice.value == "loose"


@pytest.mark.slow
def test_a_text_file_and_a_pasted_text_are_there_after_a_reload(visit):
    page = upload(visit("text", do="Your text", source="A file"), "text.upload", "tale.txt", b"Once. " * 400)
    page.button_group(key="source").set_value("pasted").run()
    page.text_area(key="pasted_text").set_value("Pasted words. " * 200).run()
    again = reloaded(visit, page, "text", source="Pasted")
    assert not again.exception and again.text_area(key="pasted_text").value == "Pasted words. " * 200
    assert "tale.txt" in captions(reloaded(visit, again, "text", source="A file"))


@pytest.mark.slow
def test_classes_by_hand_are_there_after_a_reload(visit, image):
    page = visit("classify", images="By hand")
    page = upload(page, "hand_1.upload", "a.png", image_io.encode_png(image))
    page.text_input(key="hand_1.name").set_value("Cats").run()
    again = reloaded(visit, page, "classify")
    assert not again.exception and again.text_input(key="hand_1.name").value == "Cats"
    assert again.button_group(key="hand_1.chosen").options == ["a\\.png"]


@pytest.mark.slow
def test_many_photos_are_there_after_a_reload(visit, image):
    page = visit("dream")
    page = upload(page, "many_photos.upload", "a.png", image_io.encode_png(image))
    page = upload(page, "many_photos.upload", "b.png", image_io.encode_png(255 - image))
    again = reloaded(visit, page, "dream")
    assert not again.exception and "a.png, b.png" in captions(again)


def test_a_drawing_is_there_after_a_reload(draw):
    def page_of_drawing(pixels=None):
        import numpy as np
        import streamlit as st

        from pages.form.drawing_canvas import SIDE, Canvas

        canvas = Canvas("sketch", {"Red": (255, 0, 0), "Blue": (0, 0, 255)})
        if pixels is not None and "put" not in st.session_state:
            st.session_state["put"] = True
            canvas.put(np.array(pixels, "uint8").repeat(SIDE // 2, 0).repeat(SIDE // 2, 1))
        st.session_state["drawn"], st.session_state["new"] = canvas.show("Draw"), canvas.is_new()

    page = draw(page_of_drawing, pixels=[[[255, 0, 0], [0, 0, 255]], [[0, 0, 0], [0, 0, 0]]])
    assert not page.exception and not page.session_state["new"]
    drawing = page.session_state["drawn"]
    assert drawing.shape == (SIDE, SIDE, 3) and drawing[5, 5].tolist() == [255, 0, 0]

    again = draw(page_of_drawing)
    assert again.session_state["new"]
    again.query_params["sketch"] = page.query_params["sketch"]
    del again.session_state["sketch"]
    again.run()
    assert not again.exception and np.array_equal(again.session_state["drawn"], drawing)


@pytest.mark.parametrize(
    "name", ["set_file", "draw_uploads", "text_file", "pasted", "many_photos", "color_hints"]
)
@pytest.mark.parametrize("value", [*NOTHING, '{"image": 1}', "[[1, 2], 3, [4]]", '[["x", "y"]]', "7"])
def test_an_address_that_names_nothing_of_this_kind_brings_nothing(visit, name, value):
    digest = value if value in NOTHING else File.keep(value.encode(), "text", "x.json").digest
    where = {
        "set_file": "classify",
        "draw_uploads": "train-generator",
        "many_photos": "dream",
        "color_hints": "colorize",
    }
    params = {"images": "Your own", "learn_from": "Your own", "do": "Your text", "source": "A file"}
    page = visit(where.get(name, "text"), **params, color_hints_on="true", **{name: digest})
    assert not page.exception and not page.error


def test_files_of_another_user_are_not_brought_back(home, image):
    with library.acting_as("visitor-ann"):
        hers = File.keep(image_io.encode_png(image), "image", "hers.png")
    description = json.loads(json.dumps(kept_inputs.describe_files([hers])))
    with library.acting_as("visitor-ann"):
        assert kept_inputs.read_files(description, "image") == [hers]
    with library.acting_as("visitor-bob"):
        assert kept_inputs.read_files(description, "image") == []
