"""Data sets by name on the Train a generator page: looked up, and downloaded only on request."""

from __future__ import annotations

import pytest

from pages import parts
from pages.form import learning_images, named_sets
from pages.jobs import commands
from studio.core import data
from studio.core.data import builders
from tests.wording import says_what_to_do

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_network(tmp_path, monkeypatch):
    """Makes all data sets and downloads unavailable, without checking any site."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(builders, "_check_sites", lambda *args: None)
    monkeypatch.setattr(builders, "_prepare", lambda *args: pytest.fail("it was fetched"))
    return tmp_path


@pytest.fixture
def named(visit):
    """Opens the page with a data set by name."""

    def named(name: str):
        page = visit("train-generator", learn_from=learning_images.BY_NAME, size="32", set_name=name)
        assert not page.exception
        return page

    return named


def labels(page):
    return [element.label for element in page.button]


def text_of(*kinds) -> str:
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def test_what_is_not_here_is_fetched_only_by_a_button_that_says_so(named, monkeypatch):
    lines = []
    monkeypatch.setattr(parts, "start", lambda *args: lines.append(commands.line(*args)))
    page = named("")
    assert not page.error and "Train" not in labels(page)
    next(element for element in page.button if element.label == "mnist").click().run()
    assert "not on this machine yet" in text_of(page.markdown) and "at most 12 MB" in text_of(page.markdown)
    assert not page.get("image") and not page.error
    next(element for element in page.button if element.label == "Fetch tfds:mnist and train").click().run()
    assert lines and lines[0].startswith("studio train dcgan tfds:mnist -o")


def test_what_is_here_is_read_at_once(named, no_network, until):
    from tiny_blobs.tiny_blobs_dataset_builder import Builder

    Builder(data_dir=no_network, file_format="array_record").download_and_prepare()
    page = named("tfds:tiny_blobs")
    until(lambda: page.run() and page.error)
    assert ": 11." in text_of(page.error) and "Use at least 64 images" in text_of(page.error)


@pytest.mark.parametrize(
    "name, wrong", [("no_such_set", "no such name"), ("../etc", "spelling"), ("imdb_reviews", "images")]
)
def test_a_name_that_does_not_do_is_one_sentence(named, name, wrong):
    page = named(name)
    assert len(page.error) == 1 and wrong in text_of(page.error) and says_what_to_do(text_of(page.error))
    assert not any("each" in label and "Fetch" in label for label in labels(page))


def test_it_is_looked_up_once_and_again_when_asked(named, monkeypatch):
    requests, real = [], data.store_reference
    monkeypatch.setattr(data, "store_reference", lambda text: requests.append(text) or real(text))
    page = named("no_such_set").run()
    assert requests == ["tfds:no_such_set"]
    next(element for element in page.button if element.label == "Look again").click().run()
    assert len(requests) == 2 and page.error


def test_a_visitor_of_a_studio_for_many_is_not_offered_any(visit, monkeypatch):
    monkeypatch.setattr(learning_images, "owner", lambda: "somebody")
    page = visit("train-generator")
    assert learning_images.BY_NAME not in page.button_group(key=learning_images.KEY).options
    assert named_sets.KEY not in {element.key for element in page.text_input}
