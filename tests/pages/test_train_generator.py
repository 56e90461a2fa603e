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
from pages.form import near_duplicates, samples, training_images, uploaded_images
from pages.generator import input_form, start_models
from pages.jobs import commands
from studio.core import data, paths, tasks
from studio.core.data import sample_sets
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File
from studio.dcgan import upscaling
from tests.wording import says_what_to_do
from training.drawings import avatars

from .elements import can_press, find_button, join_texts, list_button_labels, press_button

pytestmark = pytest.mark.slow

IMAGE_COUNT = 70


def draw_avatar_png(seed: int, side: int = 40) -> bytes:
    return image_io.encode_png(avatars.draw(np.random.default_rng(seed), side)[0])


def zip_images(*images: bytes, ending: str = "png") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, image in enumerate(images):
            file.writestr(f"{n}.{ending}", image)
    return packed.getvalue()


def make_gray_image(n: int) -> bytes:
    """Returns the same image in a different file for each n."""
    body = io.BytesIO()
    Image.new("RGB", (40, 40), "gray").save(body, "BMP")
    return body.getvalue() + bytes([n])


def _is_waiting(page) -> bool:
    """Returns whether the start button is disabled. Its label depends on the data set."""
    return all(button.disabled for button in page.button if button.label.endswith(("Train", "train")))


@pytest.fixture
def open_with_files(visit, until):
    """Opens the page with uploaded files, once they are loaded."""

    def open_with_files(*files: tuple[str, bytes]):
        page = visit("train-generator", learn_from="Your own", size="32")
        assert not page.exception and find_button(page, "Train").disabled
        for name, body in files:
            page = page.file_uploader[0].upload(name, body, "application/octet-stream").run()
        until(lambda: page.error or not _is_waiting(page) or page.run() is None)
        assert not page.exception
        return page

    return open_with_files


def test_sample_set_is_shown_with_its_cost(visit, until):
    page = visit("train-generator")
    until(lambda: can_press(page.run(), "Train"))
    assert not page.exception and not page.error
    assert page.button_group(key=training_images.KEY).value == "Avatars"
    assert "1,000 images" in join_texts(page.markdown)
    assert "No two of them are nearly the same" in join_texts(page.caption)
    assert "which takes about" in join_texts(page.markdown) and "GiB of memory" in join_texts(page.markdown)
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    assert any(caption.startswith("As the model gets them") for caption in captions)


@pytest.mark.parametrize("kind", input_form.TASKS)
def test_every_setting_has_one_widget_or_follows_from_others(visit, kind):
    page = visit("train-generator", kind=input_form.KINDS[kind])
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle")
    widget_keys = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in tasks.get(input_form.TASKS[kind]).settings.describe():
        assert widget_keys.count(name) == (name not in ("test_every", "scored")), name


def test_settings_fixed_by_a_sample_have_no_widget(visit):
    page = visit("train-generator", learn_from="Digits")
    widget_keys = {element.key for element in [*page.toggle, *page.button_group]}
    assert "flip" not in widget_keys and "colors" not in widget_keys and "size" in widget_keys


@pytest.fixture
def open_gan(visit, until):
    """Opens the page for a GAN, once its images are loaded."""

    def open_gan(**params: str):
        page = visit("train-generator", **params)
        until(lambda: can_press(page.run(), "Train"))
        assert not page.exception and not page.error
        return page

    return open_gan


@pytest.fixture
def installed_vgg16(weights_cache, engine):
    """VGG16 in the STUDIO_HOME of the pages, which has no weights otherwise."""
    folder = paths.ensure_folder("weights")
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
    monkeypatch.setattr(parts, "start", lambda task, *job: lines.append(commands.format_command(task, *job)))
    return lines


def test_vgg16_discriminator_is_the_default_if_installed(open_gan, started_commands, installed_vgg16):
    page = open_gan()
    assert page.slider(key="vgg16_discriminator").value == 1 and page.select_slider(key="batch").value == 32
    assert "vgg16_discriminator" not in {element.key for element in page.expander[0].slider}, "it is in sight"
    assert "which takes about 36 minutes here" in join_texts(page.markdown)
    assert re.search(
        r"The VGG16-feature discriminator uses .*; without it, training takes about 9 "
        r"min",
        join_texts(page.caption),
    )
    assert not page.info
    press_button(page, "Train")
    assert len(started_commands) == 1 and {"--vgg16-discriminator", "--batch"} <= set(
        started_commands[0].split()
    )
    page.slider(key="vgg16_discriminator").set_value(0.0).run()
    assert "which takes about 9 minutes here" in join_texts(page.markdown)
    assert re.search(
        r"VGG16-feature discriminator\*\* to 1 and \*\*Batch size\*\* to 32 .*then takes about 36 minutes\.",
        join_texts(page.caption),
    )
    press_button(page, "Reset all")
    assert page.slider(key="vgg16_discriminator").value == 1


