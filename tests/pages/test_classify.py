"""The Classify page: images, audit, training, metrics, predictions and export."""

from __future__ import annotations

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
import streamlit as st
import tiny_classes
from PIL import Image
from waiting import wait_until

from pages.classify import audit, base_model, imported_models, live_predictions, study
from pages.form import samples
from pages.home.tiles import TILES
from pages.recorded import runs
from studio.classify.models import imported_classifier as imported
from studio.classify.models.imported_classifier import ClassifierFacts
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import study_text
from studio.core import paths, tasks
from studio.core.data import sample_sets
from studio.core.errors import InvalidInput, StudioError
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.share import child
from studio.core.tasks import File
from studio.imported import packing, safe_copies
from tests.wording import says_what_to_do

from .elements import join_texts, list_button_labels, press_button, require_success

COLORS = {"red": (200, 40, 40), "blue": (40, 40, 200), "green": (40, 180, 60)}


@pytest.fixture(scope="module", autouse=True)
def tasks_without_keras(engine):
    """Replaces the tasks of the page by those without Keras, here and in the workers."""
    with pytest.MonkeyPatch.context() as patch:
        for name, entry in (tiny_classes.TASKS | tiny_classes.MOVERS).items():
            patch.setitem(tasks.TASKS, name, entry)
        engine.run_live("colors.live", tiny_classes.NoSettings(), {}, "moving in")
        job = engine.submit("colors.job", tiny_classes.NoSettings(), {})
        wait_until(lambda: engine.find_job(job.id).finished)
        engine.find_job(job.id).folder.remove()
        yield


@pytest.fixture(autouse=True)
def own_models_only(engine, monkeypatch):
    """Needs no weights, and removes the models of a test."""
    monkeypatch.setattr("pages.widgets.weight_downloads.list_missing", lambda names: [])
    yield
    shutil.rmtree(paths.ensure_folder("presets"), ignore_errors=True)


def zip_colors(each: int = 6, **extra: bytes) -> bytes:
    """Returns a zip of one-color images, some with wrong labels, in a folder per color."""
    packed, rng = io.BytesIO(), np.random.default_rng(0)
    with zipfile.ZipFile(packed, "w") as file:
        for name, color in COLORS.items():
            for n in range(each):
                pixels = np.clip(np.array(color) + rng.normal(0, 30, (48, 60, 3)), 0, 255).astype("uint8")
                body = io.BytesIO()
                Image.fromarray(pixels).save(body, "PNG")
                file.writestr(f"{name}/{n}.png", body.getvalue())
        for name, data in extra.items():
            file.writestr(name, data)
    return packed.getvalue()


@pytest.fixture(autouse=True)
def remove_earlier_training(engine):
    """Removes the training runs of earlier tests."""
    for job in engine.list_jobs(limit=50):
        if job.task == "classify.train" and job.finished:
            engine.find_job(job.id).folder.remove()


@pytest.fixture
def upload_zip(visit):
    """Opens the page with an uploaded zip."""

    def upload(data: bytes, name: str = "colors.zip"):
        page = visit("classify", images="Your own")
        return page.file_uploader[0].upload(name, data, "application/zip").run()

    return upload


@pytest.fixture
def open_trained(upload_zip, until):
    """Opens the page after a training run has ended."""

    def open_trained():
        page = require_success(upload_zip(zip_colors()))
        press_button(page, "Train")
        until(lambda: page.run() and "Make again" in list_button_labels(page))
        return require_success(page)

    return open_trained


@pytest.mark.slow
def test_sample_set_is_audited_immediately(visit, until):
    page = visit("classify")
    until(lambda: page.run() and "Look for wrong labels" in list_button_labels(page))
    first = next(iter(sample_sets.list_sets().values()))
    assert f"images in {len(first.classes)} classes" in join_texts(require_success(page).markdown)
    assert "No missing, broken or duplicate images" in join_texts(page.success)
    assert "Train** fits a classifier to these images, which takes" in join_texts(page.markdown)
    assert "GiB of memory" in join_texts(page.markdown)
    assert page.button_group(key="images").value == "Cartoons"
    assert "Train" in list_button_labels(page)


