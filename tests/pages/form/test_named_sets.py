"""A data set by its name on the page that trains to draw: looked up, and fetched only by what is started."""

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
    """Nothing is here, and nothing can be fetched; whether a site answers is not asked."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(builders, "_check_reach", lambda *asked: None)
    monkeypatch.setattr(builders, "_prepare", lambda *asked: pytest.fail("it was fetched"))
    return tmp_path


@pytest.fixture
def named(visit):
    """The page with the images of a name."""

    def named(name: str):
        page = visit("train-generator", learn_from=learning_images.NAMED, size="32", set_name=name)
        assert not page.exception
        return page

    return named


def labels(page):
    return [found.label for found in page.button]


def said(*kinds) -> str:
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def test_what_is_not_here_is_fetched_only_by_a_button_that_says_so(named, monkeypatch):
    begun = []
    monkeypatch.setattr(parts, "start", lambda *asked: begun.append(commands.line(*asked)))
    page = named("")
    assert not page.error and "Train" not in labels(page)
    next(found for found in page.button if found.label == "mnist").click().run()
    assert "not on this machine yet" in said(page.markdown) and "at most 12 MB" in said(page.markdown)
    assert not page.get("image") and not page.error
    next(found for found in page.button if found.label == "Fetch tfds:mnist and train").click().run()
    assert begun and begun[0].startswith("studio train dcgan tfds:mnist -o")


def test_what_is_here_is_read_at_once(named, no_network, until):
    from tiny_blobs.tiny_blobs_dataset_builder import Builder

    Builder(data_dir=no_network, file_format="array_record").download_and_prepare()
    page = named("tfds:tiny_blobs")
    until(lambda: page.run() and page.error)
    assert ": 11." in said(page.error) and "Use at least 64 images" in said(page.error)


@pytest.mark.parametrize(
    "name, wrong", [("no_such_set", "no such name"), ("../etc", "spelling"), ("imdb_reviews", "images")]
)
def test_a_name_that_does_not_do_is_one_sentence(named, name, wrong):
    page = named(name)
    assert len(page.error) == 1 and wrong in said(page.error) and says_what_to_do(said(page.error))
    assert not any("each" in label and "Fetch" in label for label in labels(page))


def test_it_is_looked_up_once_and_again_when_asked(named, monkeypatch):
    asked, known = [], data.reference
    monkeypatch.setattr(data, "reference", lambda text: asked.append(text) or known(text))
    page = named("no_such_set").run()
    assert asked == ["tfds:no_such_set"]
    next(found for found in page.button if found.label == "Look again").click().run()
    assert len(asked) == 2 and page.error


def test_a_visitor_of_a_studio_for_many_is_not_offered_any(visit, monkeypatch):
    monkeypatch.setattr(learning_images, "owner", lambda: "somebody")
    page = visit("train-generator")
    assert learning_images.NAMED not in page.button_group(key=learning_images.KEY).options
    assert named_sets.KEY not in {found.key for found in page.text_input}
