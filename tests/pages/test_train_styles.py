"""Training of house styles on the Style page: inputs, errors and results."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import tiny_styles

from pages.form import learning_images, samples
from pages.style import halves, training, training_form
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

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_models_are_left(engine):
    """Removes models that other tests stored."""
    yield
    shutil.rmtree(paths.folder("presets"))


def labels(page):
    return [element.label for element in page.button]


def text_of(*kinds) -> str:
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def png(side: int = 160, seed: int = 0, width: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    return image_io.encode_png(rng.integers(0, 255, (side, width or side, 3), "uint8"))


def zipped(*images: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for n, image in enumerate(images):
            file.writestr(f"{n}.png", image)
    return packed.getvalue()


@pytest.fixture
def teach(visit, until):
    """Opens the training half of the page, once its photos are loaded."""

    def teach(**params):
        page = visit("style", work=halves.HALVES["train"], **params)
        until(lambda: page.run() and ("Train" in labels(page) or page.error))
        assert not page.exception
        return page

    return teach


def test_a_first_click_adds_a_style_to_those_of_the_studio(teach):
    page = teach()
    assert "Train" in labels(page) and not page.error
    assert "1 painting" in text_of(page.markdown) and "96 photos" in text_of(page.markdown)
    assert "which takes about" in text_of(page.markdown) and "GiB of memory" in text_of(page.markdown)
    assert page.selectbox(key=training_form.BEGIN).value == "house"
    assert page.select_slider(key="steps").value == training_form.ADDED
    assert not {"width", "blocks"} & {element.key for element in page.slider}, (
        "those of the network that is there"
    )


def test_every_setting_of_a_new_network_is_asked_for_once_or_follows(visit):
    page = visit(
        "style",
        work=halves.HALVES["train"],
        added_to=training_form._NOTHING,
        learn_from=learning_images.GALLERY,
    )
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle", "selectbox")
    there = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in TrainStyleSettings.describe():
        assert there.count(name) == (name not in ("test_every", "kept", "only_new")), name


@pytest.mark.parametrize(
    "images, wrong",
    [
        ([("small.png", png(100, width=300))], ": 300 x 100 px. Use a shorter side of at least 128 px"),
        ([("My stars.png", png()), ("my_stars.png", png(seed=1))], "my_stars twice"),
        ([("mosaic.png", png()), ("mine.png", png(seed=1))], ": mosaic.png"),
        ([("notes.png", b"Dear diary")], "notes.png"),
    ],
    ids=["too small", "of one name", "known and new", "no image"],
)
def test_paintings_that_cannot_be_learned_from_are_one_sentence(teach, images, wrong):
    page = teach()
    page.button_group(key=training_form.SLOT).set_value([]).run()
    for n, (name, body) in enumerate(images):
        uploader = page.file_uploader(key=f"{training_form.SLOT}.upload_{n}")
        page = uploader.upload(name, body, "image/png").run()
    assert not page.exception
    assert len(page.error) == 1 and wrong in text_of(page.error) and says_what_to_do(text_of(page.error))
    assert ("Train" in labels(page)) == (images[0][1] == b"Dear diary"), "what was chosen before still can"


def test_a_ninth_painting_takes_the_place_of_the_oldest(teach):
    page = teach(added_to=training_form._NOTHING)
    titles = [sample.title for sample in training_form.style_samples()]
    assert len(titles) == training_form.MOST + 1
    page.button_group(key=training_form.SLOT).set_value(titles[:-1]).run()
    page.button_group(key=training_form.SLOT).set_value(titles).run()
    assert page.button_group(key=training_form.SLOT).value == titles[1:]
    assert "8 paintings" in text_of(page.markdown) and "250 steps per painting" not in text_of(page.caption)


@pytest.mark.parametrize(
    "name, body, wrong",
    [
        ("few.zip", lambda: zipped(*(png(80, n) for n in range(9))), ": 9. Use at least 50 images"),
        ("broken.zip", lambda: zipped(png(80))[:-30], "an intact zip or tar"),
        ("notes.zip", lambda: b"Dear diary", ": another kind of file"),
    ],
    ids=["few", "broken", "notes"],
)
def test_photos_that_are_too_few_or_none_are_one_sentence(visit, until, name, body, wrong):
    page = visit("style", work=halves.HALVES["train"], learn_from=learning_images.OWN, size="64")
    assert not page.exception and "Train" not in labels(page)
    uploader = next(element for element in page.file_uploader if element.key.startswith("draw.upload"))
    page = uploader.upload(name, body(), "application/octet-stream").run()
    until(lambda: page.error or page.run() is None)
    assert len(page.error) == 1 and wrong in text_of(page.error) and says_what_to_do(text_of(page.error))
    assert "Train" not in labels(page)


@pytest.fixture
def started(monkeypatch):
    """Records what the page starts."""
    calls: list = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *args: calls.append(args))
    return calls


def press(page, label):
    return next(element for element in page.button if element.label == label).click().run()


def test_what_is_started_fits_the_network_that_is_added_to(teach, started):
    tiny_styles.make("mine")
    page = teach(added_to="mine", steps="100")
    press(page, "Train")
    assert not page.exception
    [(task, settings, inputs)] = started
    assert tasks.check(task, settings, inputs).name == training_form.TASK
    assert (settings.only_new, settings.width, settings.blocks, settings.steps) == (True, 8, 1, 100)
    assert [file.name for file in inputs["start"]] == ["mine.zip"]
    page.selectbox(key=training_form.BEGIN).set_value("").run()
    press(page, "Train")
    task, settings, inputs = started[1]
    assert tasks.check(task, settings, inputs) and not settings.only_new and "start" not in inputs
    assert settings.steps == training_form.NEW, "a new network learns longer"


def test_each_half_begins_with_its_own_settings(teach):
    page = teach(size="96", strength="0.3", steps="1000")
    page.button_group(key=training_form.HALF).set_value("paint").run()
    assert not page.exception
    usual = TransferSettings()
    assert (page.session_state["size"], page.session_state["strength"]) == (usual.size, usual.strength)
    assert page.session_state["steps"] == usual.steps
    page.button_group(key=training_form.HALF).set_value("train").run()
    assert page.select_slider(key="steps").value == training_form.ADDED
    assert page.session_state["size"] == TrainStyleSettings().size


FIGURES = {
    "steps": 3,
    "photos": 96,
    "seconds": 7.0,
    "styles": 2,
    "taught": ["rain"],
    "ended": "cancelled",
    "notes": ["*odd* <b>"],
    "curve": {"steps": [1, 2], "style": [2.0, 1.0], "content": [0.5, 0.6], "validation style": [2.0, 1.5]},
}


@pytest.fixture
def trained(engine, monkeypatch, tmp_path):
    """A training run of one style that was stopped."""
    monkeypatch.setattr(training, "_stylize", lambda style, inputs: b"")  # workers are not warmed up
    rain = File.keep(png(), "image", "rain.png")
    preset = tiny_styles.make(tmp_path / "tiny", learned_from=[rain])
    inputs = {"data": [sample_sets.store("sample:photos")], "style": [rain]}
    recipe = recipes.Recipe(task=training_form.TASK, settings=tiny_styles.SETTINGS.model_dump(mode="json"))
    data = model_zip.pack(preset.folder)
    result = ("model", "photos-styles.zip", FIGURES, recipe, 7.0)
    job = engine.keep(Live(training_form.TASK, tiny_styles.SETTINGS, inputs, data, *result))
    yield job
    job.folder.remove()


def test_a_stopped_training_goes_on_or_is_kept_and_painted_with(visit, engine, trained, started, monkeypatch):
    stopped = trained.model_copy(update={"result": replace(trained.result, stopped_early=True)})
    monkeypatch.setattr(engine, "job", lambda name, owner: stopped)
    page = visit("style", job=trained.id)
    assert not page.exception
    assert page.button_group(key=training_form.HALF).value == "train", "its own half is open"
    text = text_of(page.markdown)
    assert "**Rain.** Trained on 96 photos for 3 of 4 steps" in text
    assert "stopped early" in text and "knows 2 styles now" in text and "*odd* <b>" in text
    assert len(page.get("vega_lite_chart")) == 2, "curves of style and content"
    press(page, "Continue")
    assert started[0][:2] == (training_form.TASK, tiny_styles.SETTINGS)
    assert "Paint with stars" not in labels(page)
    page.text_input[0].set_value("stars").run()
    press(page, "Keep as model")
    press(page, "Paint with stars")
    assert not page.exception
    assert page.button_group(key=training_form.HALF).value == "paint"
    assert page.button_group(key="style").value == ["Rain (stars)"]


def test_a_training_that_ended_gives_way_to_other_paintings(visit, trained):
    page = visit("style", job=trained.id)
    assert "Keep as model" in labels(page)
    page.button_group(key=training_form.SLOT).set_value(["Mosaic"]).run()
    assert "Keep as model" not in labels(page)


def test_a_training_that_was_broken_off_goes_on_from_its_checkpoint(
    visit, engine, trained, monkeypatch, started
):
    changes = {"state": "interrupted", "result": None, "error": "The studio was stopped."}
    broken = trained.model_copy(update=changes)
    monkeypatch.setattr(engine, "job", lambda name, owner: broken)
    page = visit("style", job=trained.id)
    assert "Run again" in labels(page) and "Continue" not in labels(page)
    run = checkpoints.find_run(training_form.TASK, tiny_styles.SETTINGS, trained.inputs)
    run.save(checkpoints.Checkpoint(2, {"one": np.zeros(1)}))
    page.run()
    assert "Continue from step 2" in text_of(page.warning)
    press(page, "Continue")
    assert started[0][:2] == (training_form.TASK, tiny_styles.SETTINGS)
    run.forget()


def test_samples_have_their_images():
    for name in sample_sets.list_photo_collections():
        assert (samples.SHIPPED / f"set-{name}.webp").is_file()
