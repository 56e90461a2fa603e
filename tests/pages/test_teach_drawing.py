"""The page that teaches a model to draw: what it takes, and what it says before anything starts."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pages.drawing import wish
from pages.form import learning_pictures, samples
from studio.core import tasks
from studio.core.data import sample_sets
from studio.core.pictures import avatars, images
from studio.core.tasks import File

pytestmark = pytest.mark.slow

EACH = 70


def labels(page):
    return [found.label for found in page.button]


def said(*kinds) -> str:
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def png(seed: int, side: int = 40) -> bytes:
    return images.encode_png(avatars.draw(np.random.default_rng(seed), side)[0])


def zipped(*pictures: bytes, ending: str = "png") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, picture in enumerate(pictures):
            file.writestr(f"{n}.{ending}", picture)
    return packed.getvalue()


def grey(n: int) -> bytes:
    """Always the same picture, in a file that is not."""
    body = io.BytesIO()
    Image.new("RGB", (40, 40), "gray").save(body, "BMP")
    return body.getvalue() + bytes([n])


@pytest.fixture
def own(visit, until):
    """The page with files of a person's own, once they are read."""

    def own(*files: tuple[str, bytes]):
        page = visit("teach-to-draw", learn_from="Your own", size="32")
        assert not page.exception and "Teach" not in labels(page)
        for name, body in files:
            page = page.file_uploader[0].upload(name, body, "application/octet-stream").run()
        until(lambda: page.error or "Teach" in labels(page) or page.run() is None)
        assert not page.exception
        return page

    return own


def test_a_sample_is_chosen_and_shown_with_what_it_takes(visit, until):
    page = visit("teach-to-draw")
    until(lambda: page.run() and "Teach" in labels(page))
    assert not page.exception and not page.error
    assert page.button_group(key=learning_pictures.KEY).value == "Avatars"
    assert "1,000 pictures" in said(page.markdown)
    assert "which takes about" in said(page.markdown) and "GiB of memory" in said(page.markdown)
    captions = [image.caption for one in page.get("image") for image in one.proto.imgs]
    assert any(caption.startswith("As it sees them") for caption in captions)


@pytest.mark.parametrize("kind", wish.TASKS)
def test_every_setting_is_asked_for_once_or_follows(visit, kind):
    page = visit("teach-to-draw", kind=wish.KINDS[kind])
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle")
    there = [found.key for kind in kinds for found in getattr(page, kind)]
    for name in tasks.get(wish.TASKS[kind]).settings.described():
        assert there.count(name) == (name not in ("test_every", "scored")), name


def test_what_a_sample_decides_is_not_asked_for(visit):
    page = visit("teach-to-draw", learn_from="Digits")
    there = {found.key for found in [*page.toggle, *page.button_group]}
    assert "flip" not in there and "colors" not in there and "size" in there


def test_a_zip_is_looked_over(own):
    page = own(("mine.zip", zipped(*(png(n, 30 + n) for n in range(EACH)), b"no picture")))
    assert "Teach" in labels(page) and not page.error
    told = said(page.markdown, page.caption)
    assert "70 pictures" in told and "30 to 99 px" in told
    assert "2 of them are smaller than 32 px" in told and "learns them by heart" in told
    assert "70.png" in told, "what was left out is named"


def test_loose_pictures_are_gathered(own):
    page = own(*((f"{n}.png", png(n)) for n in range(3)))
    assert "3 pictures: 0.png, 1.png, 2.png" in said(page.caption)
    assert "at least 64 pictures" in said(page.error) and "Received: 3" in said(page.error)
    next(found for found in page.button if found.label == "Clear").click().run()
    assert not page.error and "3 pictures" not in said(page.caption)


@pytest.mark.parametrize(
    "name, body, wrong",
    [
        ("few.zip", lambda: zipped(*(png(n) for n in range(10))), "at least 64 pictures. Received: 10."),
        ("one.png", lambda: png(0), "at least 64 pictures. Received: 1."),
        ("same.zip", lambda: zipped(*map(grey, range(EACH)), ending="bmp"), "70, of which only 1 differ"),
        ("broken.zip", lambda: zipped(png(0))[:-30], "a whole zip or tar"),
        ("notes.zip", lambda: b"Dear diary", "Received: another kind of file"),
        ("notes.png", lambda: b"Dear diary", "notes.png"),
        ("texts.zip", lambda: zipped(*[b"Dear diary"] * EACH), "pictures"),
    ],
    ids=lambda value: value if isinstance(value, str) and value[-4:-3] == "." else "",
)
def test_what_cannot_be_learnt_from_is_one_sentence_before_it_starts(own, name, body, wrong):
    page = own((name, body()))
    assert len(page.error) == 1 and "Next: " in said(page.error)
    assert wrong in said(page.error)
    assert "Teach" not in labels(page)


def test_a_gallery_with_too_few_says_how_many_there_are(visit):
    page = visit("teach-to-draw", learn_from="Your gallery", gallery_words="nothing-is-called-so")
    assert not page.exception and not page.error
    assert "your gallery has 0 pictures with these words" in said(page.info)
    assert "Teach" not in labels(page)


def test_pictures_of_the_gallery_become_a_data_set(visit, until, monkeypatch):
    def find(wanted, owner, most):
        kept = [File.keep(png(n, 600 if n < 5 else 40), "picture", "a.png") for n in range(EACH)]
        return [SimpleNamespace(file=file) for file in kept], EACH

    monkeypatch.setattr(learning_pictures.index, "find", find)
    page = visit("teach-to-draw", learn_from="Your gallery", size="32")
    until(lambda: page.run() and ("Teach" in labels(page) or page.error))
    assert not page.error
    assert "70 pictures**, 40 to 512 px" in said(page.markdown), "large ones are made smaller on the way"


def test_samples_have_their_pictures():
    for name in [*sample_sets.collections(), "own", "gallery"]:
        assert (samples.SHIPPED / f"set-{name}.webp").is_file()
