"""Masks from the brush: the browser's messages, and the files made from them."""

import base64
import json
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.colorize import color_hint_brush
from pages.form import image_input, mask_brush, mask_input, paint
from pages.jobs import commands
from pages.widgets import keys
from studio.core.errors import Unavailable
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File
from studio.style.settings import TransferSettings

IMAGE = "p" * 64
STYLES = ["Mosaic", "Wash", "Fans"]


def make_mask(*columns):
    """Returns a mask of ten columns, with these columns painted."""
    layer = np.zeros((20, 40, 3), "uint8")
    for column in columns:
        layer[:, 4 * column : 4 * column + 4] = 255
    return layer


def make_message(*masks, image=IMAGE, styles=None):
    texts = [
        "data:image/png;base64," + base64.b64encode(image_io.encode_png(image)).decode() for image in masks
    ]
    return {"image": image, "styles": styles or STYLES[: len(masks)], "masks": texts}


def read_images(files):
    return [image_io.read(file.read()) for file in files]


def test_a_mask_larger_than_the_brush_is_not_decoded(home, monkeypatch):
    monkeypatch.setattr(image_io, "read_mask", None)
    monkeypatch.setattr(image_io, "read_transparent", None)
    large = image_io.encode_png(np.full((20, paint.MAX_SIDE + 1, 3), 255, "uint8"))
    text = "data:image/png;base64," + base64.b64encode(large).decode()
    assert paint.from_data_url(text).max() == 0
    file = File.store(large, "image", "mask-1-0123abcd.png")
    assert not mask_brush.load_masks(IMAGE, STYLES[:1], [file])
    assert not color_hint_brush.load_hints(file, file)


def test_more_masks_than_styles_can_be_chosen_are_refused(home):
    message = make_message(*[make_mask(1)] * (mask_input.MAX_MASKS + 1), styles=list("abcde"))
    assert mask_brush.BRUSH.parse(message, IMAGE) is None


def test_no_paint_gives_no_mask(home):
    assert mask_brush._store_masks(None, STYLES[:2]) == []
    assert mask_brush._store_masks(make_message(make_mask(), make_mask()), STYLES[:2]) == []


def test_paint_of_a_style_is_its_mask(home):
    (result,) = read_images(mask_brush._store_masks(make_message(make_mask(1, 2)), STYLES[:1]))
    np.testing.assert_array_equal(result, make_mask(1, 2))


def test_unpainted_style_gets_the_rest(home):
    first, second, third = read_images(
        mask_brush._store_masks(make_message(make_mask(), make_mask(3), make_mask(4)), STYLES[:3])
    )
    np.testing.assert_array_equal(first, make_mask(0, 1, 2, 5, 6, 7, 8, 9))
    np.testing.assert_array_equal(second, make_mask(3))
    np.testing.assert_array_equal(third, make_mask(4))


def test_styles_without_any_area_give_no_masks(home):
    assert mask_brush._store_masks(make_message(make_mask(*range(10)), make_mask()), STYLES[:2]) == []


@pytest.mark.parametrize(
    "painted",
    [
        "text",
        {"image": IMAGE},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": "text"},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": [1]},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": ["data:image/png;base64,%%%"]},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": ["A" * 10**6]},
        make_message(make_mask(1), image="another"),
        make_message(make_mask(1), make_mask(2)),
        make_message(make_mask(1), styles=["Wash"]),
        make_message(make_mask(1), styles="Mosaic"),
    ],
)
def test_invalid_message_gives_no_masks(home, painted):
    assert mask_brush._store_masks(mask_brush.BRUSH.parse(painted, IMAGE), STYLES[:1]) == []


@pytest.mark.parametrize(
    "painted",
    [
        [make_mask(1), make_mask(3)],
        [make_mask(1), make_mask()],
        [make_mask(), make_mask(3, 4), make_mask()],
        [make_mask(*range(9)), make_mask()],
        [make_mask(*range(8)), make_mask(), make_mask(9)],
        [make_mask(2)],
    ],
)
def test_restored_masks_equal_the_painted_ones(painted):
    masks = mask_brush.fill_empty_masks(painted)
    restored = mask_brush.clear_filled_masks(masks)
    np.testing.assert_array_equal(mask_brush.fill_empty_masks(restored), masks)
    assert sum(element.max() > 0 for element in restored) <= sum(image.max() > 0 for image in painted)