@pytest.mark.slow
def test_upload_lists_its_problems(upload_zip, until):
    page = upload_zip(
        zip_colors(**{"red/broken.png": b"no image", "blue/copy.png": _read_first(zip_colors())})
    )
    until(lambda: page.run() and "Look for wrong labels" in list_button_labels(page))
    text = join_texts(require_success(page).markdown) + " ".join(element.label for element in page.expander)
    assert "18 images in 3 classes" in text
    assert "1 broken image file was left out" in text
    assert "1 exact duplicate was left out" in text
    assert "Fewer than 20 images of" in text
    assert "red/broken.png" in join_texts(page.text)


@pytest.mark.slow
def test_suspicious_image_is_moved_and_duplicate_removed_then_undone(upload_zip, until):
    whole = zip_colors()
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        double = io.BytesIO()
        Image.open(io.BytesIO(file.read("green/2.png"))).save(double, "JPEG", quality=95)
    page = upload_zip(zip_colors(**{"green/double.jpg": double.getvalue()}))
    until(lambda: page.run() and "Look for wrong labels" in list_button_labels(page))
    press_button(page, "Look for wrong labels")
    until(lambda: page.run() and "Apply" in list_button_labels(page))
    [before] = page.session_state["set_file"]
    bytes_before = before.read()
    choices = {element.label.replace("\\", ""): element for element in require_success(page).selectbox}
    # The fake audit says that it looks like blue; it is red.
    choices["What to do with blue/0.png"].set_value(1)
    choices["What to do with green/2.png and green/double.jpg"].set_value(1)
    page = press_button(page, "Apply")
    until(lambda: page.run() and "Undo" in list_button_labels(page))
    assert "1 removed, 1 moved." in join_texts(require_success(page).markdown)
    [now] = page.session_state["set_file"]
    assert now.name == "colors corrected.zip" and before.read() == bytes_before
    with zipfile.ZipFile(now.path) as file:
        assert "green/double.jpg" not in file.namelist() and len(file.namelist()) == 18
    page = require_success(press_button(page, "Undo"))
    assert page.session_state["set_file"] == [before] and "1 moved" not in join_texts(page.markdown)


@pytest.mark.slow
def test_sample_set_is_corrected_as_a_copy(visit, until):
    page = visit("classify")
    until(lambda: page.run() and "Look for wrong labels" in list_button_labels(page))
    press_button(page, "Look for wrong labels")
    until(lambda: page.run() and "Apply" in list_button_labels(page))
    page = require_success(press_button(page, "Apply"))
    assert "Nothing was changed" in join_texts(page.info)
    page.button_group(key="correct_first").set_value("Remove").run()
    page = press_button(page, "Apply")
    until(lambda: page.run() and "Undo" in list_button_labels(page))
    assert (
        "1 removed." in join_texts(require_success(page).markdown)
        and page.button_group(key="images").value == "Your own"
    )
    page = require_success(press_button(page, "Undo"))
    assert page.button_group(key="images").value == "Cartoons"


