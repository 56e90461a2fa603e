"""Choosing one's own images on each page, after uploads on other pages."""

from __future__ import annotations

import pytest

from pages.widgets import keys
from studio.core.imaging import image_io
from studio.run import own_images

UPLOADERS = [
    ("style", "content", {}),
    ("style", "style", {}),
    ("style", "paintings", {"work": "Train styles"}),
    ("dream", "content", {}),
    ("dream", "guide", {"guide.on": "true"}),
    ("enhance", "content", {}),
    ("colorize", "content", {}),
    ("colorize", "examples", {"examples.on": "true"}),
    ("playground", "content", {}),
    ("x-ray", "content", {}),
    ("faces", "photo", {"what": "Digits", "photo.on": "true"}),
    ("classify", "image", {"half": "Try"}),
]


@pytest.mark.slow
@pytest.mark.parametrize("address, slot, params", UPLOADERS)
def test_every_uploader_opens_and_accepts_an_image_after_an_upload_on_another_page(
    visit, image, address, slot, params
):
    other_page = visit("dream")
    other_page.session_state[keys.part("content", "add")] = True
    other_page.run()
    _upload(other_page, "content", "elsewhere.png", image)
    assert not other_page.exception and own_images.list_recent()[0].name == "elsewhere.png"

    page = visit(address, **params)
    page.session_state[keys.part(slot, "add")] = True
    page.run()
    assert not page.exception
    before = page.button_group(key=keys.part(slot, "before"))
    assert "elsewhere" in before.options
    _upload(page, slot, "here.png", 255 - image)
    assert not page.exception
    value = page.button_group(key=slot).value
    assert "here" in (value if isinstance(value, list) else [value])


def _upload(page, slot: str, name: str, image) -> None:
    start = keys.part(slot, "upload")
    uploader = next(element for element in page.file_uploader if element.key.startswith(start))
    uploader.set_value((name, image_io.encode_png(image), "image/png")).run()
