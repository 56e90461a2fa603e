"""Masks from the brush: the browser's messages, and the files made from them."""

import base64
import json
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.form import image_input, painted_masks
from pages.jobs import commands
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.style.settings import TransferSettings

IMAGE = "p" * 64
STYLES = ["Mosaic", "Wash", "Fans"]


def mask(*columns):
    """Returns a mask of ten columns, with these columns painted."""
    layer = np.zeros((20, 40, 3), "uint8")
    for column in columns:
        layer[:, 4 * column : 4 * column + 4] = 255
    return layer


def payload(*masks, image=IMAGE, styles=None):
    texts = [
        "data:image/png;base64," + base64.b64encode(image_io.encode_png(image)).decode() for image in masks
    ]
    return {"image": image, "styles": styles or STYLES[: len(masks)], "masks": texts}


def read(files):
    return [image_io.read(file.read()) for file in files]


def test_nothing_painted_is_no_mask(home):
    assert painted_masks._store_masks(None, IMAGE, STYLES[:2]) == []
    assert painted_masks._store_masks(payload(mask(), mask()), IMAGE, STYLES[:2]) == []


def test_what_was_painted_of_one_style_is_its_mask(home):
    (result,) = read(painted_masks._store_masks(payload(mask(1, 2)), IMAGE, STYLES[:1]))
    np.testing.assert_array_equal(result, mask(1, 2))


def test_a_style_that_was_not_painted_gets_the_rest(home):
    first, second, third = read(
        painted_masks._store_masks(payload(mask(), mask(3), mask(4)), IMAGE, STYLES[:3])
    )
    np.testing.assert_array_equal(first, mask(0, 1, 2, 5, 6, 7, 8, 9))
    np.testing.assert_array_equal(second, mask(3))
    np.testing.assert_array_equal(third, mask(4))


def test_no_style_is_left_without_a_place(home):
    assert painted_masks._store_masks(payload(mask(*range(10)), mask()), IMAGE, STYLES[:2]) == []


@pytest.mark.parametrize(
    "painted",
    [
        "text",
        {"image": IMAGE},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": "text"},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": [1]},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": ["data:image/png;base64,%%%"]},
        {"image": IMAGE, "styles": ["Mosaic"], "masks": ["A" * 10**6]},
        payload(mask(1), image="another"),
        payload(mask(1), mask(2)),
        payload(mask(1), styles=["Wash"]),
        payload(mask(1), styles="Mosaic"),
    ],
)
def test_what_is_no_mask_of_this_image_is_none(home, painted):
    assert painted_masks._store_masks(painted, IMAGE, STYLES[:1]) == []


@pytest.mark.parametrize(
    "painted",
    [
        [mask(1), mask(3)],
        [mask(1), mask()],
        [mask(), mask(3, 4), mask()],
        [mask(*range(9)), mask()],
        [mask(*range(8)), mask(), mask(9)],
        [mask(2)],
    ],
)
def test_masks_under_the_brush_again_are_the_strokes_that_made_them(painted):
    masks = painted_masks.complete_masks(painted)
    again = painted_masks.painted_only(masks)
    np.testing.assert_array_equal(painted_masks.complete_masks(again), masks)
    assert sum(element.max() > 0 for element in again) <= sum(image.max() > 0 for image in painted)


@pytest.mark.slow
def test_the_command_names_painted_masks_as_they_are_downloaded(home, draw, image):
    photo = image_input.keep(image_io.encode_png(image), "photo.png")
    brushed = painted_masks._store_masks(payload(mask(1), mask(2)), IMAGE, STYLES[:2])
    inputs = {"content": [photo], "style": [photo, photo], "mask": brushed}
    words = commands.line("style.transfer", TransferSettings(), inputs).split()
    at = words.index("--masks")
    names = words[at + 1 : at + 3]
    assert names == [file.name for file in brushed] and len(set(names)) == 2
    assert all(name in commands.python("style.transfer", TransferSettings(), inputs) for name in names)

    def page(masks):
        from pages.form import mask_input

        mask_input.downloads(masks)

    buttons = draw(page, masks=brushed).get("download_button")
    assert [button.label.replace("\\", "") for button in buttons] == names
    # A callback outside of a page's thread has no owner, and no files in a studio for many users.
    assert not any(button.proto.deferred_file_id for button in buttons)


def test_masks_of_other_paint_have_other_names(home):
    [first] = painted_masks._store_masks(payload(mask(1)), IMAGE, STYLES[:1])
    [second] = painted_masks._store_masks(payload(mask(2)), IMAGE, STYLES[:1])
    assert first.name != second.name