def _read_first(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.read("red/0.png")


def test_invalid_data_set_shows_an_error(upload_zip):
    page = upload_zip(b"PK not a zip", "a_file.zip")
    assert not page.exception
    assert len(page.error) == 1 and "a\\_file" in page.error[0].value.replace("\\\\", "\\")


def test_training_shows_metrics_and_a_matrix_that_opens_images(open_trained):
    page = open_trained()
    assert page.metric[0].value == "100.0%"
    assert "9 of 9" in join_texts(page.markdown) and "Confusion matrix" in join_texts(page.markdown)
    assert "Calibration" in [expander.label for expander in page.expander]
    page.session_state["confusion.chosen"] = (2, 2)
    page.run()
    assert "red, classified correctly" in join_texts(require_success(page).markdown)
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    assert sum("confidence" in caption for caption in captions) == 3


@pytest.mark.slow
def test_several_labels_for_each_image_have_their_own_metrics(upload_zip, until):
    rows = [f"{color}/{n}.png" for color in COLORS for n in range(6)]
    labels = {"red": "warm red", "blue": "", "green": "warm"}
    table = "\n".join(f"{row},{labels[row.split('/')[0]]}" for row in rows)
    page = upload_zip(zip_colors(**{"labels.csv": table.encode()}))
    until(lambda: page.run() and "18 images in 2 classes" in join_texts(page.markdown))
    text = join_texts(require_success(page).markdown)
    assert "Multi-label: 6 images with several labels, 6 images without a label" in text
    assert "Look for wrong labels" not in list_button_labels(page)
    assert "Labels are checked only if each image has one." in join_texts(page.caption)
    press_button(page, "Train")
    until(lambda: page.run() and "Make again" in list_button_labels(page))
    metrics = {metric.label: metric.value for metric in require_success(page).metric}
    assert metrics.keys() == {"mAP", "Macro F1", "Micro F1"} and metrics["mAP"] != metrics["Macro F1"]
    assert list(page.dataframe[0].value.columns) == [
        "Class",
        "Images",
        "Average precision",
        "Recall",
        "Precision",
    ]
    captions = join_texts(page.caption)
    assert "Confusion matrix" not in join_texts(page.markdown)
    assert "Calibration" not in [expander.label for expander in page.expander]
    assert "none of these, predicted:" in captions, "a top loss"
    page.session_state["explain"] = True
    page.run()
    charts = [chart.proto.spec for chart in require_success(page).get("vega_lite_chart")]
    assert any("predicted" in spec for spec in charts), "the map of the features"
    assert "mean average precision went up by 25.0 points" in join_texts(page.caption)
    assert "binary cross-entropy" in join_texts(page.markdown)
    assert "Measure on my images" not in list_button_labels(page)


def test_invalid_table_of_labels_shows_an_error(upload_zip):
    page = upload_zip(zip_colors(**{"labels.csv": b"red/0.png,red\nabsent.png,warm\n"}))
    assert not page.exception and len(page.error) == 1
    assert "1 file in labels.csv not found: absent.png" in page.error[0].value.replace("\\", "")


@pytest.mark.slow
def test_result_of_other_images_names_its_data_set(visit, upload_zip, until):
    page = visit("classify")
    press_button(page, "Train")
    until(lambda: page.run() and "Make again" in list_button_labels(page))
    assert "Classifier training: cartoons" in join_texts(require_success(page).subheader)
    assert "chosen now" not in join_texts(page.info)
    job = page.query_params["job"]
    page = upload_zip(zip_colors(), "mine.zip")
    # as a link to a recent result, or a training run that just ended
    page.query_params["job"] = job
    page.run()
    assert "Classifier training: cartoons" in join_texts(require_success(page).subheader)
    assert "uses cartoons.zip, not mine.zip, which is chosen now" in join_texts(page.info)


@pytest.mark.slow
def test_size_of_another_page_is_not_used(visit, until):
    page = visit("dream", size="1024")
    assert page.slider(key="size").value == 1024
    page.switch_page("classify_images.py").run()
    assert require_success(page).slider(key="size").value == 224
    page.switch_page("dream_photo.py").run()
    assert require_success(page).slider(key="size").value == 1024, "each form keeps its values"


def test_every_setting_has_one_widget(visit):
    page = visit("classify")
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle")
    widget_keys = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in TrainClassifierSettings.describe():
        assert widget_keys.count(name) == (name not in base_model.IMPORT_SETTINGS), name


@pytest.mark.slow
def test_classifier_is_tried_with_a_held_out_image(open_trained):
    page = open_trained()
    page.session_state["side_4_False"] = "Try it"
    page.run()
    assert "from the test split" in join_texts(require_success(page).caption)
    assert page.button_group(key="image").value == "Blue"
    bars = " ".join(element.proto.text for element in page.get("progress"))
    assert bars.startswith("**blue**")


@pytest.mark.slow
def test_camera_images_are_classified_and_not_stored(open_trained, until, monkeypatch):
    page = open_trained()
    page.session_state["side_4_False"] = "Try it"
    page.run()
    page = require_success(page.toggle(key="try_live").set_value(True).run())
    assert "Press Start" in join_texts(page.caption) and not page.get("progress")
    classifier = page.session_state["last_classifier"]
    mine = {}

    def look(*images):
        """Runs the camera's callback as if the browser had sent these images."""
        with monkeypatch.context() as patch:
            patch.setattr(st, "session_state", mine)
            live_predictions._classify_newest(classifier, images)
        for key, value in mine.items():
            page.session_state[key] = value
        return page.run()

    files = set(paths.ensure_folder("files").iterdir())
    noise = np.random.default_rng(0).normal(0, 20, (40, 40, 3))
    for color, sure in (("green", 1), ("blue", 0)):
        frame = np.clip(np.array(COLORS[color]) + noise, 0, 255).astype("uint8")
        look(b"an older one", image_io.encode_as(frame, ".jpg"))
        bars = [bar.proto.text for bar in require_success(page).get("progress")]
        assert [element.split()[0] for element in bars] == ["**blue**", "**green**", "**red**"]
        assert max(range(3), key=lambda n: float(bars[n].split()[1][:-1])) == sure
    look(image_io.encode_as(np.full((40, 40, 3), 128, "uint8"), ".jpg"))
    assert "camera.jpg is gray. " in join_texts(page.error)
    assert page.get("progress"), "what was said last is gone"
    look(b"no image")
    assert len(page.error) == 1 and says_what_to_do(join_texts(page.error))
    assert set(paths.ensure_folder("files").iterdir()) == files


@pytest.mark.slow
def test_classifier_is_exported_with_a_program(open_trained, until):
    page = open_trained()
    page.session_state["side_4_False"] = "Export"
    page.run()
    press_button(page, "Export as Keras")
    until(lambda: page.run() and any("import keras" in code.value for code in page.code))
    assert "Download" in [link.proto.label for link in require_success(page).get("download_button")]
    assert "It is within 0" in join_texts(page.markdown)


def test_damaged_classifier_shows_an_error(open_trained, engine):
    page = open_trained()
    path = engine.find_job(page.query_params["job"]).result.files[0].path
    whole = path.read_bytes()
    shutil.rmtree(paths.ensure_folder("cache") / "models", ignore_errors=True)  # where it was unpacked
    try:
        path.write_bytes(whole.replace(b'"classes"', b'"glasses"'))
        page.run()
        assert not page.exception and len(page.error) == 1
        assert ": another file, or a damaged one. " in join_texts(page.error)
    finally:
        path.write_bytes(whole)


@pytest.mark.slow
def test_classifier_is_saved_and_chosen(open_trained):
    page = open_trained()
    page.text_input[0].set_value("My Colors!").run()
    press_button(page, "Keep as model")
    assert presets.find("My Colors!").task == "classify.train"
    assert page.button_group(key="half").value == "try"
    assert page.selectbox(key="preset").value == "My Colors!"
    assert page.query_params["preset"] == "My Colors!", "a reload would choose another one"
    assert "Classes: blue, green, red" in join_texts(require_success(page).caption)
    assert page.get("progress")[0].proto.text.startswith("**blue**")


@pytest.mark.slow
def test_classifier_without_a_page_offers_training_on_a_smaller_backbone(open_trained):
    page = open_trained()
    note = "Only a classifier on EfficientNet-Lite0 can be shared"
    assert note in join_texts(page.caption)
    press_button(page, "Keep as model")
    assert "12 MB" in join_texts(require_success(page).info)
    page.session_state["images"] = "Cartoons"  # the user has chosen other images since
    press_button(page, "Train on EfficientNet-Lite0")
    require_success(page)
    assert page.button_group(key="half").value == "train"
    assert page.button_group(key="backbone").value == "efficientnet-lite0"
    assert page.button_group(key="images").value == "Your own"
    assert "colors.zip" in join_texts(page.caption) and note not in join_texts(page.caption)
    assert "training images of colors are selected" in join_texts(page.toast)


@pytest.mark.slow
def test_classifier_is_shared_at_its_result_once_it_is_small_enough(open_trained, engine, until, monkeypatch):
    page = open_trained()
    assert "colors on ResNet50 is too large" in join_texts(page.info)
    assert "Share" not in list_button_labels(page)
    first = page.query_params["job"]
    press_button(page, "Train again on EfficientNet-Lite0")
    until(lambda: page.run() and "Share" in list_button_labels(page))
    jobs = [engine.find_job(job_id) for job_id in (first, page.query_params["job"])]
    settings = [TrainClassifierSettings.parse(job.settings) for job in jobs]
    assert settings[1] == settings[0].model_copy(update={"backbone": "efficientnet-lite0"})
    assert jobs[1].inputs == jobs[0].inputs
    assert page.button_group(key="backbone").value == "efficientnet-lite0"

    def refuse(preset):
        raise StudioError("The page could not be created. Try again.")

    monkeypatch.setattr(child, "build", refuse)
    press_button(page, "Share")
    assert "could not be created" in join_texts(page.error)
    shared = []
    monkeypatch.setattr(child, "build", lambda preset: shared.append(preset.name) or b"<html>")
    press_button(page, "Share")
    assert shared == ["colors"]
    labels = [link.label for link in require_success(page).get("download_button")]
    assert "Download the page (6 bytes)" in labels


@pytest.mark.slow
def test_newest_classifier_is_tried(visit, upload_zip, open_trained, until):
    page = require_success(upload_zip(zip_colors()))
    page.button_group(key="half").set_value("try").run()
    assert page.selectbox(key="preset").value == "imagenet-resnet50"
    page = open_trained()
    page.button_group(key="half").set_value("try").run()
    selectbox = require_success(page).selectbox(key="preset")
    assert selectbox.value == "" and "last trained" in selectbox.options[0]
    assert "Classes: blue, green, red" in join_texts(page.caption)
    selectbox.set_value("imagenet-resnet50").run()
    page.button_group(key="half").set_value("train").run()
    page.number_input(key="seed").set_value(5).run()
    press_button(page, "Train")
    until(lambda: page.run() and "Make again" in list_button_labels(page))
    page.button_group(key="half").set_value("try").run()
    assert require_success(page).selectbox(key="preset").value == "", "another was trained since"
    reloaded = require_success(visit("classify", half="Try"))
    assert reloaded.selectbox(key="preset").value == ""
    tile = next(tile for tile in TILES if tile.opens.get("half") == "Try")
    other_page = require_success(visit("classify", image="Chelsea", **tile.opens))
    assert other_page.selectbox(key="preset").value == "imagenet-resnet50"


def make_keras_file(**more: bytes) -> bytes:
    """Returns a file that passes for a Keras model until it is loaded."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(
            "config.json",
            json.dumps({"module": "keras", "class_name": "Sequential", "config": {"layers": []}}),
        )
        file.writestr("model.weights.h5", b"none")
        for name, data in more.items():
            file.writestr(name, data)
    return packed.getvalue()


@pytest.fixture
def open_imported_model(visit):
    """Opens the prediction half of the page with an imported model."""
    imported_models.read_facts_as.clear()  # two files of the same second are the same file

    def open_imported_model(data: bytes, name: str = "my net.keras"):
        page = visit("classify", half="Try")
        return page.file_uploader[0].upload(name, data, "application/zip").run()

    return open_imported_model


def record_stored_preprocessing(monkeypatch) -> list[str]:
    """Records the preprocessing that is stored with a model, without a safe copy."""
    stored_choices: list[str] = []

    def store(file, choice):
        stored_choices.append(choice)
        return File.store(packing.with_preprocessing(file.read(), file.name, choice), "model", "my net.zip")

    monkeypatch.setattr(safe_copies, "with_preprocessing", store)
    return stored_choices


def find_preprocessing(page):
    """Returns the preprocessing control next to the prediction."""
    return next(element for element in page.button_group if element.label == "Preprocessing")


@pytest.mark.slow
def test_imported_model_is_checked_chosen_and_tried(open_imported_model, monkeypatch):
    model = ClassifierFacts(
        "my net", ("mine", "yours"), (20, 30), 7, preprocessing="0-255", reason="it has a Rescaling layer"
    )
    names = []
    monkeypatch.setattr(imported, "read_facts", lambda file, flat=False: names.append(file.name) or model)
    stored_choices = record_stored_preprocessing(monkeypatch)
    page = require_success(open_imported_model(make_keras_file()))
    assert set(names) == {"my net.keras"}
    selectbox = page.selectbox(key="preset")
    assert selectbox.options[selectbox.index] == "my net.keras"
    assert "Imported: 2 classes (mine, yours); input size 30 × 20 px." in join_texts(page.caption)
    assert page.get("progress")[0].proto.text == "**yours** 75.0%"
    assert "Preprocessing: 0 to 255 (it has a Rescaling layer)." in join_texts(page.caption)
    find_preprocessing(page).set_value("0-1").run()
    assert stored_choices == ["0-1"]
    assert "my net.zip" in page.selectbox(key="preset").options
    selectbox = page.selectbox(key="preset")
    assert selectbox.options[selectbox.index] == "my net.zip" and page.get("progress")
    selectbox.set_value("imagenet-resnet50").run()
    assert page.get("progress")[0].proto.text == "**tabby** 75.0%"


@pytest.mark.slow
def test_imported_model_is_scored_on_folders(open_imported_model, engine, until, monkeypatch):
    model = ClassifierFacts(
        "my net",
        ("red", "blue", "green"),
        (20, 30),
        7,
        preprocessing="0-255",
        reason="it has a Rescaling layer",
    )
    monkeypatch.setattr(imported, "read_facts", lambda file, flat=False: model)
    page = require_success(open_imported_model(make_keras_file()))
    page.session_state["side_4_True"] = "Evaluation"
    page.run()
    assert "named red, blue, green" in join_texts(require_success(page).markdown)
    upload = next(element for element in page.file_uploader if "npz of images" in element.label)
    page = require_success(upload.upload("colors.zip", zip_colors(), "application/zip").run())
    press_button(page, "Evaluate")
    until(lambda: page.run() and page.metric)
    assert page.metric[0].value == "100.0%" and page.metric[0].label == "Accuracy on these images"
    assert "18 of 18" in join_texts(require_success(page).markdown)
    job = engine.list_jobs()[0]
    assert job.task == "classify.audit" and [file.name for file in job.inputs["model"]] == ["my net.keras"]


@pytest.mark.parametrize("refused_by", ["at once", "by its process"])
def test_invalid_model_shows_an_error_and_keeps_the_page(refused_by, open_imported_model, monkeypatch):
    def refuse(file, flat=False):
        raise InvalidInput("Invalid model my net.keras. Choose another.")

    monkeypatch.setattr(imported, "read_facts", refuse)
    page = open_imported_model(
        make_keras_file(**{"evil.py": b"open('PWNED', 'w')"})
        if refused_by == "at once"
        else make_keras_file()
    )
    assert not page.exception and len(page.error) == 1
    message = page.error[0].value.replace("\\", "")
    assert "Invalid model my net.keras" in message and says_what_to_do(message)
    assert page.selectbox(key="preset").value == "imagenet-resnet50"
    page.run()
    assert not page.error  # it is shown once, and not tried again


@pytest.mark.slow
def test_classifier_is_trained_and_data_audited_with_an_imported_model(
    upload_zip, engine, until, monkeypatch
):
    imported_models.read_facts_as.clear()
    model = ClassifierFacts(
        "my net", ("mine", "yours"), (48, 64), 7, preprocessing="0-255", reason="it has a Rescaling layer"
    )
    monkeypatch.setattr(imported, "read_facts", lambda file, flat=False: model)
    page = require_success(upload_zip(zip_colors()))
    assert "backbone" in page.query_params or page.button_group(key="backbone")
    upload = next(element for element in page.file_uploader if "model" in element.label)
    page = require_success(upload.upload("my net.keras", make_keras_file(), "application/zip").run())
    selectbox = page.selectbox(key="looks")
    assert selectbox.options[selectbox.index] == "my net.keras"
    assert {"backbone", "finetune", "flip"}.isdisjoint(list_widget_keys(page)) and "head" in list_widget_keys(
        page
    )
    stored_choices = record_stored_preprocessing(monkeypatch)
    find_preprocessing(page).set_value("0-1").run()
    assert stored_choices == ["0-1"]
    until(lambda: page.run() and "Look for wrong labels" in list_button_labels(page))
    assert "64 px" not in join_texts(page.markdown)
    press_button(page, "Look for wrong labels")
    press_button(page, "Train")
    until(lambda: page.run() and "Make again" in list_button_labels(page))
    jobs = {job.task: job for job in reversed(engine.list_jobs())}  # the newest element of each kind
    for task in ("classify.train", "classify.audit"):
        assert [file.name for file in jobs[task].inputs["model"]] == ["my net.zip"], "with its preprocessing"
    page.selectbox(key="looks").set_value("").run()
    assert "backbone" in list_widget_keys(require_success(page))


def list_widget_keys(page):
    kinds = (page.button_group, page.toggle, page.slider, page.selectbox, page.select_slider)
    return {element.key for elements in kinds for element in elements}


def test_imagenet_needs_no_training(visit):
    page = require_success(visit("classify", half="Try"))
    assert page.selectbox(key="preset").value == "imagenet-resnet50"
    assert page.get("progress")[0].proto.text == "**tabby** 75.0%"
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    assert any("the darkened sides are ignored" in caption for caption in captions)
    page.button_group(key="look_for:ImageNet, a thousand things:Chelsea").set_value("lynx").run()
    records = [json.loads(code.value) for code in require_success(page).code if code.value.startswith("{")]
    assert records[0]["settings"]["label"] == "lynx"
    assert any(
        "evidence for “lynx”" in image.caption
        for element in page.get("image")
        for image in element.proto.imgs
    )


@pytest.mark.slow
def test_under_the_hood_has_the_feature_map_and_the_learning_curve(open_trained):
    page = open_trained()
    page.session_state["explain"] = True
    page.run()
    charts = [chart.proto.spec for chart in require_success(page).get("vega_lite_chart")]
    assert any("predicted" in spec for spec in charts)
    assert "25.0 points" in join_texts(page.caption)


@pytest.mark.parametrize(
    "pairs, expected, matters",
    [
        ([False], "1 pair of images is nearly identical", False),
        ([True], "The two are in two classes", True),
        ([True, False, False], "1 of them is in two classes", True),
    ],
)
def test_near_duplicates_are_listed_once_with_their_images(pairs, expected, matters):
    near = [
        {"first": f"{n}.png", "second": f"{n}b.png", "is_cross_class": is_cross_class}
        for n, is_cross_class in enumerate(pairs)
    ]
    facts = {"broken_count": 0, "copies_count": 0, "small_count": 0, "images": 9, "split": False, "notes": []}
    facts["multi_label"] = False
    warned = ["1 pair of nearly the same image in two classes: check which class is right."]
    [finding] = audit.list_findings(facts | {"near": near, "near_count": len(near), "warnings": warned})
    assert expected in finding.sentence
    assert (finding.is_problem, len(finding.names), finding.shows_images) == (matters, 2 * len(pairs), True)


def test_every_sample_has_a_tile():
    for name in [*sample_sets.list_sets(), "own"]:
        assert (samples.IMAGE_FOLDER / f"set-{name}.webp").is_file(), name


def test_recorded_study_is_shown_until_the_user_has_one(visit):
    page = visit("classify", explain="true")
    assert not page.exception
    assert "Measure on my images" in list_button_labels(page)
    figures = runs.load("study").figures
    sentences = study_text.describe_results(figures)
    captions = [element.value.replace("\\", "") for element in page.caption]
    assert all(sentence in captions for sentence in sentences.values())
    assert len(page.get("vega_lite_chart")) >= 2 + len(sentences)


def test_wrong_labels_rank_higher_than_by_chance():
    lost = {"wrong": 2, "images": 10, "list": [True, False, True]}
    rows = study.count_wrong_labels_found(lost)
    assert [row["found"] for row in rows if row["order"] == "suspicion list"] == [0, 1, 1, 2]
    assert [row["found"] for row in rows if row["order"] == "random order"] == [0, 0.2, 0.4, 0.6]