def test_vgg16_discriminator_is_off_if_missing_and_its_size_is_shown(open_gan):
    page = open_gan()
    assert page.slider(key="vgg16_discriminator").value == 0 and page.select_slider(key="batch").value == 64
    assert "first fetches VGG16 (64 MB)." in join_texts(page.caption) and not page.info
    page.slider(key="vgg16_discriminator").set_value(1.0).run()
    assert "the studio downloads VGG16 (64 MB)" in join_texts(page.info)
    assert "first fetches" not in join_texts(page.caption)


def test_vae_has_no_vgg16_discriminator_by_default(open_gan, installed_vgg16):
    page = open_gan()
    page.button_group(key="kind").set_value("vae").run()
    assert page.slider(key="vgg16_discriminator").value == 0 and page.select_slider(key="batch").value == 64
    assert "a network pretrained on photos" not in join_texts(page.caption)


def list_widget_keys(page) -> set[str]:
    kinds = ("slider", "select_slider", "number_input", "toggle", "button_group")
    return {element.key for kind in kinds for element in getattr(page, kind)}


def test_training_continues_or_grows_a_model_with_its_settings(
    open_gan, started_commands, until, monkeypatch
):
    page = open_gan(start_with="The studio's faces")
    assert page.selectbox(key=start_models.KEY).options[:2] == ["A new model", "The studio's faces"]
    assert not list_widget_keys(page) & set(start_models.SHAPE_SETTINGS["dcgan.train"])
    assert "Training continues at 64 px" in join_texts(page.caption) and "Trained on" in join_texts(
        page.caption
    )
    press_button(page, "Train")
    page.button_group(key=start_models.MODE_KEY).set_value(start_models.GROW).run()
    assert "upscaled, with 20 channels instead of 40" in join_texts(page.caption)
    until(lambda: can_press(page.run(), "Train"))
    press_button(page, "Train")
    assert "minutes here" in join_texts(page.markdown)
    monkeypatch.setattr(upscaling, "BATCH", 1000 * upscaling.BATCH)
    assert "hours here" in join_texts(page.run().markdown), "learning to enlarge counts"
    continued_command, grown_command = started_commands
    assert "--start-from faces-dcgan" in continued_command and "--size" not in continued_command
    assert (
        "--start-from faces-dcgan" in grown_command
        and "--size 128" in grown_command
        and "--width 20" in grown_command
    )
    page.selectbox(key=start_models.KEY).set_value("").run()
    assert {"size", "width", "discriminator_width"} <= list_widget_keys(page)


def test_settings_of_the_start_model_are_proposed_and_reset(open_gan):
    page = open_gan(start_with="The studio's avatars")
    assert page.slider(key="bilateral").value == 10 and not page.toggle(key="flip").value
    assert not {start_models.MODE_KEY, "blocks"} & list_widget_keys(page), "none is larger than 128 px"
    page.selectbox(key=start_models.KEY).set_value("").run()
    assert page.slider(key="bilateral").value == 0 and page.toggle(key="flip").value
    page.button_group(key="kind").set_value("vae").run()
    page.selectbox(key=start_models.KEY).set_value("faces-vae").run()
    assert page.slider(key="adversarial").value == 0.5 and page.select_slider(key="beta").value == 3
    assert not list_widget_keys(page) & set(start_models.SHAPE_SETTINGS["vae.train"])


def test_conflicting_settings_show_an_error_before_start(open_gan):
    page = open_gan()
    page.button_group(key="loss").set_value("relativistic").run()
    assert ": 0" in join_texts(page.error) and find_button(page, "Train").disabled


def test_too_few_single_images_are_counted(visit):
    page = visit("train-generator", learn_from="Your own")
    assert find_button(page, "Train").disabled and "at least 64 images" in join_texts(page.info)
    uploader = next(element for element in page.file_uploader if element.key.startswith("draw."))
    uploader.set_value([(f"{n}.png", draw_avatar_png(n), "image/png") for n in range(2)]).run()
    assert "Only 2 images: use at least 64" in join_texts(page.error) and "images.zip" not in join_texts(
        page.error
    )
    assert find_button(page, "Train").disabled


