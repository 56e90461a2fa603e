"""Data sets by name on the Train a generator page: looked up, and downloaded only on request."""

from __future__ import annotations

import pytest

from pages import parts
from pages.form import tfds_input, training_images
from pages.jobs import commands
from studio.core import data
from studio.core.data import builders
from tests.wording import says_what_to_do

from ..elements import find_button, join_texts, list_button_labels, press_button

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_network(tmp_path, monkeypatch):
    """Makes all data sets and downloads unavailable, without checking any site."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(builders, "_check_sites", lambda *args: None)
    monkeypatch.setattr(builders, "_download_and_prepare", lambda *args: pytest.fail("it was fetched"))
    return tmp_path


@pytest.fixture
def open_by_name(visit):
    """Opens the page with a data set by name."""

    def open_by_name(name: str):
        page = visit("train-generator", learn_from=training_images.BY_NAME, size="32", set_name=name)
        assert not page.exception
        return page

    return open_by_name


def test_missing_data_set_is_downloaded_only_by_a_button(open_by_name, monkeypatch):
    lines = []
    monkeypatch.setattr(parts, "start", lambda *args: lines.append(commands.format_command(*args)))
    page = open_by_name("")
    assert not page.error and find_button(page, "Train").disabled
    recent_images = len(page.get("image"))  # results of other tests
    press_button(page, "mnist")
    assert "not on this machine yet" in join_texts(page.markdown) and "at most 12 MB" in join_texts(
        page.markdown
    )
    assert len(page.get("image")) == recent_images and not page.error
    press_button(page, "Fetch tfds:mnist and train")
    assert lines and lines[0].startswith("studio train dcgan tfds:mnist -o")


def test_installed_data_set_is_read_immediately(open_by_name, no_network, until):
    from tiny_blobs.tiny_blobs_dataset_builder import Builder

    Builder(data_dir=no_network, file_format="array_record").download_and_prepare()
    page = open_by_name("tfds:tiny_blobs")
    until(lambda: page.run() and page.error)
    assert ": only 11 images." in join_texts(page.error) and "Use at least 64 images" in join_texts(
        page.error
    )


@pytest.mark.parametrize(
    "name, wrong", [("no_such_set", "no such name"), ("../etc", "spelling"), ("imdb_reviews", "images")]
)
def test_unknown_name_shows_an_error(open_by_name, name, wrong):
    page = open_by_name(name)
    assert (
        len(page.error) == 1 and wrong in join_texts(page.error) and says_what_to_do(join_texts(page.error))
    )
    assert not any("each" in label and "Fetch" in label for label in list_button_labels(page))


def test_name_is_looked_up_once_and_again_on_request(open_by_name, monkeypatch):
    requests, real = [], data.store_reference
    monkeypatch.setattr(data, "store_reference", lambda text: requests.append(text) or real(text))
    page = open_by_name("no_such_set").run()
    assert requests == ["tfds:no_such_set"]
    press_button(page, "Look again")
    assert len(requests) == 2 and page.error


def test_visitors_cannot_choose_by_name(visit, monkeypatch):
    monkeypatch.setattr(training_images, "get_owner", lambda: "somebody")
    page = visit("train-generator")
    assert training_images.BY_NAME not in page.button_group(key=training_images.KEY).options
    assert tfds_input.KEY not in {element.key for element in page.text_input}
