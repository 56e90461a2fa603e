"""A link to a result restores its settings and inputs in the form."""

from __future__ import annotations

import shutil

import pytest
import tiny_faces
import tiny_language_model

from pages.form import samples, video_input
from pages.tune import trials
from studio.core import paths, tasks
from studio.core.data import sample_sets
from studio.core.weights import index
from studio.engine.jobs import store
from studio.engine.jobs.parts import Request


@pytest.fixture(autouse=True)
def hide_shipped_models(monkeypatch):
    """Hides shipped models, so that tests know which model comes first."""
    catalog = index.load().model_copy(update={"presets": {}})
    monkeypatch.setattr(index, "load", lambda: catalog)


@pytest.fixture
def tiny_models(engine):
    """Two language models and two generators."""
    for name in ("first", "second"):
        tiny_language_model.make(paths.ensure_folder("presets") / name)
    tiny_faces.make(paths.ensure_folder("presets") / "tiny")
    yield
    shutil.rmtree(paths.ensure_folder("presets"))


@pytest.fixture
def open_result(visit, engine, until):
    """Opens the link to a finished job: `open_result(page, task, settings, inputs, kind)`."""
    ids = []

    def open_result(address, task, settings, inputs, kind="model"):
        id, file = store.new_id(1), tasks.File.store(b"no real result", kind, "made.zip")
        request = Request.of(tasks.get(task), settings, inputs, "local")
        store.write_finished(paths.ensure_folder("jobs") / id, request, tasks.Result((file,)), 1, 2)
        until(lambda: id in {job.id for job in engine.list_jobs(limit=1000)})
        ids.append(id)
        return visit(address, job=id)

    yield open_result
    for id in ids:
        engine.find_job(id).folder.remove()


def test_result_of_another_page_shows_a_link(open_result):
    page = open_result("dream", "enhance.enlarge", {}, {}, "image")
    assert not page.exception
    assert [warning.value for warning in page.warning] == ["This is a result of another page: Enhance."]
    [link] = [element for element in page.main.get("page_link") if element.proto.label == "Open in Enhance"]
    assert link.proto.query_string.startswith("job=")


def store_text(words: bytes = b"the sea, the sea, and so it is. " * 40) -> tasks.File:
    return tasks.File.store(words, "text", "sea.txt")


def get_state(page, *names) -> list:
    return [page.session_state[name] for name in names]


@pytest.mark.slow
def test_text_result_is_opened(open_result, tiny_models):
    settings = {
        "preset": "second",
        "prompt": "The sea",
        "temperature": 0.5,
        "seed": 4,
        "chars": 300,
        "stop": ".",
    }
    page = open_result("text", "text.write", settings, {}, "text")
    assert page.button_group(key="do").value == "write" and page.selectbox(key="preset").value == "second"
    assert page.text_area(key="prompt").value == "The sea"
    assert get_state(page, "temperature", "seed", "chars", "stop") == [0.5, 4, 300, "."]


@pytest.mark.slow
def test_text_training_is_opened(open_result, tiny_models):
    settings = {"units": 64, "dropout": 0.2, "epochs": 3}
    page = open_result("text", "text.train", settings, {"text": [store_text()]})
    assert page.button_group(key="do").value == "own" and page.button_group(key="source").value == "file"
    assert [file.name for file in page.session_state["text_file"]] == ["sea.txt"]
    assert page.select_slider(key="units").value == 64 and get_state(page, "dropout", "epochs") == [0.2, 3]


@pytest.mark.slow
def test_classifier_training_is_opened(open_result, engine):
    page = open_result(
        "classify", "classify.train", {"epochs": 3}, {"data": [sample_sets.store("sample:hair")]}
    )
    assert page.button_group(key="images").value == "Hair" and get_state(page, "epochs") == [3]
    other = open_result(
        "classify", "classify.train", {}, {"data": [tasks.File.store(b"zip", "dataset", "mine.zip")]}
    )
    assert other.button_group(key="images").value == "Your own"
    assert [file.name for file in other.session_state["set_file"]] == ["mine.zip"]


@pytest.mark.slow
def test_generator_training_is_opened(open_result, engine):
    inputs = {"data": [sample_sets.store("sample:digits")]}
    page = open_result("train-generator", "vae.train", {"steps": 500, "scored": 500, "beta": 2.0}, inputs)
    assert page.button_group(key="kind").value == "vae"
    assert page.button_group(key="learn_from").value == "Digits"
    assert get_state(page, "steps", "measured", "beta") == [500, True, 2.0]


@pytest.mark.slow
def test_search_is_opened(open_result, engine, monkeypatch):
    monkeypatch.setattr(trials, "_show_finished", lambda job, settings: None)
    options = {
        "train": "text",
        "vary": ["learning_rate=0.002:0.01", "cell=lstm|gru"],
        "fixed": ["epochs=5", "units=96", "embedding=32"],
        "trials": 7,
    }
    page = open_result("tune", "tune.run", options, {"text": [store_text()]})
    assert not page.exception
    assert page.button_group(key="train").value == "text" and page.button_group(key="source").value == "file"
    assert page.multiselect(key="vary_text").value == ["learning_rate", "cell"]
    assert get_state(page, "range_text_learning_rate.from", "range_text_learning_rate.to") == [0.002, 0.01]
    assert "trials" in page.session_state and page.session_state["trials"] == 7
    [length] = [element.value for element in page.number_input if element.key.startswith("length_epochs")]
    assert length == 5


@pytest.mark.slow
def test_face_of_a_grid_is_opened(open_result, tiny_models):
    settings = {"preset": "tiny", "face": 20, "n": 1, "seed": 5, "truncation": 0.5}
    page = open_result("faces", "faces.draw", settings, {"photo": []}, "image")
    assert get_state(page, "face", "n", "seed", "truncation") == [20, 36, 5, 0.5]
    assert not page.toggle(key="photo.on").value
    walked = {"preset": "tiny", "interpolate": 30, "fps": 12, "n": 16}
    photo = samples.list_photos()[1].get_file()
    video = open_result("faces", "faces.draw", walked, {"photo": [photo]}, "animation")
    assert get_state(video, "interpolate.on", "interpolate", "fps", "face") == [True, 30, 12, 0]


@pytest.mark.slow
def test_video_is_opened(open_result, engine):
    video = video_input.store_sample()
    base = {"size": 256, "strength": 0.5}
    settings = {"task": "style.transfer", "base": base, "start": 0.5, "end": 1.5}
    paintings = {sample.title: sample.get_file for sample in samples.list_paintings()}
    page = open_result(
        "style", "video.repaint", settings, {"video": [video], "style": [paintings["Mosaic"]()]}, "animation"
    )
    assert page.button_group(key="what").value == "video"
    assert page.button_group(key="style").value == ["Mosaic"]
    assert get_state(page, "size", "strength", "video_part") == [256, 0.5, (0.5, 1.5)]
