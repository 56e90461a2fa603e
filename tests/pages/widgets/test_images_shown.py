"""Choosing images: samples, accepted uploads and rejected uploads."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from pages.form import sample_texts, samples, video_input
from pages.form.image_input import keep
from pages.jobs import commands
from pages.widgets import owners
from studio.core import owners as library
from studio.core import paths, tasks
from studio.core.data import sample_sets
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.run import own_images
from studio.video.settings import VideoSettings
from tests.wording import says_what_to_do


def page_of_images():
    import streamlit as st

    from pages import parts

    content = parts.image("content", "Content", parts.photos())
    styles = parts.images("style", "Styles", parts.styles(), most=4)
    st.session_state["content_file"] = content.file()
    st.session_state["style_titles"] = [style.title for style in styles]


@pytest.fixture
def page(draw):
    return draw(page_of_images)


@pytest.fixture
def png(image):
    return image_io.encode_png(image)


def uploader(page, slot):
    return next(element for element in page.file_uploader if element.key.startswith(f"{slot}.upload"))


@pytest.mark.slow
def test_a_sample_is_chosen_already(page):
    assert not page.exception
    assert image_io.read(page.session_state["content_file"].read()).shape[2] == 3
    assert len(page.session_state["style_titles"]) == 1


@pytest.mark.slow
def test_an_upload_is_kept_chosen_and_leaves_the_widget(page, png):
    uploader(page, "content").set_value(("holiday *photo*.png", png, "image/png")).run()
    file = page.session_state["content_file"]
    assert (file.read(), file.name) == (png, "holiday *photo*.png")
    assert page.button_group(key="content").value == "holiday *photo*"
    assert not uploader(page, "content").value
    assert not page.session_state["content.add"], "what it was chosen in has closed"


def test_a_second_upload_does_not_replace_the_first(page, png, image):
    uploader(page, "content").set_value(("a.png", png, "image/png")).run()
    other = image_io.encode_png(255 - image)
    uploader(page, "content").set_value(("b.png", other, "image/png")).run()
    assert page.session_state["content_file"].read() == other
    page.button_group(key="content").set_value("a").run()
    assert page.session_state["content_file"].read() == png


@pytest.mark.slow
def test_an_address_brings_an_image_back_for_whom_it_was_made_alone(visit, png, monkeypatch):
    whose = ["visitor-a"]
    monkeypatch.setattr(owners, "owner", lambda: whose[0])

    def is_restored(address):
        page = visit("dream", content="Your photo", **{"content.file": address})
        assert not page.exception
        return page.button_group(key="content").value == "Your photo"

    digest = File.keep(png, "image", "me.png").digest
    assert is_restored(digest) and is_restored(f"{digest}.as-addresses-of-before-ended")
    for another in (digest[:-1], f"{digest}é", "0" * 64, "../../etc/passwd"):
        assert not is_restored(another)
    whose[0] = "visitor-b"
    assert not is_restored(digest)
    whose[0] = "local"
    assert is_restored(digest)


def test_a_bad_upload_is_one_sentence_and_nothing_is_lost(page):
    page.button_group(key="content").set_value("Coffee").run()
    uploader(page, "content").set_value(("photo.jpg", b"no image at all", "image/jpeg")).run()
    assert not page.exception
    assert len(page.error) == 1
    assert r"image photo\.jpg\:" in page.error[0].value
    assert page.session_state["content.add"], "the sentence stands where the file was chosen"
    assert page.button_group(key="content").value == "Coffee"
    assert page.session_state["content_file"].name == "coffee.png"


def test_at_most_four_styles(page):
    five = page.button_group(key="style").options[:5]
    page.button_group(key="style").set_value(five).run()
    assert page.session_state["style_titles"] == five[1:]


def test_a_style_used_beside_four_is_the_newest_of_four(draw, home):
    def page_of_use():
        import streamlit as st

        from pages import parts
        from pages.form import image_input

        styles = parts.images("style", "Styles", parts.styles(), most=4)
        st.session_state["titles"] = [style.title for style in styles]
        read_photo = parts.photos()[1].file
        st.button("Use", on_click=lambda: image_input.use("style", read_photo(), "Your style"))

    page = draw(page_of_use)
    four = page.button_group(key="style").options[:4]
    page.button_group(key="style").set_value(four).run()
    next(button for button in page.button if button.label == "Use").click().run()
    assert page.session_state["titles"] == [*four[1:], "Your style"]


def test_no_style_means_the_first(page):
    first = page.button_group(key="style").options[0]
    page.button_group(key="style").set_value([]).run()
    assert page.session_state["style_titles"] == [first]


def test_every_sample_has_its_small_image():
    for name in samples.sample_photos.list_photos():
        assert (samples.SHIPPED / f"photo-{name}.webp").is_file(), name
    from studio.core.imaging import paintings

    for name in paintings.list_paintings():
        assert (samples.SHIPPED / f"style-{name}.webp").is_file(), name


def test_a_small_image_is_square_and_small(image):
    data = samples.square(np.asarray(image))
    assert image_io.read(data).shape == (samples.THUMBNAIL, samples.THUMBNAIL, 3)
    assert len(data) < 20_000


@pytest.mark.slow
def test_a_sample_is_spelled_as_the_command_takes_it_and_a_persons_file_by_its_name(home, png):
    assert samples.command_name(samples.photos()[0].file()) == "sample:chelsea"
    assert samples.command_name(File.keep(png, "image", "chelsea.png")) == "chelsea.png"
    name, reference = next((name, sample_sets.store(name)) for name in sample_sets.list_sets())
    assert samples.command_name(reference) == f"sample:{name}"
    assert samples.command_name(File.keep(b"PK", "dataset", reference.name)) == reference.name


def test_a_sample_that_only_pages_have_is_in_no_command(home):
    settings = tasks.get("text.train").settings()
    assert commands.line("text.train", settings, {"text": [sample_texts.file()]}) == ""
    own = File.keep(b"words " * 50, "text", sample_texts.NAME)
    assert "small tales.txt" in commands.line("text.train", settings, {"text": [own]})
    assert (
        commands.line(
            "video.repaint", VideoSettings(task="style.transfer"), {"video": [video_input.sample()]}
        )
        == ""
    )


def test_every_odd_file_is_taken_or_refused_in_one_sentence(data_dir, home):
    folder = data_dir / "badfiles" / "images"
    with (data_dir / "badfiles" / "INDEX.tsv").open() as handle:
        rows = list(csv.reader(handle, delimiter="\t"))
    named = [row for row in rows if row and row[0].startswith("images/")]
    assert len(named) > 50
    for path in sorted(folder.iterdir()):
        try:
            file = keep(path.read_bytes(), path.name)
        except InvalidInput as error:
            assert "\n" not in str(error)
            assert says_what_to_do(str(error))
        else:
            assert file.path.is_file()


def test_what_is_used_in_an_optional_slot_switches_it_on(draw, home):
    def page_of_guide():
        import streamlit as st

        from pages import parts
        from pages.form import image_input

        guide = parts.optional("guide", "Guide", parts.guides(), "Help", "Your guide")
        st.session_state["title"] = guide.title if guide else None
        read_photo = parts.photos()[1].file
        st.button("Use", on_click=lambda: image_input.use("guide", read_photo(), "Your guide"))

    page = draw(page_of_guide)
    assert page.session_state["title"] is None
    page.button[-1].click().run()
    assert not page.exception
    assert page.session_state["title"] == "Your guide"
    page.toggle(key="guide.on").set_value(False).run()
    assert page.session_state["title"] is None


def test_images_of_ones_own_keep_their_names_and_are_offered_again(page, png, image, visit):
    uploader(page, "content").set_value(("Coffee.png", png, "image/png")).run()
    assert page.button_group(key="content").value == "Coffee 2", "a sample has that name already"
    other = image_io.encode_png(255 - image)
    uploader(page, "content").set_value(("my_cat.jpg", other, "image/png")).run()
    assert page.button_group(key="content").value == "my cat"

    again = visit("dream")
    again.session_state["content.add"] = True
    again.run()
    before = again.button_group(key="content.before")
    assert before.options[:2] == ["my cat", "Coffee"], "newest first"
    before.set_value(paths.digest(png)).run()
    assert not again.exception and again.button_group(key="content").value == "Coffee 2"
    assert again.query_params["content.file"] == paths.digest(png)
    assert not again.session_state["content.add"]

    again.session_state["content.add"] = True
    again.run()
    next(element for element in again.button if element.key == "content.before.clear").click().run()
    assert own_images.list_recent() == []
    assert again.button_group(key="content").value == "Coffee 2", "what is chosen stays"


def test_each_visitor_is_offered_their_own_images_alone(home, png):
    with library.acting_as("visitor-ann"):
        own_images.add(File.keep(png, "image", "hers.png"))
    with library.acting_as("visitor-bob"):
        assert own_images.list_recent() == []
    with library.acting_as("visitor-ann"):
        assert [file.name for file in own_images.list_recent()] == ["hers.png"]


def test_a_short_history_is_kept_and_a_damaged_one_is_none(home, png):
    files = [File.keep(png + bytes([n]), "image", f"{n}.png") for n in range(10)]
    for file in files:
        own_images.add(file)
    own_images.add(files[5])
    assert [file.name for file in own_images.list_recent()] == [f"{n}.png" for n in (5, 9, 8, 7, 6, 4, 3, 2)]
    (home / "images.json").write_text('[{"digest": "../../etc/passwd", "name": "x"}]')
    assert own_images.list_recent() == []
