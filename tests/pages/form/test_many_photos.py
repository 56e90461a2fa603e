"""Many photos on a page: accepted one by one, with messages, and started as one batch."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.form import many_photos, uploads
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.tasks import File
from tests.wording import says_what_to_do


def upload(name, data):
    return SimpleNamespace(name=name, size=len(data), getvalue=lambda: data)


def test_of_a_folder_what_is_no_image_is_told_and_the_rest_is_taken(home, image, monkeypatch):
    there: list[File] = []
    good = image_io.encode_png(image)
    files = [
        upload("trip/a.png", good),
        upload("trip/bad.jpg", b"no image"),
        upload("trip/b.png", good[:-40] + good[-40:]),
    ]
    monkeypatch.setattr(st, "session_state", {"many": files, uploads._turn("many"): 0})
    uploads._take("many", 0, "many", lambda data, name: many_photos._take(there, data, name))
    assert [file.name for file in there] == ["a.png", "b.png"]
    _, [message] = st.session_state[uploads.FAULT]
    assert "bad.jpg" in message and says_what_to_do(message)


def test_no_more_than_can_be_looked_after_are_taken(home, image):
    there = [File("0" * 64, "image", "a.png")] * many_photos.MOST
    with pytest.raises(InvalidInput, match="Start these first"):
        many_photos._take(there, image_io.encode_png(image), "last.png")


@pytest.mark.slow
def test_the_pages_start_a_batch_of_them(visit, engine, image, until):
    photos = [File.keep(image_io.encode_png(image // (n + 1)), "image", f"{n}.png") for n in range(3)]
    page = visit("style", mode="Instant", size="64", style="Mosaic")
    assert not page.exception and "Start all 3" not in [element.label for element in page.button]
    page.session_state["many_photos"] = photos
    page.run()
    next(element for element in page.button if element.label == "Start all 3").click().run()
    assert not page.exception and not page.error
    job = engine.jobs(limit=1)[0]
    batch = engine.batch(job.batch)
    assert page.query_params["job"] in (batch.jobs[0], [batch.jobs[0]])
    assert len(batch.jobs) == 3
    names = [engine.job(id).inputs["content"][0].name for id in batch.jobs]
    assert names == ["0.png", "1.png", "2.png"]
    engine.cancel_batch(job.batch)
    until(lambda: engine.batch(job.batch).ended == 3)
    for id in batch.jobs:
        engine.job(id).folder.remove()
