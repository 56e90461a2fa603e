"""Choosing one's own images on each page, after uploads on other pages."""

from __future__ import annotations

import io
import shutil
import zipfile

import numpy as np
import pytest
import tiny_sketch
from PIL import Image

from pages.jobs import navigation
from pages.widgets import keys
from studio.core.imaging import image_io, video_encoder
from studio.run import own_images

from ..elements import join_texts, open_popover, press_button

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
    ("sketch", "content", {"outline_network": "from-edges", "given": "A photo"}),
    ("tune", "content", {"select_by": "By preference"}),
    ("tune", "style", {"select_by": "By preference"}),
]
OTHER_UPLOADERS = [  # address, slot, key of the files in the session, parameters, file
    ("style", "video", "video_file", {"what": "A video"}, "clip.webp"),
    ("style", "mask", "mask_file", {}, "mask.png"),
    ("classify", "set", "set_file", {"images": "Your own"}, "mine.zip"),
    ("train-generator", "draw", "draw_uploads", {"learn_from": "Your own"}, "mine.zip"),
    ("text", "text", "text_file", {"do": "Your text", "source": "A file"}, "tale.txt"),
]


@pytest.fixture(scope="module")
def network_of_pairs(engine):
    """A network of the user that takes photos, for Sketch."""
    folder = tiny_sketch.make_of_pairs("from-edges", edges=True).folder
    yield
    shutil.rmtree(folder)


@pytest.fixture
def uploaded_elsewhere(visit, no_live_work, image):
    """An image that the user has uploaded on another page, once for all tests."""
    if "elsewhere.png" in [file.name for file in own_images.list_recent()]:
        return
    page = visit("dream")
    open_popover(page, "content")
    _upload(page, "content", "elsewhere.png", image)
    assert not page.exception and own_images.list_recent()[0].name == "elsewhere.png"


@pytest.mark.slow
@pytest.mark.parametrize("address, slot, params", UPLOADERS)
def test_every_uploader_opens_and_accepts_an_image_after_an_upload_on_another_page(
    visit, no_live_work, image, network_of_pairs, uploaded_elsewhere, address, slot, params
):
    page = visit(address, **params)
    open_popover(page, slot)
    assert not page.exception
    recent = page.button_group(key=keys.part(slot, "recent"))
    assert "Use elsewhere again" in recent.options
    _upload(page, slot, "here.png", 255 - image)
    assert not page.exception
    value = page.button_group(key=slot).value
    assert "here" in (value if isinstance(value, list) else [value])


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A file of each kind, by name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(6):
            pixels = np.full((32, 32, 3), 40 * number, "uint8")
            archive.writestr(f"{'dark' if number < 3 else 'light'}/{number}.png", image_io.encode_png(pixels))
    frames = [np.full((32, 48, 3), 60 * number, "uint8") for number in (1, 2, 3)]
    clip = video_encoder.encode(frames, "webp", 10)
    mask = image_io.encode_png(np.full((16, 16, 3), 255, "uint8"))
    return {
        "clip.webp": clip,
        "mask.png": mask,
        "mine.zip": packed.getvalue(),
        "tale.txt": b"Once upon. " * 300,
    }


@pytest.mark.slow
@pytest.mark.parametrize("address, slot, key, params, name", OTHER_UPLOADERS)
def test_other_uploaders_accept_a_file_after_an_upload_on_another_page(
    visit, no_live_work, image, files, address, slot, key, params, name
):
    page = visit("dream")
    open_popover(page, "content")
    _upload(page, "content", "elsewhere.png", image)
    page.switch_page(next(entry.file for entry in navigation.PAGES if entry.address == address))
    page.query_params.update(params)
    page.run()
    assert not page.exception
    open_popover(page, slot)
    start = keys.part(slot, "upload")
    [uploader] = [element for element in page.file_uploader if element.key.startswith(start)]
    uploader.set_value((name, files[name], "application/octet-stream")).run()
    assert not page.exception
    assert name in str(page.session_state[key])  # else refused


def _upload(page, slot: str, name: str, image) -> None:
    start = keys.part(slot, "upload")
    uploader = next(element for element in page.file_uploader if element.key.startswith(start))
    uploader.set_value((name, image_io.encode_png(image), "image/png")).run()


def test_animation_is_offered_as_a_video(visit, no_live_work):
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue", "lime")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100)
    page = visit("enhance")
    open_popover(page, "content")
    uploader = next(element for element in page.file_uploader if element.key.startswith("content."))
    uploader.set_value(("tr.gif", buffer.getvalue(), "image/gif")).run()
    assert "only its first frame is used" in join_texts(page.caption)
    press_button(page, "Use it as a video")
    assert not page.exception and "3 frames" in join_texts(page.caption)
