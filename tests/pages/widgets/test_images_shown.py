"""Choosing images: samples, accepted uploads and rejected uploads."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from pages.form import sample_texts, samples, video_input
from pages.form.image_input import store_image
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

from ..elements import find_button_by_key, open_popover, popover_key, press_button


def page_of_images():
    import streamlit as st

    from pages import parts

    content = parts.choose_image("content", "Content", parts.list_photos())
    styles = parts.choose_images("style", "Styles", parts.list_styles(), max_images=4)
    st.session_state["content_file"] = content.get_file()
    st.session_state["style_titles"] = [style.title for style in styles]


@pytest.fixture
def page(draw):
    return draw(page_of_images)


@pytest.fixture
def image_png(image):
    return image_io.encode_png(image)


def find_uploader(page, slot):
    return next(element for element in page.file_uploader if element.key.startswith(f"{slot}.upload"))


@pytest.mark.slow
def test_first_sample_is_preselected(page):
    assert not page.exception
    assert image_io.read(page.session_state["content_file"].read()).shape[2] == 3
    assert len(page.session_state["style_titles"]) == 1


@pytest.mark.slow
def test_upload_is_selected_and_leaves_the_widget(page, image_png):
    find_uploader(page, "content").set_value(("holiday *photo*.png", image_png, "image/png")).run()
    file = page.session_state["content_file"]
    assert (file.read(), file.name) == (image_png, "holiday *photo*.png")
    assert page.button_group(key="content").value == "holiday *photo*"
    assert not find_uploader(page, "content").value
    assert not page.session_state[popover_key(page, "content")], "what it was chosen in has closed"


def test_second_upload_does_not_replace_the_first(page, image_png, image):
    find_uploader(page, "content").set_value(("a.png", image_png, "image/png")).run()
    other = image_io.encode_png(255 - image)
    find_uploader(page, "content").set_value(("b.png", other, "image/png")).run()
    assert page.session_state["content_file"].read() == other
    page.button_group(key="content").set_value("a").run()
    assert page.session_state["content_file"].read() == image_png


@pytest.mark.slow
def test_address_restores_an_image_only_for_its_owner(visit, image_png, monkeypatch):
    owner_name = ["visitor-a"]
    monkeypatch.setattr(owners, "get_owner", lambda: owner_name[0])

    def is_restored(address):
        page = visit("dream", content="Your photo", **{"content.file": address})
        assert not page.exception
        return page.button_group(key="content").value == "Your photo"

    digest = File.store(image_png, "image", "me.png").digest
    assert is_restored(digest)
    for another in (digest[:-1], f"{digest}é", "0" * 64, "../../etc/passwd"):
        assert not is_restored(another)
    owner_name[0] = "visitor-b"
    assert not is_restored(digest)
    owner_name[0] = "local"
    assert is_restored(digest)
    page = visit("dream", content=r"my\-face\_2", **{"content.file": digest})  # as the tiles write it
    assert page.button_group(key="content").value == "my-face_2"
    assert not page.warning


def test_invalid_upload_shows_an_error_and_keeps_the_selection(page):
    page.button_group(key="content").set_value("Coffee").run()
    find_uploader(page, "content").set_value(("photo.jpg", b"no image at all", "image/jpeg")).run()
    assert not page.exception
    assert len(page.error) == 1
    assert r"image photo\.jpg\:" in page.error[0].value
    assert page.session_state[popover_key(page, "content")], "the sentence stands where the file was chosen"
    assert page.button_group(key="content").value == "Coffee"
    assert page.session_state["content_file"].name == "coffee.png"


def test_at_most_four_styles_are_selected(page):
    five = page.button_group(key="style").options[:5]
    page.button_group(key="style").set_value(five).run()
    assert page.session_state["style_titles"] == five[1:]


def test_fifth_style_replaces_the_oldest(draw, home):
    def page_of_use():
        import streamlit as st

        from pages import parts
        from pages.form import image_input

        styles = parts.choose_images("style", "Styles", parts.list_styles(), max_images=4)
        st.session_state["titles"] = [style.title for style in styles]
        read_photo = parts.list_photos()[1].get_file
        st.button("Use", on_click=lambda: image_input.add_and_select("style", read_photo(), "Your style"))

    page = draw(page_of_use)
    four = page.button_group(key="style").options[:4]
    page.button_group(key="style").set_value(four).run()
    press_button(page, "Use")
    assert page.session_state["titles"] == [*four[1:], "Your style"]


def test_first_style_is_used_without_a_selection(page):
    first = page.button_group(key="style").options[0]
    page.button_group(key="style").set_value([]).run()
    assert page.session_state["style_titles"] == [first]


def test_every_sample_has_a_thumbnail():
    for name in samples.sample_photos.list_photos():
        assert (samples.IMAGE_FOLDER / f"photo-{name}.webp").is_file(), name
    from studio.core.imaging import paintings

    for name in paintings.list_paintings():
        assert (samples.IMAGE_FOLDER / f"style-{name}.webp").is_file(), name


def test_thumbnail_is_square_and_small(image):
    data = samples.encode_square(np.asarray(image))
    assert image_io.read(data).shape == (samples.THUMBNAIL_SIDE, samples.THUMBNAIL_SIDE, 3)
    assert len(data) < 20_000


@pytest.mark.slow
def test_command_names_samples_and_own_files(home, image_png):
    assert samples.command_name(samples.list_photos()[0].get_file()) == "sample:chelsea"
    assert samples.command_name(File.store(image_png, "image", "chelsea.png")) == "chelsea.png"
    name, reference = next((name, sample_sets.store(name)) for name in sample_sets.list_sets())
    assert samples.command_name(reference) == f"sample:{name}"
    assert samples.command_name(File.store(b"PK", "dataset", reference.name)) == reference.name


def test_command_omits_samples_of_the_pages(home):
    settings = tasks.get("text.train").settings()
    assert commands.format_command("text.train", settings, {"text": [sample_texts.store_tales()]}) == ""
    own_file = File.store(b"words " * 50, "text", sample_texts.TALES_NAME)
    assert "small tales.txt" in commands.format_command("text.train", settings, {"text": [own_file]})
    assert (
        commands.format_command(
            "video.repaint", VideoSettings(task="style.transfer"), {"video": [video_input.store_sample()]}
        )
        == ""
    )


def test_every_odd_file_is_accepted_or_refused_with_an_error(data_dir, home):
    folder = data_dir / "badfiles" / "images"
    with (data_dir / "badfiles" / "INDEX.tsv").open() as handle:
        rows = list(csv.reader(handle, delimiter="\t"))
    named_files = [row for row in rows if row and row[0].startswith("images/")]
    assert len(named_files) > 50
    for path in sorted(folder.iterdir()):
        try:
            file = store_image(path.read_bytes(), path.name)
        except InvalidInput as error:
            assert "\n" not in str(error)
            assert says_what_to_do(str(error))
        else:
            assert file.path.is_file()


def test_using_an_optional_image_switches_it_on(draw, home):
    def page_of_guide():
        import streamlit as st

        from pages import parts
        from pages.form import image_input

        guide = parts.choose_optional_image("guide", "Guide", parts.list_guides(), "Help", "Your guide")
        st.session_state["title"] = guide.title if guide else None
        read_photo = parts.list_photos()[1].get_file
        st.button("Use", on_click=lambda: image_input.add_and_select("guide", read_photo(), "Your guide"))

    page = draw(page_of_guide)
    assert page.session_state["title"] is None
    page.button[-1].click().run()
    assert not page.exception
    assert page.session_state["title"] == "Your guide"
    page.toggle(key="guide.on").set_value(False).run()
    assert page.session_state["title"] is None


def test_own_images_keep_their_names_and_are_offered_again(page, image_png, image, visit):
    find_uploader(page, "content").set_value(("Coffee.png", image_png, "image/png")).run()
    assert page.button_group(key="content").value == "Coffee 2", "a sample has that name already"
    other = image_io.encode_png(255 - image)
    find_uploader(page, "content").set_value(("my_cat.jpg", other, "image/png")).run()
    assert page.button_group(key="content").value == "my cat"

    again = visit("dream")
    recent = again.button_group(key="content.recent")
    assert recent.options[:2] == ["Use my cat again", "Use Coffee again"], "newest first"
    recent.set_value([paths.digest(image_png)]).run()
    assert not again.exception and again.button_group(key="content").value == "Coffee 2"
    assert again.query_params["content.file"] == paths.digest(image_png)
    recent = again.button_group(key="content.recent")
    assert recent.options[0] == "Use my cat again"
    assert "Use Coffee again" not in recent.options, "what is among the tiles is left out"
    assert recent.value == []

    open_popover(again, "content")
    find_button_by_key(again, "content.forget").click().run()
    assert own_images.list_recent() == []
    assert again.button_group(key="content").value == "Coffee 2", "what is chosen stays"


def test_each_visitor_is_offered_only_their_own_images(home, image_png):
    with library.acting_as("visitor-ann"):
        own_images.add(File.store(image_png, "image", "hers.png"))
    with library.acting_as("visitor-bob"):
        assert own_images.list_recent() == []
    with library.acting_as("visitor-ann"):
        assert [file.name for file in own_images.list_recent()] == ["hers.png"]


def test_history_is_limited_and_a_damaged_one_is_empty(home, image_png):
    files = [File.store(image_png + bytes([n]), "image", f"{n}.png") for n in range(10)]
    for file in files:
        own_images.add(file)
    own_images.add(files[5])
    assert [file.name for file in own_images.list_recent()] == [f"{n}.png" for n in (5, 9, 8, 7, 6, 4, 3, 2)]
    (home / "images.json").write_text('[{"digest": "../../etc/passwd", "name": "x"}]')
    assert own_images.list_recent() == []