def test_zip_is_previewed(open_with_files):
    page = open_with_files(
        ("mine.zip", zip_images(*(draw_avatar_png(n, 30 + n) for n in range(IMAGE_COUNT)), b"no image"))
    )
    assert "Train" in list_button_labels(page) and not page.error
    text = join_texts(page.markdown, page.caption)
    assert "70 images" in text and "30 to 99 px" in text
    assert "2 of them are smaller than 32 px" in text and "memorizes them" in text
    assert "70.png" in text, "what was left out is named"


def encode_photo(quality: int) -> bytes:
    """Returns the photo saved at another quality: other bytes, other pixels."""
    body = io.BytesIO()
    Image.fromarray(sample_photos.read_photo("chelsea")).resize((120, 80)).save(body, "JPEG", quality=quality)
    return body.getvalue()


def test_near_duplicates_are_removed_by_a_click_and_restored(open_with_files, until):
    page = open_with_files(
        (
            "mine.zip",
            zip_images(
                *(draw_avatar_png(n) for n in range(IMAGE_COUNT)),
                encode_photo(90),
                encode_photo(40),
                encode_photo(15),
            ),
        )
    )
    assert "73 images" in join_texts(page.markdown) and "2 images** are nearly the same" in join_texts(
        page.markdown
    )
    page = press_button(page, "Leave out 2 images")
    until(lambda: can_press(page.run(), "Train"))
    assert "71 images" in join_texts(page.markdown) and "2 removed." in join_texts(page.markdown)
    assert "No two of them are nearly the same" in join_texts(page.caption)
    assert page.radio[0].options == ["mine\\.zip", "mine corrected\\.zip"]
    page = press_button(page, "Undo")
    until(lambda: can_press(page.run(), "Train"))
    assert "73 images" in join_texts(page.markdown) and not page.radio and not page.error


def test_either_of_two_near_duplicates_can_be_kept(open_with_files, until):
    page = open_with_files(
        (
            "mine.zip",
            zip_images(*(draw_avatar_png(n) for n in range(IMAGE_COUNT)), encode_photo(90), encode_photo(40)),
        )
    )
    [file] = page.session_state["draw_uploads"].archives.values()
    page.session_state[f"{near_duplicates.form_key(file)}.near"] = True
    [selectbox] = [element for element in page.run().selectbox if element.label.startswith("What to do with")]
    assert selectbox.label.replace("\\", "") == "What to do with 70.png and 71.png"
    selectbox.set_value(2)
    page = press_button(page, "Apply")
    until(lambda: page.run() and "1 removed." in join_texts(page.markdown))
    assert "70.png" not in data.open_source(page.session_state["draw_uploads"].archives.popitem()[1]).names


def test_many_copies_of_one_photo_are_reported_before_and_after_removal(open_with_files, until):
    page = open_with_files(
        (
            "one.zip",
            zip_images(*(encode_photo(quality) for quality in range(25, 25 + IMAGE_COUNT)), ending="jpg"),
        )
    )
    assert "Without them 1 image would be left, and a generator needs at least 64" in join_texts(page.warning)
    page = press_button(page, "Leave out 69 images")
    until(lambda: page.error or page.run() is None)
    assert len(page.error) == 1 and ": only 1 image. Use at least 64 images" in join_texts(page.error)
    assert find_button(page, "Train").disabled
    page = press_button(page, "Undo")
    until(lambda: can_press(page.run(), "Train"))
    assert "70 images" in join_texts(page.markdown) and not page.error


def test_zip_and_loose_images_are_both_kept(open_with_files, until):
    page = open_with_files(
        *((f"{n}.png", draw_avatar_png(n)) for n in range(3)),
        ("mine.zip", zip_images(*(draw_avatar_png(n) for n in range(IMAGE_COUNT)))),
        ("more.zip", zip_images(*(draw_avatar_png(n) for n in range(IMAGE_COUNT + 1)))),
    )
    assert "71 images**" in join_texts(page.markdown)
    [several] = page.radio
    assert several.label == "Choose which upload to train on" and len(several.options) == 3
    several.set_value(uploaded_images.LOOSE).run()
    until(lambda: page.error or page.run() is None)
    assert "Only 3 images" in join_texts(page.error)
    page = page.file_uploader[0].upload("3.png", draw_avatar_png(3), "image/png").run()
    assert page.radio[0].value == uploaded_images.LOOSE and page.radio[0].options[-1].startswith("4 images")
    page = press_button(page, "Clear")
    until(lambda: can_press(page.run(), "Train"))
    assert "71 images**" in join_texts(page.markdown) and len(page.radio[0].options) == 2


