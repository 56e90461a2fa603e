"""Inputs without a widget survive a reload, for the same owner only."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from pages.form import input_store
from pages.form.drawing_canvas import SIDE
from studio.core import owners as library
from studio.core.data import sample_sets
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.core.untrusted import strict_json

INVALID_ADDRESSES = ["0" * 64, "../../etc/passwd"]


def reload(visit, page, address, **changed):
    """Returns the page as a new tab shows it at the address of this one.

    Args:
        changed: what a browser has written into it.
    """
    return visit(address, **(page.query_params | changed))


def join_captions(page) -> str:
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


@pytest.mark.parametrize("value", [[[]] * 30_000, ["x"] * 30_000, "x,[" * 30_000])
def test_stored_file_of_many_values_is_not_parsed(home, monkeypatch, value):
    monkeypatch.setattr(input_store.owners, "find_own_digest", lambda digest: digest)
    file = File.store(json.dumps(value).encode(), "text", "a.json")
    if isinstance(value, str):  # a pasted text is one value
        assert input_store._read_value(file.digest) == value
    else:
        monkeypatch.setattr(strict_json.json, "loads", None)
        assert input_store._read_value(file.digest) is None


def test_only_so_many_restored_files_are_checked(home, monkeypatch):
    checked, entry = [], ["0" * 64, "a.png"]
    monkeypatch.setattr(input_store.owners, "find_own_digest", lambda digest: digest)
    monkeypatch.setattr(input_store, "restore", lambda name, parse: parse([entry] * 500))
    assert len(input_store.restore_files("masks", "image", checked.append, 4)) == len(checked) == 4


@pytest.mark.slow
def test_archive_of_classes_survives_a_reload_while_a_sample_is_chosen(visit, archive):
    page = upload(visit("classify", images="Your own"), "set.upload", "mine.zip", archive)
    assert "mine.zip" in join_captions(reload(visit, page, "classify"))
    page.button_group(key="images").set_value(next(iter(sample_sets.list_sets())).capitalize()).run()
    reloaded = reload(visit, page, "classify", images="Your own")
    assert not reloaded.exception and "mine.zip" in join_captions(reloaded)


@pytest.mark.slow
def test_archives_and_loose_images_survive_a_reload(visit, archive, image):
    page = upload(visit("train-generator", learn_from="Your own"), "draw.upload", "mine.zip", archive)
    page = upload(page, "draw.upload", "loose.png", image_io.encode_png(image))
    reloaded = reload(visit, page, "train-generator")
    assert not reloaded.exception
    [choice] = [element for element in reloaded.radio if element.label.startswith("Choose which upload")]
    assert [option.replace("\\", "") for option in choice.options] == ["mine.zip", "1 image: loose.png"]
    assert choice.value == "loose"


@pytest.mark.slow
def test_text_file_and_pasted_text_survive_a_reload(visit):
    page = upload(visit("text", do="Your text", source="A file"), "text.upload", "tale.txt", b"Once. " * 400)
    page.button_group(key="source").set_value("pasted").run()
    page.text_area(key="pasted_text").set_value("Pasted words. " * 200).run()
    reloaded = reload(visit, page, "text", source="Pasted")
    assert not reloaded.exception and reloaded.text_area(key="pasted_text").value == "Pasted words. " * 200
    assert "tale.txt" in join_captions(reload(visit, reloaded, "text", source="A file"))


@pytest.mark.slow
def test_hand_made_classes_survive_a_reload(visit, image):
    page = visit("classify", images="By hand")
    page = upload(page, "hand_1.upload", "a.png", image_io.encode_png(image))
    page.text_input(key="hand_1.name").set_value("Cats").run()
    reloaded = reload(visit, page, "classify")
    assert not reloaded.exception and reloaded.text_input(key="hand_1.name").value == "Cats"
    assert reloaded.button_group(key="hand_1.chosen").options == ["a\\.png"]


@pytest.mark.slow
def test_many_photos_survive_a_reload(visit, image):
    page = visit("dream")
    page = upload(page, "many_photos.upload", "a.png", image_io.encode_png(image))
    page = upload(page, "many_photos.upload", "b.png", image_io.encode_png(255 - image))
    reloaded = reload(visit, page, "dream")
    assert not reloaded.exception and "a.png, b.png" in join_captions(reloaded)


def test_drawing_survives_a_reload(draw):
    def page_of_drawing(pixels=None):
        import numpy as np
        import streamlit as st

        from pages.form.drawing_canvas import SIDE, Canvas

        canvas = Canvas("sketch", {"Red": (255, 0, 0), "Blue": (0, 0, 255)})
        if pixels is not None and "put" not in st.session_state:
            st.session_state["put"] = True
            canvas.set_drawing(np.array(pixels, "uint8").repeat(SIDE // 2, 0).repeat(SIDE // 2, 1))
        st.session_state["drawn"], st.session_state["new"] = canvas.show("Draw"), canvas.is_new()

    page = draw(page_of_drawing, pixels=[[[255, 0, 0], [0, 0, 255]], [[0, 0, 0], [0, 0, 0]]])
    assert not page.exception and not page.session_state["new"]
    drawing = page.session_state["drawn"]
    assert drawing.shape == (SIDE, SIDE, 3) and drawing[5, 5].tolist() == [255, 0, 0]

    reloaded = draw(page_of_drawing)
    assert reloaded.session_state["new"]
    reloaded.query_params["sketch"] = page.query_params["sketch"]
    del reloaded.session_state["sketch"]
    reloaded.run()
    assert not reloaded.exception and np.array_equal(reloaded.session_state["drawn"], drawing)


def test_color_hints_survive_a_reload(draw):
    def page_of_hints(is_painted=False):
        import numpy as np
        import streamlit as st

        from pages.colorize import color_hint_brush
        from pages.form import samples

        photo = samples.list_gray_photos()[0].get_file()
        if is_painted and "painted" not in st.session_state:
            masks = [np.zeros((20, 30, 3), "uint8") for _ in color_hint_brush.HINT_COLORS]
            masks[1][2:6, 3:9] = 255
            hints = color_hint_brush.store_hints(masks)
            st.session_state["painted"] = hints if color_hint_brush.load_hints(photo, hints) else None
        st.session_state["shown"] = color_hint_brush.show_brush(photo)

    page = draw(page_of_hints, is_painted=True)
    hints = page.session_state["shown"]
    assert not page.exception and hints is not None and hints == page.session_state["painted"]

    reloaded = draw(page_of_hints)
    assert reloaded.session_state["shown"] is None
    reloaded.query_params["color_hints"] = page.query_params["color_hints"]
    del reloaded.session_state["color_hints"]
    reloaded.run()
    assert not reloaded.exception and reloaded.session_state["shown"] == hints


@pytest.mark.parametrize(
    "name", ["set_file", "draw_uploads", "text_file", "pasted", "many_photos", "color_hints"]
)
@pytest.mark.parametrize("value", [*INVALID_ADDRESSES, '{"image": 1}', "[[1, 2], 3, [4]]", '[["x", "y"]]'])
def test_invalid_address_restores_nothing(visit, no_live_work, name, value):
    digest = value if value in INVALID_ADDRESSES else File.store(value.encode(), "text", "x.json").digest
    address = {
        "set_file": "classify",
        "draw_uploads": "train-generator",
        "many_photos": "dream",
        "color_hints": "colorize",
    }
    params = {"images": "Your own", "learn_from": "Your own", "do": "Your text", "source": "A file"}
    page = visit(address.get(name, "text"), **params, color_hints_on="true", **{name: digest})
    assert not page.exception and not page.error


def test_files_of_another_user_are_not_restored(home, image):
    with library.acting_as("visitor-ann"):
        foreign_file = File.store(image_io.encode_png(image), "image", "hers.png")
    description = json.loads(json.dumps(input_store.describe_files([foreign_file])))
    with library.acting_as("visitor-ann"):
        assert input_store.read_files(description, "image") == [foreign_file]
    with library.acting_as("visitor-bob"):
        assert input_store.read_files(description, "image") == []
