"""The brush that says where each style goes: what a browser sends of it, and what becomes of that."""

import base64

import numpy as np
import pytest

from pages.parts import choices, commands, mask_brush
from studio.core import images
from studio.core.tasks import File
from studio.style.settings import TransferSettings

PICTURE = "p" * 64
STYLES = ["Mosaic", "Wash", "Fans"]


def mask(*columns):
    """A mask of ten columns, of which these are painted."""
    found = np.zeros((20, 40, 3), "uint8")
    for column in columns:
        found[:, 4 * column : 4 * column + 4] = 255
    return found


def sent(*masks, picture=PICTURE, styles=None):
    texts = ["data:image/png;base64," + base64.b64encode(images.encode_png(one)).decode() for one in masks]
    return {"picture": picture, "styles": styles or STYLES[: len(masks)], "masks": texts}


def read(files):
    return [images.read(file.read()) for file in files]


def test_nothing_painted_is_no_mask(home):
    assert mask_brush._kept(None, PICTURE, STYLES[:2]) == []
    assert mask_brush._kept(sent(mask(), mask()), PICTURE, STYLES[:2]) == []


def test_what_was_painted_of_one_style_is_its_mask(home):
    (found,) = read(mask_brush._kept(sent(mask(1, 2)), PICTURE, STYLES[:1]))
    np.testing.assert_array_equal(found, mask(1, 2))


def test_a_style_that_was_not_painted_gets_the_rest(home):
    first, second, third = read(mask_brush._kept(sent(mask(), mask(3), mask(4)), PICTURE, STYLES[:3]))
    np.testing.assert_array_equal(first, mask(0, 1, 2, 5, 6, 7, 8, 9))
    np.testing.assert_array_equal(second, mask(3))
    np.testing.assert_array_equal(third, mask(4))


def test_no_style_is_left_without_a_place(home):
    assert mask_brush._kept(sent(mask(*range(10)), mask()), PICTURE, STYLES[:2]) == []


@pytest.mark.parametrize(
    "painted",
    [
        "text",
        {"picture": PICTURE},
        {"picture": PICTURE, "styles": ["Mosaic"], "masks": "text"},
        {"picture": PICTURE, "styles": ["Mosaic"], "masks": [1]},
        {"picture": PICTURE, "styles": ["Mosaic"], "masks": ["data:image/png;base64,%%%"]},
        {"picture": PICTURE, "styles": ["Mosaic"], "masks": ["A" * 10**6]},
        sent(mask(1), picture="another"),
        sent(mask(1), mask(2)),
        sent(mask(1), styles=["Wash"]),
        sent(mask(1), styles="Mosaic"),
    ],
)
def test_what_is_no_mask_of_this_picture_is_none(home, painted):
    assert mask_brush._kept(painted, PICTURE, STYLES[:1]) == []


def test_no_command_names_masks_that_only_the_page_has(home, picture):
    photo = choices.keep(images.encode_png(picture), "photo.png")
    inputs = {"content": [photo], "style": [photo, photo]}
    brushed = mask_brush._kept(sent(mask(1), mask(2)), PICTURE, STYLES[:2])
    uploaded = [File(file.digest, "picture", "brush.png") for file in brushed]
    assert commands.line("style.transfer", TransferSettings(), inputs | {"mask": brushed}) == ""
    assert "--masks brush.png" in commands.line(
        "style.transfer", TransferSettings(), inputs | {"mask": uploaded}
    )


def test_the_page_paints_with_house_styles_in_their_places(visit, monkeypatch):
    asked, painted = [], [object(), object()]
    monkeypatch.setattr("pages.parts.mask_brush.mask_brush", lambda *told, **more: painted)
    monkeypatch.setattr("pages.parts.show_live", lambda *told, **more: asked.append((told, more)))
    page = visit("style", style=["Mosaic", "Wash"], brush="true")
    assert not page.exception
    (_, settings, ask, *_), more = asked[-1]
    assert (settings.house, more["needs"], ask()["mask"]) == (("mosaic", "wash"), (), painted)
    visit("style", style=["Mosaic", "Wash"])
    assert asked[-1][0][2]()["mask"] == []