def test_too_many_loose_images_show_one_error(visit, monkeypatch):
    monkeypatch.setattr(uploaded_images, "MAX_LOOSE", 3)
    page = visit("train-generator", learn_from="Your own", size="32")
    page.file_uploader[0].set_value([(f"{n}.png", draw_avatar_png(n), "image/png") for n in range(9)]).run()
    messages = [element.value for element in page.error if "one zip" in element.value]
    assert len(messages) == 1 and "The limit is 3 single images: 6 more were left out" in messages[0]
    assert "3 images: 0.png, 1.png, 2.png" in join_texts(page.caption)
    assert "left out" not in join_texts(page.run().error)


def test_loose_images_are_packed(open_with_files):
    page = open_with_files(*((f"{n}.png", draw_avatar_png(n)) for n in range(3)))
    assert "3 images: 0.png, 1.png, 2.png" in join_texts(page.caption)
    assert "Only 3 images: use at least 64." in join_texts(page.error)
    press_button(page, "Clear")
    assert not page.error and "3 images" not in join_texts(page.caption)


@pytest.mark.parametrize(
    "name, body, wrong",
    [
        (
            "few.zip",
            lambda: zip_images(*(draw_avatar_png(n) for n in range(10))),
            ": only 10 images. Use at least 64 images",
        ),
        ("one.png", lambda: draw_avatar_png(0), "Only 1 image: use at least 64."),
        (
            "same.zip",
            lambda: zip_images(*map(make_gray_image, range(IMAGE_COUNT)), ending="bmp"),
            "70 images, of which only 1 differ",
        ),
        ("broken.zip", lambda: zip_images(draw_avatar_png(0))[:-30], "an intact zip or tar"),
        ("notes.zip", lambda: b"Dear diary", ": another kind of file"),
        ("notes.png", lambda: b"Dear diary", "notes.png"),
        ("texts.zip", lambda: zip_images(*[b"Dear diary"] * IMAGE_COUNT), "Use images"),
    ],
    ids=lambda value: value if isinstance(value, str) and value[-4:-3] == "." else "",
)
def test_invalid_images_show_an_error_before_start(open_with_files, name, body, wrong):
    page = open_with_files((name, body()))
    assert len(page.error) == 1 and says_what_to_do(join_texts(page.error))
    assert wrong in join_texts(page.error)
    assert find_button(page, "Train").disabled


def test_too_small_gallery_shows_its_count(visit):
    page = visit("train-generator", learn_from="Your gallery", gallery_words="nothing-is-called-so")
    assert not page.exception and not page.error
    assert "your gallery has 0 images with these words" in join_texts(page.info)
    assert find_button(page, "Train").disabled


def test_gallery_images_become_a_data_set(visit, until, monkeypatch):
    def find(query, owner, most):
        files = [
            File.store(draw_avatar_png(n, 600 if n < 5 else 40), "image", "a.png") for n in range(IMAGE_COUNT)
        ]
        return [SimpleNamespace(file=file) for file in files], IMAGE_COUNT

    monkeypatch.setattr(training_images.index, "find", find)
    page = visit("train-generator", learn_from="Your gallery", size="32")
    until(lambda: can_press(page.run(), "Train") or page.error)
    assert not page.error
    assert "70 images**, 40 to 512 px" in join_texts(page.markdown), "large ones are made smaller on the way"


def test_samples_have_thumbnails():
    for name in [*sample_sets.list_generator_collections(), "own", "gallery", "by-name"]:
        assert (samples.IMAGE_FOLDER / f"set-{name}.webp").is_file()


@pytest.mark.parametrize("kind, expected", [("DCGAN", r"\mathcal{L}_G"), ("VAE", r"D_{KL}")])
def test_under_the_hood_shows_the_minimized_loss(visit, kind, expected):
    page = visit("train-generator", kind=kind, explain="true")
    assert not page.exception
    formulas = " ".join(str(element.value) for element in page.markdown)
    assert expected in formulas
    assert r"\min_G" not in formulas  # the minimax loss, which the studio does not use
    assert page.get("vega_lite_chart")


def test_under_the_hood_of_a_vae_explains_negative_losses(visit):
    page = visit("train-generator", kind="VAE", explain="true")
    assert "density" in join_texts(page.markdown)
