"""Training of house styles on the Style page: inputs, errors and results."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import tiny_styles

from pages.form import samples, training_images
from pages.jobs import live
from pages.style import halves, training_form
from studio.core import paths, recipes, tasks
from studio.core.data import sample_sets
from studio.core.imaging import image_io
from studio.core.models import model_zip
from studio.core.tasks import File
from studio.core.training import checkpoints
from studio.engine import Live
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import TransferSettings
from tests.wording import says_what_to_do

from .elements import find_button, join_texts, list_button_labels, press_button

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def remove_models(engine):
    """Removes models that other tests stored."""
    yield
    shutil.rmtree(paths.ensure_folder("presets"))


def make_noise_png(side: int = 160, seed: int = 0, width: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    return image_io.encode_png(rng.integers(0, 255, (side, width or side, 3), "uint8"))


def zip_images(*images: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, image in enumerate(images):
            file.writestr(f"{n}.png", image)
    return packed.getvalue()


@pytest.fixture
def open_training(visit, until):
    """Opens the training half of the page, once its photos are loaded."""

    def open_training(**params):
        page = visit("style", work=halves.HALVES["train"], **params)
        until(lambda: page.run() and (not find_button(page, "Train").disabled or page.error))
        assert not page.exception
        return page

    return open_training


def test_first_click_adds_a_style_to_the_shipped_ones(open_training):
    page = open_training()
    assert not find_button(page, "Train").disabled and not page.error
    assert "1 painting" in join_texts(page.markdown) and "96 photos" in join_texts(page.markdown)
    assert "which takes about" in join_texts(page.markdown) and "GiB of memory" in join_texts(page.markdown)
    assert page.selectbox(key=training_form.START_MODEL_KEY).value == "house"
    assert page.select_slider(key="steps").value == training_form.STEPS_TO_ADD
    assert not {"width", "blocks"} & {element.key for element in page.slider}, (
        "those of the network that is there"
    )


def test_every_setting_has_one_widget_or_follows_from_others(visit):
    page = visit(
        "style",
        work=halves.HALVES["train"],
        added_to=training_form._NEW_TITLE,
        learn_from=training_images.GALLERY,
    )
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle", "selectbox")
    widget_keys = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in TrainStyleSettings.describe():
        assert widget_keys.count(name) == (name not in ("test_every", "kept", "only_new")), name


@pytest.mark.parametrize(
    "images, wrong",
    [
        (
            [("small.png", make_noise_png(100, width=300))],
            ": 300 x 100 px. Use a shorter side of at least 128 px",
        ),
        ([("My stars.png", make_noise_png()), ("my_stars.png", make_noise_png(seed=1))], "my_stars twice"),
        ([("mosaic.png", make_noise_png()), ("mine.png", make_noise_png(seed=1))], ": mosaic.png"),
        ([("notes.png", b"Dear diary")], "notes.png"),
    ],
    ids=["too small", "of one name", "known and new", "no image"],
)
def test_invalid_paintings_show_an_error(open_training, images, wrong):
    page = open_training()
    page.button_group(key=training_form.PAINTINGS_KEY).set_value([]).run()
    for n, (name, body) in enumerate(images):
        uploader = page.file_uploader(key=f"{training_form.PAINTINGS_KEY}.upload.{n}")
        page = uploader.upload(name, body, "image/png").run()
    assert not page.exception
    assert (
        len(page.error) == 1 and wrong in join_texts(page.error) and says_what_to_do(join_texts(page.error))
    )
    assert find_button(page, "Train").disabled != (images[0][1] == b"Dear diary"), (
        "what was chosen before still can"
    )


def test_ninth_painting_replaces_the_oldest(open_training):
    page = open_training(added_to=training_form._NEW_TITLE)
    titles = [sample.title for sample in training_form.list_style_samples()]
    assert len(titles) == training_form.MAX_PAINTINGS + 1
    page.button_group(key=training_form.PAINTINGS_KEY).set_value(titles[:-1]).run()
    page.button_group(key=training_form.PAINTINGS_KEY).set_value(titles).run()
    assert page.button_group(key=training_form.PAINTINGS_KEY).value == titles[1:]
    assert "8 paintings" in join_texts(page.markdown) and "250 steps per painting" not in join_texts(
        page.caption
    )


@pytest.mark.parametrize(
    "name, body, wrong",
    [
        (
            "few.zip",
            lambda: zip_images(*(make_noise_png(80, n) for n in range(9))),
            ": only 9 images. Use at least 50 images",
        ),
        ("broken.zip", lambda: zip_images(make_noise_png(80))[:-30], "an intact zip or tar"),
        ("notes.zip", lambda: b"Dear diary", ": another kind of file"),
    ],
    ids=["few", "broken", "notes"],
)
def test_too_few_photos_show_an_error(visit, until, name, body, wrong):
    page = visit("style", work=halves.HALVES["train"], learn_from=training_images.OWN, size="64")
    assert not page.exception and find_button(page, "Train").disabled
    uploader = next(element for element in page.file_uploader if element.key.startswith("draw.upload"))
    page = uploader.upload(name, body(), "application/octet-stream").run()
    until(lambda: page.error or page.run() is None)
    assert (
        len(page.error) == 1 and wrong in join_texts(page.error) and says_what_to_do(join_texts(page.error))
    )
    assert find_button(page, "Train").disabled


@pytest.fixture
def started_jobs(monkeypatch):
    """Records what the page starts."""
    calls: list = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *args: calls.append(args))
    return calls


def test_settings_match_the_network_that_gets_a_style(open_training, started_jobs):
    tiny_styles.make("mine")
    page = open_training(added_to="mine", steps="100")
    press_button(page, "Train")
    assert not page.exception
    [(task, settings, inputs)] = started_jobs
    assert tasks.check(task, settings, inputs).name == training_form.TASK
    assert (settings.only_new, settings.width, settings.blocks, settings.steps) == (True, 8, 1, 100)
    assert [file.name for file in inputs["start"]] == ["mine.zip"]
    page.selectbox(key=training_form.START_MODEL_KEY).set_value("").run()
    press_button(page, "Train")
    task, settings, inputs = started_jobs[1]
    assert tasks.check(task, settings, inputs) and not settings.only_new and "start" not in inputs
    assert settings.steps == training_form.STEPS_FOR_NEW, "a new network learns longer"


def test_each_half_starts_with_its_own_settings(open_training):
    page = open_training(size="96", strength="0.3", steps="1000")
    page.button_group(key=training_form.HALF_KEY).set_value("paint").run()
    assert not page.exception
    default_settings = TransferSettings()
    assert (page.session_state["size"], page.session_state["strength"]) == (
        default_settings.size,
        default_settings.strength,
    )
    assert page.session_state["steps"] == default_settings.steps
    page.button_group(key=training_form.HALF_KEY).set_value("train").run()
    assert page.select_slider(key="steps").value == training_form.STEPS_TO_ADD
    assert page.session_state["size"] == TrainStyleSettings().size


FIGURES = {
    "steps": 3,
    "photos": 96,
    "seconds": 7.0,
    "styles": 2,
    "trained_styles": ["rain"],
    "ended": "cancelled",
    "notes": ["*odd* <b>"],
    "curve": {"steps": [1, 2], "style": [2.0, 1.0], "content": [0.5, 0.6], "validation style": [2.0, 1.5]},
}


@pytest.fixture
def stopped_training(engine, monkeypatch, tmp_path):
    """A training run of one style that was stopped."""
    monkeypatch.setattr(live, "make_sample", lambda *args: b"")  # workers are not warmed up
    rain = File.store(make_noise_png(), "image", "rain.png")
    preset = tiny_styles.make(tmp_path / "tiny", learned_from=[rain])
    inputs = {"data": [sample_sets.store("sample:photos")], "style": [rain]}
    recipe = recipes.Recipe(task=training_form.TASK, settings=tiny_styles.SETTINGS.model_dump(mode="json"))
    data = model_zip.pack(preset.folder)
    result = ("model", "photos-styles.zip", FIGURES, recipe, 7.0)
    job = engine.store_live(Live(training_form.TASK, tiny_styles.SETTINGS, inputs, data, *result))
    yield job
    job.folder.remove()


def test_stopped_training_is_resumed_or_saved_and_used(
    visit, engine, stopped_training, started_jobs, monkeypatch
):
    stopped = stopped_training.model_copy(
        update={"result": replace(stopped_training.result, stopped_early=True)}
    )
    monkeypatch.setattr(engine, "find_job", lambda name, owner: stopped)
    page = visit("style", job=stopped_training.id)
    assert not page.exception
    assert page.button_group(key=training_form.HALF_KEY).value == "train", "its own half is open"
    text = join_texts(page.markdown)
    assert "**Rain.** Trained on 96 photos for 3 of 4 steps" in text
    assert "stopped early" in text and "knows 2 styles now" in text and "*odd* <b>" in text
    assert len(page.get("vega_lite_chart")) == 2, "curves of style and content"
    press_button(page, "Continue")
    assert started_jobs[0][:2] == (training_form.TASK, tiny_styles.SETTINGS)
    assert "Paint with stars" not in list_button_labels(page)
    page.text_input[0].set_value("stars").run()
    press_button(page, "Keep as model")
    press_button(page, "Paint with stars")
    assert not page.exception
    assert page.button_group(key=training_form.HALF_KEY).value == "paint"
    assert page.button_group(key="style").value == ["Rain (stars)"]


def test_finished_training_is_closed_by_other_paintings(visit, stopped_training):
    page = visit("style", job=stopped_training.id)
    assert "Keep as model" in list_button_labels(page)
    page.button_group(key=training_form.PAINTINGS_KEY).set_value(["Mosaic"]).run()
    assert "Keep as model" not in list_button_labels(page)


def test_interrupted_training_resumes_from_its_checkpoint(
    visit, engine, stopped_training, monkeypatch, started_jobs
):
    changes = {"state": "interrupted", "result": None, "error": "The studio was stopped."}
    broken = stopped_training.model_copy(update=changes)
    monkeypatch.setattr(engine, "find_job", lambda name, owner: broken)
    page = visit("style", job=stopped_training.id)
    assert "Run again" in list_button_labels(page) and "Continue" not in list_button_labels(page)
    run = checkpoints.find_run(training_form.TASK, tiny_styles.SETTINGS, stopped_training.inputs)
    run.save(checkpoints.Checkpoint(2, {"one": np.zeros(1)}))
    page.run()
    assert "Continue from step 2" in join_texts(page.warning)
    press_button(page, "Continue")
    assert started_jobs[0][:2] == (training_form.TASK, tiny_styles.SETTINGS)
    run.delete()


def test_samples_have_thumbnails():
    for name in sample_sets.list_photo_collections():
        assert (samples.IMAGE_FOLDER / f"set-{name}.webp").is_file()