@pytest.mark.slow
def test_command_names_painted_masks_like_their_downloads(home, draw, image):
    photo = image_input.store_image(image_io.encode_png(image), "photo.png")
    brushed = mask_brush._store_masks(make_message(make_mask(1), make_mask(2)), STYLES[:2])
    inputs = {"content": [photo], "style": [photo, photo], "mask": brushed}
    words = commands.format_command("style.transfer", TransferSettings(), inputs).split()
    position = words.index("--mask")
    names = words[position + 1 : position + 3]
    assert names == [file.name for file in brushed] and len(set(names)) == 2
    assert all(name in commands.format_python("style.transfer", TransferSettings(), inputs) for name in names)

    def page(masks):
        from pages.form import mask_input

        mask_input.show_downloads(masks)

    buttons = draw(page, masks=brushed).get("download_button")
    assert [button.label.replace("\\", "") for button in buttons] == names
    # A callback outside of a page's thread has no owner, and no files in a studio for many users.
    assert not any(button.proto.deferred_file_id for button in buttons)


def test_command_and_python_name_selections(home):
    settings = TransferSettings(house=("mosaic", "wash"), mask=("person", "background"))
    content = File.store(image_io.encode_png(make_mask(1)), "image", "photo.png")
    command = commands.format_command("style.transfer", settings, {"content": [content]})
    assert " --mask person background " in command
    python = commands.format_python("style.transfer", settings, {"content": [content]})
    assert 'mask=["person", "background"]' in python


def test_different_masks_have_different_names(home):
    [first] = mask_brush._store_masks(make_message(make_mask(1)), STYLES[:1])
    [second] = mask_brush._store_masks(make_message(make_mask(2)), STYLES[:1])
    assert first.name != second.name


def page_of_brush(content, styles):
    import streamlit as st

    from pages.form import mask_brush

    st.session_state["masks"] = mask_brush.ask_masks(content, styles)


@pytest.fixture
def open_brush(draw, image, monkeypatch):
    """Renders a brush with these masks from the browser; returns the page and the component's arguments."""
    state = {}

    def mount(data, key, **more):
        (length,) = struct.unpack(">I", data[:4])
        state["given"] = json.loads(data[4 : 4 + length])
        return SimpleNamespace(painted=state.pop("painted", None))

    monkeypatch.setattr("pages.form.brush_component._mount", mount)

    def open_brush(*masks, styles=STYLES[:2], address=""):
        content = image_input.store_image(image_io.encode_png(image), "photo.png")  # for the current visitor
        if masks:
            state["painted"] = make_message(*masks, image=content.digest, styles=styles)
        page = AppTest.from_function(page_of_brush, kwargs={"content": content, "styles": styles})
        if address:
            page.query_params["paint"] = address
        page.run()
        assert not page.exception
        return page, state["given"]

    return open_brush


@pytest.mark.slow
def test_paint_survives_a_reload(open_brush):
    before, _ = open_brush(make_mask(1), make_mask(3))
    after, props = open_brush(address=before.query_params["paint"])
    assert len(after.session_state["masks"]) == 2
    assert after.session_state["masks"] == before.session_state["masks"]
    assert [props["saved"][name] for name in ("styles", "image")] == [STYLES[:2], props["image"]]
    assert after.query_params["paint"] == before.query_params["paint"]


def test_paint_of_other_styles_is_kept_after_a_reload(open_brush):
    before, _ = open_brush(make_mask(1), make_mask(3))
    after, props = open_brush(styles=["Wash"], address=before.query_params["paint"])
    assert after.session_state["masks"] == [] and props["saved"]["styles"] == STYLES[:2]


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"no JSON",
        b"[" * 99 + b"]" * 99,
        b'{"image": 1}',
        b"\xff",
        b" " * (4 * paint.MAX_BYTES + 10_001),
    ],
    ids=["nothing", "text", "deep", "other", "no UTF-8", "large"],
)
def test_invalid_address_gives_no_paint(open_brush, data):
    address = File.store(data, "text", "a").digest if data else "0" * 64
    page, props = open_brush(address=address)
    assert page.session_state["masks"] == [] and props["saved"] is None
    assert "paint" not in page.query_params


