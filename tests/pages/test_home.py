"""The home page: a photo, and what five pages make of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pages.home import first_photo
from studio import engine
from studio.core import errors
from studio.core.imaging import image_io

from .elements import find_button, join_texts, list_button_labels, press_button

TITLES = [preview.title for preview in first_photo.PREVIEWS]


@pytest.fixture
def results(monkeypatch, image):
    """Replaces the networks: each result is the photo, and a dream fails."""
    requests = []

    def run_live(task, settings, inputs, *_):
        requests.append((task, settings, inputs))
        if task == "dream.ascend":
            raise errors.InvalidInput("It had a nightmare.")
        labels = [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}]
        kind = "text" if task == "classify.predict" else "image"
        figures = {"images": [{"labels": labels}]}
        return engine.Live(
            task, settings, inputs, image_io.encode_png(image), kind, "", figures, None, 1.0, False
        )

    monkeypatch.setattr("studio.engine.Engine.run_live", lambda _engine, *args: run_live(*args))
    monkeypatch.setattr("pages.widgets.weight_downloads.list_missing", lambda needs: [])
    return requests


def list_captions(page) -> list[str]:
    return [image.caption.replace("\\", "") for element in page.get("image") for image in element.proto.imgs]


@pytest.mark.slow
def test_photo_is_previewed_by_five_pages_and_one_error_stays_in_its_place(visit, results):
    page = visit()
    assert not page.exception and "Open in Style" not in list_button_labels(page)
    page = press_button(page, "Use a sample photo")
    assert not page.exception
    assert [task for task, _, _ in results] == [preview.task for preview in first_photo.PREVIEWS]
    assert join_texts(page.error) == "It had a nightmare."
    assert "Try again" in list_button_labels(page)
    captions = list_captions(page)
    assert {"Restyled", "Enhanced", "Colorized from gray", "Classified: cat 75% and dog 25%"} <= set(captions)
    for _, _, inputs in results:
        [[photo]] = inputs.values()
        assert max(image_io.read(photo.read()).shape) == first_photo.SIDE
    page.run()
    assert len(results) == 6, "only the failed one is tried again"


@pytest.mark.slow
def test_button_opens_the_page_with_the_photo(visit, results):
    page = press_button(visit(), "Use a sample photo")
    find_button(page, "Open in Colorize").click().run()
    assert page.title[0].value == "Colorize"
    assert "chelsea" in page.button_group(key="content").value.lower()
    assert page.toggle(key="recolor").value, "as the preview was made"


@pytest.mark.slow
def test_button_opens_style_with_the_style_of_the_preview(visit, results):
    page = press_button(visit(), "Use a sample photo")
    find_button(page, "Open in Style").click().run()
    assert page.title[0].value == "Style"
    assert page.button_group(key="style").value == ["Mosaic"]


@pytest.mark.slow
def test_photo_survives_a_reload(visit, results):
    page = press_button(visit(), "Use a sample photo")
    page = visit_again(visit, page.query_params["first_photo"])
    titles = {caption.partition(":")[0] for caption in list_captions(page)}
    assert set(TITLES) - {"Dreamed"} <= titles


def visit_again(visit, address):
    """Returns the page of an address in another tab."""
    page = visit()
    del page.session_state["first_photo"]  # of the visit without an address
    page.query_params["first_photo"] = address
    return page.run()


@pytest.mark.slow
def test_missing_weights_are_named_and_not_downloaded(visit, results, monkeypatch):
    network = SimpleNamespace(title="VGG16", download_bytes=0)
    monkeypatch.setattr(
        "pages.widgets.weight_downloads.list_missing", lambda needs: [network] if "vgg16" in needs else []
    )
    page = press_button(visit(), "Use a sample photo")
    assert "Dreamed: needs VGG16; its page offers them" in list_captions(page)
    assert "dream.ascend" not in [task for task, _, _ in results]


def test_middle_of_a_panorama_is_previewed():
    image = np.arange(600 * 100 * 3).reshape(600, 100, 3).astype("uint8")
    assert np.array_equal(first_photo._crop_panorama(image), image[200:400])
    assert np.array_equal(first_photo._crop_panorama(image[:150]), image[:150])
