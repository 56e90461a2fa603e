"""Results of each kind: shown, downloaded with a recipe, and small in the job panel."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.form import samples
from pages.jobs import results
from studio.core import recipes
from studio.core.imaging import image_io, thumbnails
from studio.core.tasks import File
from studio.dream.settings import DreamSettings
from studio.style.settings import TransferSettings

from ..elements import list_image_viewers

COLORS = ((200, 30, 40), (30, 200, 40), (30, 40, 200))


def make_frame(color):
    return np.full((48, 64, 3), color, "uint8")


def encode_video(ending: str) -> bytes:
    buffer = io.BytesIO()
    if ending == "mp4":
        with av.open(buffer, "w", format="mp4") as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for color in COLORS:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(make_frame(color), format="rgb24")))
            container.mux(stream.encode())
        return buffer.getvalue()
    first, *variants = (Image.fromarray(make_frame(color)) for color in COLORS)
    first.save(buffer, ending.upper(), save_all=True, append_images=variants, loop=0, duration=100)
    return buffer.getvalue()


def page_of_result(task):
    import streamlit as st

    from pages.jobs import results

    file = st.session_state["file"]
    results.show_result(file, None, key="result", caption="made here")
    results.show_file_download(file, task, key="it", recipe=st.session_state["made"])


@pytest.fixture
def show(home):
    def show(kind, data, name):
        page = AppTest.from_function(page_of_result, default_timeout=60, kwargs={"task": "dream.ascend"})
        page.session_state["file"] = File.store(data, kind, name)
        page.session_state["made"] = recipes.Recipe(task="dream.ascend", settings={})
        page.run()
        assert not page.exception
        return page

    return show


def list_downloads(page):
    return [element.proto.label for element in page.get("download_button")]


@pytest.mark.parametrize("name", ["grid.zip", "grid.npz"])
def test_archive_is_shown_by_its_thumbnail(show, name):
    page = show("dataset", b"PK", name)
    assert page.get("image") and "Download" in list_downloads(page)


def test_mp4_is_played_in_a_loop(show):
    page = show("animation", encode_video("mp4"), "sky-dream.mp4")
    [player] = page.get("video")
    assert (player.proto.loop, player.proto.muted) == (True, True)
    assert list_downloads(page) == ["Download", "Download recipe"]


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_other_videos_are_shown_as_images(show, ending):
    page = show("animation", encode_video(ending), f"sky-dream.{ending}")
    [image] = page.get("image")
    assert image.proto.imgs[0].url.startswith(f"data:image/{ending};base64,")
    assert list_downloads(page) == ["Download", "Download recipe"]


def test_png_contains_its_recipe(show, image):
    page = show("image", image_io.encode_png(image), "sky-dream.png")
    assert len(list_image_viewers(page)) == 1
    assert list_downloads(page) == ["Download"]


def test_viewer_has_the_size_of_the_file_and_its_main_settings(show):
    photo = np.full((2000, 3000, 3), 90, "uint8")
    recipe = recipes.make("style.transfer", TransferSettings(size=2048, strength=0.25), {})
    [viewer] = list_image_viewers(show("image", image_io.encode_png(photo, recipe), "large.png"))
    assert viewer["size"] == [3000, 2000], "not that of the smaller image for the page"
    assert "Strength 0.25" in viewer["details"] and "Size 2048 px" in viewer["details"]
    assert viewer["caption"] == "made here" and not viewer["before"]
    [viewer] = list_image_viewers(show("image", image_io.encode_png(photo), "large.png"))
    assert viewer["details"] == "", "a file without a recipe has no settings"


def test_export_menu_offers_its_formats_when_it_is_open(show, image):
    page = show("image", image_io.encode_png(image), "sky-dream.png")
    page.session_state["it.exports"] = True
    page.run()
    assert "Save as PNG" in list_downloads(page)
    page.button_group(key="it.format").set_value(".jpg").run()
    assert list_downloads(page)[-1] == "Save as JPEG"
    assert [slider.label for slider in page.slider] == ["Quality"]
    assert page.number_input(key="it.longest").value == max(image.shape)
    assert not show("text", b"Once", "sky.txt").get("popover")


@pytest.mark.parametrize("ending", ["mp4", "gif", "webp"])
def test_thumbnail_of_a_video_is_its_first_frame(home, ending):
    file = File.store(encode_video(ending), "animation", f"sky.{ending}")
    frame = thumbnails.make_image(file)
    assert frame.shape == (48, 64, 3)
    assert np.abs(frame.astype(int) - COLORS[0]).mean() < 12
    assert image_io.read(samples.make_thumbnail(file)).shape == (
        samples.THUMBNAIL_SIDE,
        samples.THUMBNAIL_SIDE,
        3,
    )


def test_other_seeds_differ_if_the_task_is_random():
    dream, chore = DreamSettings(seed=5), TransferSettings(mode="instant")
    seeds = [settings.seed for settings in results.list_other_seeds(dream)]
    assert len({5, *seeds}) == 9
    assert not results.list_other_seeds(chore)
