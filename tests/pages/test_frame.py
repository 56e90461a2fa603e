"""Every page opens, by link too, keeps TensorFlow out of the server, and shows sentences for errors."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pages.parts.places import PLACES, place_of

from .conftest import ROOT


def texts(elements) -> str:
    return " ".join(str(element.value) for element in elements)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.file)
def test_every_page_opens(visit, place):
    page = visit(place.address)
    assert not page.exception
    assert len(page.title) == 1
    assert place.title in page.title[0].value


def test_every_page_has_its_own_address_and_file():
    assert len({place.address for place in PLACES}) == len({place.file for place in PLACES}) == len(PLACES)
    assert all((ROOT / "pages" / place.file).is_file() for place in PLACES)


def test_a_job_opens_on_the_page_of_its_capability():
    assert place_of("style.transfer").file == "style_picture.py"
    assert place_of("no.such").address == ""


def test_a_studio_error_is_shown_as_its_sentence(visit, monkeypatch, tmp_path):
    newer = tmp_path / "home"
    newer.mkdir()
    (newer / "format").write_text("999\n")
    monkeypatch.setenv("STUDIO_HOME", str(newer))
    page = visit("health")
    assert not page.exception
    assert "made by a newer studio" in texts(page.error) + texts(page.caption)


_ALL_PAGES = """
import sys
from streamlit.testing.v1 import AppTest
from pages.parts.places import PLACES
app = AppTest.from_file("pages/frame.py", default_timeout=60).run()
for place in PLACES:
    app.switch_page(place.file).run()
    assert not app.exception and app.title
heavy = {"tensorflow", "keras", "jax", "torch", "sklearn", "skimage"} & set(sys.modules)
sys.stdout.write("loaded: " + " ".join(sorted(heavy)))
"""


def test_pages_keep_heavy_libraries_out_of_the_server(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _ALL_PAGES],
        cwd=ROOT,
        env=os.environ | {"STUDIO_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout.strip() == "loaded:", done.stderr[-2000:]
