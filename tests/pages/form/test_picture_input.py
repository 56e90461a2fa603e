"""Choosing one's own images, on whatever page and after whatever was brought elsewhere."""

from __future__ import annotations

import pytest

from pages.widgets import keys
from studio.core.pictures import images
from studio.run import own_pictures

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
    ("classify", "picture", {"half": "Try"}),
]


@pytest.mark.slow
@pytest.mark.parametrize("address, slot, asked", UPLOADERS)
def test_every_uploader_opens_and_takes_an_image_after_an_upload_on_another_page(
    visit, picture, address, slot, asked
):
    elsewhere = visit("dream")
    elsewhere.session_state[keys.part("content", "add")] = True
    elsewhere.run()
    _upload(elsewhere, "content", "elsewhere.png", picture)
    assert not elsewhere.exception and own_pictures.last()[0].name == "elsewhere.png"

    page = visit(address, **asked)
    page.session_state[keys.part(slot, "add")] = True
    page.run()
    assert not page.exception
    before = page.button_group(key=keys.part(slot, "before"))
    assert "elsewhere" in before.options
    _upload(page, slot, "here.png", 255 - picture)
    assert not page.exception
    chosen = page.button_group(key=slot).value
    assert "here" in (chosen if isinstance(chosen, list) else [chosen])


def _upload(page, slot: str, name: str, picture) -> None:
    start = keys.part(slot, "upload")
    uploader = next(one for one in page.file_uploader if one.key.startswith(start))
    uploader.set_value((name, images.encode_png(picture), "image/png")).run()