def test_paint_of_an_address_is_encoded_again(open_brush, image):
    digest = image_input.store_image(image_io.encode_png(image), "photo.png").digest
    record = {
        "image": digest,
        "styles": STYLES[:1],
        "masks": ["https://example.org/a.png?x," + make_message(make_mask(1))["masks"][0].partition(",")[2]],
    }
    _, props = open_brush(
        styles=STYLES[:1], address=File.store(json.dumps(record).encode(), "text", "a").digest
    )
    assert props["saved"]["masks"][0].startswith("data:image/png;base64,")


def test_address_of_another_user_gives_no_paint(open_brush, monkeypatch):
    monkeypatch.setattr("pages.widgets.owners.get_owner", lambda: "visitor-1")
    before, _ = open_brush(make_mask(1), make_mask(3))
    monkeypatch.setattr("pages.widgets.owners.get_owner", lambda: "visitor-2")
    after, props = open_brush(address=before.query_params["paint"])
    assert props["saved"] is None and after.session_state["masks"] == []


def test_paint_counts_toward_the_disk_quota(open_brush, monkeypatch):
    monkeypatch.setenv("STUDIO_USERS", "many")
    for module in ("owners", "words"):
        monkeypatch.setattr(f"pages.widgets.{module}.get_owner", lambda: "visitor-brush")
    page, _ = open_brush(make_mask(1), make_mask(3))
    assert "paint" in page.query_params and not page.error
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.000001")
    page, _ = open_brush(make_mask(2), make_mask(3))
    assert "paint" not in page.query_params and "each may take 1 kB" in page.error[0].value


def test_page_paints_with_house_styles_in_their_areas(visit, monkeypatch):
    white = np.full((16, 16, 3), 255, "uint8")
    calls = []
    painted = [mask_input.store_painted(image_io.encode_png(white), number) for number in (1, 2)]
    monkeypatch.setattr("pages.form.mask_brush.ask_masks", lambda *args: painted)
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: calls.append((args, more)))
    page = visit("style", style=["Mosaic", "Wash"], brush="true")
    assert not page.exception
    (_, settings, ask, *_), more = calls[-1]
    assert (settings.house, more["needs"], ask()["mask"]) == (("mosaic", "wash"), (), painted)
    visit("style", style=["Mosaic", "Wash"])
    assert calls[-1][0][2]()["mask"] == []


@pytest.fixture
def ask_for_selection(open_brush, weights_home, monkeypatch):
    """Asks the brush on a photo for a selection; returns the options that the browser gets."""

    def ask_for_selection(what, photo="astronaut", image=None):
        content = image_input.store_image(image_io.encode_png(sample_photos.read_photo(photo)), "photo.png")
        options = {}

        def mount(data, key, **more):
            (length,) = struct.unpack(">I", data[:4])
            options.update(json.loads(data[4 : 4 + length]))
            return SimpleNamespace(painted=None)

        monkeypatch.setattr("pages.form.brush_component._mount", mount)
        page = AppTest.from_function(page_of_brush, kwargs={"content": content, "styles": STYLES[:1]})
        wanted = {"what": what, "id": 7, "image": image or content.digest}
        page.session_state[keys.part("paint", 0)] = {"wanted": wanted}
        page.run().run()
        assert not page.exception
        return options

    return ask_for_selection


def test_a_requested_selection_becomes_a_mask_of_the_brush(ask_for_selection):
    options = ask_for_selection("person")
    assert options["can_select"] and options["selection"]["id"] == 7
    mask = paint.from_data_url(options["selection"]["mask"])
    assert mask.shape == (options["height"], options["width"], 3)
    assert mask[270, 150].min() == 255 and mask[20, 70].max() == 0


def test_a_selection_of_nothing_is_an_error_in_the_brush(ask_for_selection):
    selection = ask_for_selection("face", "rocket")["selection"]
    assert selection == {"id": 7, "error": "No face found. Paint the mask."}


def test_a_failed_download_is_not_tried_again_at_each_run(ask_for_selection, monkeypatch):
    requests = []

    def refuse(_image, what):
        requests.append(what)
        raise Unavailable("No connection.")

    monkeypatch.setattr("pages.form.brush_component.select", refuse)
    assert ask_for_selection("person")["selection"] == {"id": 7, "error": "No connection."}
    assert requests == ["person"]


def test_requests_of_another_image_or_for_anything_else_are_ignored(ask_for_selection):
    assert ask_for_selection("person", image="another")["selection"] is None
    assert ask_for_selection("everything")["selection"] is None
