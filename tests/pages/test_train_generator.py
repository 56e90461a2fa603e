"""The Train a generator page: inputs, and the messages before training starts."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pages import parts
from pages.form import learning_images, near_images, samples, uploaded_images
from pages.generator import beginning, input_form
from pages.jobs import commands
from studio.core import data, paths, tasks
from studio.core.data import sample_sets
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File
from studio.dcgan import enlarging
from tests.wording import says_what_to_do
from training.drawings import avatars

pytestmark = pytest.mark.slow

EACH = 70


def labels(page):
    return [element.label for element in page.button]


def text_of(*kinds) -> str:
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def png(seed: int, side: int = 40) -> bytes:
    return image_io.encode_png(avatars.draw(np.random.default_rng(seed), side)[0])


def zipped(*images: bytes, ending: str = "png") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, image in enumerate(images):
            file.writestr(f"{n}.{ending}", image)
    return packed.getvalue()


def gray(n: int) -> bytes:
    """Returns the same image in a different file for each n."""
    body = io.BytesIO()
    Image.new("RGB", (40, 40), "gray").save(body, "BMP")
    return body.getvalue() + bytes([n])


@pytest.fixture
def own(visit, until):
    """Opens the page with uploaded files, once they are loaded."""

    def own(*files: tuple[str, bytes]):
        page = visit("train-generator", learn_from="Your own", size="32")
        assert not page.exception and "Train" not in labels(page)
        for name, body in files:
            page = page.file_uploader[0].upload(name, body, "application/octet-stream").run()
        until(lambda: page.error or "Train" in labels(page) or page.run() is None)
        assert not page.exception
        return page

    return own


def test_a_sample_is_chosen_and_shown_with_what_it_takes(visit, until):
    page = visit("train-generator")
    until(lambda: page.run() and "Train" in labels(page))
    assert not page.exception and not page.error
    assert page.button_group(key=learning_images.KEY).value == "Avatars"
    assert "1,000 images" in text_of(page.markdown)
    assert "No two of them are nearly the same" in text_of(page.caption)
    assert "which takes about" in text_of(page.markdown) and "GiB of memory" in text_of(page.markdown)
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    assert any(caption.startswith("As the model gets them") for caption in captions)


@pytest.mark.parametrize("kind", input_form.TASKS)
def test_every_setting_is_asked_for_once_or_follows(visit, kind):
    page = visit("train-generator", kind=input_form.KINDS[kind])
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle")
    there = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in tasks.get(input_form.TASKS[kind]).settings.describe():
        assert there.count(name) == (name not in ("test_every", "scored")), name


def test_what_a_sample_decides_is_not_asked_for(visit):
    page = visit("train-generator", learn_from="Digits")
    there = {element.key for element in [*page.toggle, *page.button_group]}
    assert "flip" not in there and "colors" not in there and "size" in there


@pytest.fixture
def read(visit, until):
    """Opens the page for a GAN, once its images are loaded."""

    def read(**params: str):
        page = visit("train-generator", **params)
        until(lambda: page.run() and "Train" in labels(page))
        assert not page.exception and not page.error
        return page

    return read


@pytest.fixture
def eyes_at_hand(weights_cache, engine):
    """VGG16 in the STUDIO_HOME of the pages, which has no weights otherwise."""
    folder = paths.folder("weights")
    files = [folder / file.name for file in weights_cache.glob("vgg16-*")]
    for path in files:
        shutil.copy(weights_cache / path.name, path)
    yield
    for path in files:
        path.unlink()


@pytest.fixture
def started_commands(monkeypatch):
    """Records what the page starts, as commands."""
    lines = []
    monkeypatch.setattr(parts, "start", lambda task, *job: lines.append(commands.line(task, *job)))
    return lines


def test_a_vgg16_discriminator_is_proposed_where_nothing_is_fetched_for_it(
    read, started_commands, eyes_at_hand
):
    page = read()
    assert page.slider(key="vgg16_discriminator").value == 1 and page.select_slider(key="batch").value == 32
    assert "vgg16_discriminator" not in {element.key for element in page.expander[0].slider}, "it is in sight"
    assert "which takes about 36 minutes here" in text_of(page.markdown)
    assert re.search(
        r"The VGG16-feature discriminator uses .*; without it, training takes about 9 "
        r"min",
        text_of(page.caption),
    )
    assert not page.info
    next(element for element in page.button if element.label == "Train").click().run()
    assert len(started_commands) == 1 and {"--vgg16-discriminator", "--batch"} <= set(
        started_commands[0].split()
    )
    page.slider(key="vgg16_discriminator").set_value(0.0).run()
    assert "which takes about 9 minutes here" in text_of(page.markdown)
    assert re.search(
        r"VGG16-feature discriminator\*\* to 1 and \*\*Batch size\*\* to 32 .*then takes about 36 minutes\.",
        text_of(page.caption),
    )
    next(element for element in page.button if element.label == "Reset all").click().run()
    assert page.slider(key="vgg16_discriminator").value == 1


def test_where_it_would_be_fetched_it_is_off_and_the_page_says_how_much_that_is(read):
    page = read()
    assert page.slider(key="vgg16_discriminator").value == 0 and page.select_slider(key="batch").value == 64
    assert "first fetches VGG16 (64 MB)." in text_of(page.caption) and not page.info
    page.slider(key="vgg16_discriminator").set_value(1.0).run()
    assert "the studio downloads VGG16 (64 MB)" in text_of(page.info)
    assert "first fetches" not in text_of(page.caption)


def test_a_vae_has_no_vgg16_discriminator_by_itself(read, eyes_at_hand):
    page = read()
    page.button_group(key="kind").set_value("vae").run()
    assert page.slider(key="vgg16_discriminator").value == 0 and page.select_slider(key="batch").value == 64
    assert "a network pretrained on photos" not in text_of(page.caption)


def asked_for(page) -> set[str]:
    kinds = ("slider", "select_slider", "number_input", "toggle", "button_group")
    return {element.key for kind in kinds for element in getattr(page, kind)}


def test_a_model_is_trained_on_or_grows_and_what_it_is_decides(read, started_commands, until, monkeypatch):
    page = read(start_with="The studio's faces")
    assert page.selectbox(key=beginning.KEY).options[:2] == ["A new model", "The studio's faces"]
    assert not asked_for(page) & set(beginning.SHAPE["dcgan.train"])
    assert "Training continues at 64 px" in text_of(page.caption) and "Trained on" in text_of(page.caption)
    next(element for element in page.button if element.label == "Train").click().run()
    page.button_group(key=beginning.MODE_KEY).set_value(beginning.GROW).run()
    assert "upscaled, with 20 channels instead of 40" in text_of(page.caption)
    until(lambda: page.run() and "Train" in labels(page))
    next(element for element in page.button if element.label == "Train").click().run()
    assert "minutes here" in text_of(page.markdown)
    monkeypatch.setattr(enlarging, "BATCH", 1000 * enlarging.BATCH)
    assert "hours here" in text_of(page.run().markdown), "learning to enlarge counts"
    on, grown = started_commands
    assert "--start-from faces-dcgan" in on and "--size" not in on
    assert "--start-from faces-dcgan" in grown and "--size 128" in grown and "--width 20" in grown
    page.selectbox(key=beginning.KEY).set_value("").run()
    assert {"size", "width", "discriminator_width"} <= asked_for(page)


def test_what_a_model_learned_with_is_proposed_and_taken_back(read):
    page = read(start_with="The studio's avatars")
    assert page.slider(key="bilateral").value == 10 and not page.toggle(key="flip").value
    assert not {beginning.MODE_KEY, "blocks"} & asked_for(page), "none is larger than 128 px"
    page.selectbox(key=beginning.KEY).set_value("").run()
    assert page.slider(key="bilateral").value == 0 and page.toggle(key="flip").value
    page.button_group(key="kind").set_value("vae").run()
    page.selectbox(key=beginning.KEY).set_value("faces-vae").run()
    assert page.slider(key="adversarial").value == 0.5 and page.select_slider(key="beta").value == 3
    assert not asked_for(page) & set(beginning.SHAPE["vae.train"])


def test_what_does_not_go_together_is_one_sentence_before_it_starts(read):
    page = read()
    page.button_group(key="loss").set_value("relativistic").run()
    assert ": 0" in text_of(page.error) and "Train" not in labels(page)


def test_a_zip_is_looked_over(own):
    page = own(("mine.zip", zipped(*(png(n, 30 + n) for n in range(EACH)), b"no image")))
    assert "Train" in labels(page) and not page.error
    text = text_of(page.markdown, page.caption)
    assert "70 images" in text and "30 to 99 px" in text
    assert "2 of them are smaller than 32 px" in text and "memorizes them" in text
    assert "70.png" in text, "what was left out is named"


def photo_at(quality: int) -> bytes:
    """Returns the photo saved at another quality: other bytes, other pixels."""
    body = io.BytesIO()
    Image.fromarray(sample_photos.read_photo("chelsea")).resize((120, 80)).save(body, "JPEG", quality=quality)
    return body.getvalue()


def press(page, label: str):
    return next(element for element in page.button if element.label == label).click().run()


def test_images_that_are_nearly_the_same_are_left_out_by_a_click_and_come_back(own, until):
    page = own(("mine.zip", zipped(*(png(n) for n in range(EACH)), photo_at(90), photo_at(40), photo_at(15))))
    assert "73 images" in text_of(page.markdown) and "2 images** are nearly the same" in text_of(
        page.markdown
    )
    page = press(page, "Leave out 2 images")
    until(lambda: page.run() and "Train" in labels(page))
    assert "71 images" in text_of(page.markdown) and "2 removed." in text_of(page.markdown)
    assert "No two of them are nearly the same" in text_of(page.caption)
    assert page.radio[0].options == ["mine\\.zip", "mine corrected\\.zip"]
    page = press(page, "Undo")
    until(lambda: page.run() and "Train" in labels(page))
    assert "73 images" in text_of(page.markdown) and not page.radio and not page.error


def test_of_two_that_are_nearly_the_same_a_person_may_keep_either(own, until):
    page = own(("mine.zip", zipped(*(png(n) for n in range(EACH)), photo_at(90), photo_at(40))))
    [file] = page.session_state["draw_uploads"].archives.values()
    page.session_state[f"{near_images.form_key(file)}.near"] = True
    [selectbox] = [element for element in page.run().selectbox if element.label.startswith("What to do with")]
    assert selectbox.label.replace("\\", "") == "What to do with 70.png and 71.png"
    selectbox.set_value(2)
    page = press(page, "Apply")
    until(lambda: page.run() and "1 removed." in text_of(page.markdown))
    assert "70.png" not in data.open_source(page.session_state["draw_uploads"].archives.popitem()[1]).names


def test_one_photo_saved_seventy_times_is_told_before_and_after_its_doubles_are_left_out(own, until):
    page = own(("one.zip", zipped(*(photo_at(quality) for quality in range(25, 25 + EACH)), ending="jpg")))
    assert "Without them 1 image would be left, and a generator needs at least 64" in text_of(page.warning)
    page = press(page, "Leave out 69 images")
    until(lambda: page.error or page.run() is None)
    assert len(page.error) == 1 and ": 1. Use at least 64 images" in text_of(page.error)
    assert "Train" not in labels(page)
    page = press(page, "Undo")
    until(lambda: page.run() and "Train" in labels(page))
    assert "70 images" in text_of(page.markdown) and not page.error


def test_a_zip_and_loose_images_stay_beside_each_other(own, until):
    page = own(
        *((f"{n}.png", png(n)) for n in range(3)),
        ("mine.zip", zipped(*(png(n) for n in range(EACH)))),
        ("more.zip", zipped(*(png(n) for n in range(EACH + 1)))),
    )
    assert "71 images**" in text_of(page.markdown)
    [several] = page.radio
    assert several.label == "Choose which upload to train on" and len(several.options) == 3
    several.set_value(uploaded_images.LOOSE).run()
    until(lambda: page.error or page.run() is None)
    assert ": 3" in text_of(page.error)
    page = page.file_uploader[0].upload("3.png", png(3), "image/png").run()
    assert page.radio[0].value == uploaded_images.LOOSE and page.radio[0].options[-1].startswith("4 images")
    page = press(page, "Clear")
    until(lambda: page.run() and "Train" in labels(page))
    assert "71 images**" in text_of(page.markdown) and len(page.radio[0].options) == 2


def test_too_many_loose_images_are_one_sentence(visit, monkeypatch):
    monkeypatch.setattr(uploaded_images, "MOST", 3)
    page = visit("train-generator", learn_from="Your own", size="32")
    page.file_uploader[0].set_value([(f"{n}.png", png(n), "image/png") for n in range(9)]).run()
    messages = [element.value for element in page.error if "one zip" in element.value]
    assert len(messages) == 1 and "The limit is 3 single images: 6 more were left out" in messages[0]
    assert "3 images: 0.png, 1.png, 2.png" in text_of(page.caption)
    assert "left out" not in text_of(page.run().error)


def test_loose_images_are_gathered(own):
    page = own(*((f"{n}.png", png(n)) for n in range(3)))
    assert "3 images: 0.png, 1.png, 2.png" in text_of(page.caption)
    assert "at least 64 images" in text_of(page.error) and ": 3" in text_of(page.error)
    next(element for element in page.button if element.label == "Clear").click().run()
    assert not page.error and "3 images" not in text_of(page.caption)


@pytest.mark.parametrize(
    "name, body, wrong",
    [
        ("few.zip", lambda: zipped(*(png(n) for n in range(10))), ": 10. Use at least 64 images"),
        ("one.png", lambda: png(0), ": 1. Use at least 64 images"),
        ("same.zip", lambda: zipped(*map(gray, range(EACH)), ending="bmp"), "70, of which only 1 differ"),
        ("broken.zip", lambda: zipped(png(0))[:-30], "an intact zip or tar"),
        ("notes.zip", lambda: b"Dear diary", ": another kind of file"),
        ("notes.png", lambda: b"Dear diary", "notes.png"),
        ("texts.zip", lambda: zipped(*[b"Dear diary"] * EACH), "Use images"),
    ],
    ids=lambda value: value if isinstance(value, str) and value[-4:-3] == "." else "",
)
def test_what_cannot_be_learned_from_is_one_sentence_before_it_starts(own, name, body, wrong):
    page = own((name, body()))
    assert len(page.error) == 1 and says_what_to_do(text_of(page.error))
    assert wrong in text_of(page.error)
    assert "Train" not in labels(page)


def test_a_gallery_with_too_few_says_how_many_there_are(visit):
    page = visit("train-generator", learn_from="Your gallery", gallery_words="nothing-is-called-so")
    assert not page.exception and not page.error
    assert "your gallery has 0 images with these words" in text_of(page.info)
    assert "Train" not in labels(page)


def test_images_of_the_gallery_become_a_data_set(visit, until, monkeypatch):
    def find(query, owner, most):
        files = [File.keep(png(n, 600 if n < 5 else 40), "image", "a.png") for n in range(EACH)]
        return [SimpleNamespace(file=file) for file in files], EACH

    monkeypatch.setattr(learning_images.index, "find", find)
    page = visit("train-generator", learn_from="Your gallery", size="32")
    until(lambda: page.run() and ("Train" in labels(page) or page.error))
    assert not page.error
    assert "70 images**, 40 to 512 px" in text_of(page.markdown), "large ones are made smaller on the way"


def test_samples_have_their_images():
    for name in [*sample_sets.list_collections(), "own", "gallery", "by-name"]:
        assert (samples.SHIPPED / f"set-{name}.webp").is_file()


@pytest.mark.parametrize("kind, expected", [("DCGAN", r"\mathcal{L}_G"), ("VAE", r"D_{KL}")])
def test_under_the_hood_shows_the_loss_that_is_minimized(visit, kind, expected):
    page = visit("train-generator", kind=kind, explain="true")
    assert not page.exception
    formulas = " ".join(str(element.value) for element in page.markdown)
    assert expected in formulas
    assert r"\min_G" not in formulas  # the minimax loss, which the studio does not use
    assert page.get("vega_lite_chart")


def test_under_the_hood_of_a_vae_says_why_its_loss_may_be_negative(visit):
    page = visit("train-generator", kind="VAE", explain="true")
    assert "density" in text_of(page.markdown)