def page_of_brush(content, styles):
    import streamlit as st

    from pages.form import painted_masks

    st.session_state["masks"] = painted_masks.mask_brush(content, styles)


@pytest.fixture
def brush(draw, image, monkeypatch):
    """Renders a brush with these masks from the browser; returns the page and the component's arguments."""
    state = {}

    def mount(data, key, **more):
        (length,) = struct.unpack(">I", data[:4])
        state["given"] = json.loads(data[4 : 4 + length])
        return SimpleNamespace(painted=state.pop("painted", None))

    monkeypatch.setattr("pages.form.brush_component._mount", mount)

    def brush(*masks, styles=STYLES[:2], address=""):
        content = image_input.keep(image_io.encode_png(image), "photo.png")  # for the current visitor
        if masks:
            state["painted"] = payload(*masks, image=content.digest, styles=styles)
        page = AppTest.from_function(page_of_brush, kwargs={"content": content, "styles": styles})
        if address:
            page.query_params["paint"] = address
        page.run()
        assert not page.exception
        return page, state["given"]

    return brush


@pytest.mark.slow
def test_paint_is_there_again_after_a_reload(brush):
    before, _ = brush(mask(1), mask(3))
    after, props = brush(address=before.query_params["paint"])
    assert len(after.session_state["masks"]) == 2
    assert after.session_state["masks"] == before.session_state["masks"]
    assert [props["kept"][name] for name in ("styles", "image")] == [STYLES[:2], props["image"]]
    assert after.query_params["paint"] == before.query_params["paint"]


def test_paint_of_other_styles_waits_for_them_after_a_reload(brush):
    before, _ = brush(mask(1), mask(3))
    after, props = brush(styles=["Wash"], address=before.query_params["paint"])
    assert after.session_state["masks"] == [] and props["kept"]["styles"] == STYLES[:2]


@pytest.mark.parametrize(
    "bytes",
    [
        None,
        b"no JSON",
        b"[" * 99 + b"]" * 99,
        b'{"image": 1}',
        b"\xff",
        b" " * (4 * painted_masks.MOST_BYTES + 10_001),
    ],
    ids=["nothing", "text", "deep", "other", "no UTF-8", "large"],
)
def test_an_address_that_names_no_paint_is_none(brush, bytes):
    address = File.keep(bytes, "text", "a").digest if bytes else "0" * 64
    page, props = brush(address=address)
    assert page.session_state["masks"] == [] and props["kept"] is None
    assert "paint" not in page.query_params


def test_paint_that_an_address_brings_reaches_the_browser_as_images_of_our_own(brush, image):
    digest = image_input.keep(image_io.encode_png(image), "photo.png").digest
    record = {
        "image": digest,
        "styles": STYLES[:1],
        "masks": ["https://example.org/a.png?x," + payload(mask(1))["masks"][0].partition(",")[2]],
    }
    _, props = brush(styles=STYLES[:1], address=File.keep(json.dumps(record).encode(), "text", "a").digest)
    assert props["kept"]["masks"][0].startswith("data:image/png;base64,")


def test_nobody_elses_address_brings_paint(brush, monkeypatch):
    monkeypatch.setattr("pages.widgets.owners.owner", lambda: "visitor-1")
    before, _ = brush(mask(1), mask(3))
    monkeypatch.setattr("pages.widgets.owners.owner", lambda: "visitor-2")
    after, props = brush(address=before.query_params["paint"])
    assert props["kept"] is None and after.session_state["masks"] == []


def test_paint_takes_no_more_room_than_each_may_have(brush, monkeypatch):
    monkeypatch.setenv("STUDIO_USERS", "many")
    for module in ("owners", "words"):
        monkeypatch.setattr(f"pages.widgets.{module}.owner", lambda: "visitor-brush")
    page, _ = brush(mask(1), mask(3))
    assert "paint" in page.query_params and not page.error
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.000001")
    page, _ = brush(mask(2), mask(3))
    assert "paint" not in page.query_params and "each may take 1 kB" in page.error[0].value


def test_the_page_paints_with_house_styles_in_their_places(visit, monkeypatch):
    calls, painted = [], [object(), object()]
    monkeypatch.setattr("pages.form.painted_masks.mask_brush", lambda *args: painted)
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: calls.append((args, more)))
    page = visit("style", style=["Mosaic", "Wash"], brush="true")
    assert not page.exception
    (_, settings, ask, *_), more = calls[-1]
    assert (settings.house, more["needs"], ask()["mask"]) == (("mosaic", "wash"), (), painted)
    visit("style", style=["Mosaic", "Wash"])
    assert calls[-1][0][2]()["mask"] == []
