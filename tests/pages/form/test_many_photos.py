"""Many photos on a page: accepted one by one, with messages, and started as one batch."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.form import many_photos, uploads
from pages.widgets import page_errors
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.tasks import File
from tests.wording import says_what_to_do

from ..elements import list_button_labels, press_button


def make_upload(name, data):
    return SimpleNamespace(name=name, size=len(data), getvalue=lambda: data)


def test_files_that_are_no_images_are_reported_and_the_others_added(home, image, monkeypatch):
    photos: list[File] = []
    good = image_io.encode_png(image)
    files = [
        make_upload("trip/a.png", good),
        make_upload("trip/bad.jpg", b"no image"),
        make_upload("trip/b.png", good[:-40] + good[-40:]),
    ]
    monkeypatch.setattr(st, "session_state", {"many": files, uploads._version_key("many"): 0})
    uploads._handle_uploads("many", 0, "many", lambda data, name: many_photos._add_photo(photos, data, name))
    assert [file.name for file in photos] == ["a.png", "b.png"]
    _, [message] = st.session_state[page_errors.ERRORS_KEY]
    assert "bad.jpg" in message and says_what_to_do(message)


def test_number_of_photos_is_limited(home, image):
    photos = [File("0" * 64, "image", "a.png")] * many_photos.MAX_PHOTOS
    with pytest.raises(InvalidInput, match="Start these first"):
        many_photos._add_photo(photos, image_io.encode_png(image), "last.png")


@pytest.mark.slow
def test_pages_start_a_batch_of_photos(visit, engine, image, until):
    photos = [File.store(image_io.encode_png(image // (n + 1)), "image", f"{n}.png") for n in range(3)]
    page = visit("style", mode="Instant", size="64", style="Mosaic")
    assert not page.exception and "Start all 3" not in list_button_labels(page)
    page.session_state["many_photos"] = photos
    page.run()
    press_button(page, "Start all 3")
    assert not page.exception and not page.error
    job = engine.list_jobs(limit=1)[0]
    batch = engine.find_batch(job.batch)
    assert page.query_params["job"] in (batch.jobs[0], [batch.jobs[0]])
    assert len(batch.jobs) == 3
    names = [engine.find_job(id).inputs["content"][0].name for id in batch.jobs]
    assert names == ["0.png", "1.png", "2.png"]
    engine.cancel_batch(job.batch)
    until(lambda: engine.find_batch(job.batch).ended == 3)
    for id in batch.jobs:
        engine.find_job(id).folder.remove()
