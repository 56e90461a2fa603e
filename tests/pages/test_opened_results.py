"""A link to a result restores its settings and inputs in the form."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import tiny_faces
import tiny_language_model
import tiny_sketch
from PIL import ImageColor

from pages.colorize import color_hint_brush
from pages.form import samples, video_input
from pages.form.drawing_canvas import SIDE
from pages.form.paint import from_data_url
from pages.tune import trials
from studio.core import paths, tasks
from studio.core.data import sample_sets
from studio.core.imaging import image_io
from studio.engine.jobs import store
from studio.engine.jobs.records import Request


@pytest.fixture
def tiny_models(engine, hide_shipped_models):
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


def store_drawing(level: int = 200) -> tasks.File:
    pixels = np.zeros((SIDE, SIDE, 3), "uint8")
    pixels[80:200, 100:180] = level
    return tasks.File.store(image_io.encode_png(pixels), "image", "drawing.png")


def find_photo(title: str) -> tasks.File:
    photos = [*samples.list_photos(), *samples.list_gray_photos()]
    return next(photo for photo in photos if photo.title == title).get_file()


class Opened(NamedTuple):
    """A result, and the values of the form after its link was opened."""

    address: str
    task: str
    settings: dict
    inputs: Callable[[], dict]
    state: dict


BASE_PHOTO = {"content": "Coffee"}
OPENED = [
    Opened(
        "enhance",
        "enhance.enlarge",
        {"scale": 3, "denoise": 0.5},
        lambda: {"content": [find_photo("Coffee")]},
        BASE_PHOTO | {"scale": 3, "denoise": 0.5, "what": "photo"},
    ),
    Opened(
        "playground",
        "playground.train",
        {"depth": 2, "fourier_features": 0, "learning_rate": 0.02},
        lambda: {"content": [find_photo("Coffee")]},
        BASE_PHOTO | {"depth": 2, "fourier_features": 0, "learning_rate": 0.02},
    ),
    Opened(
        "x-ray",
        "xray.look",
        {"backbone": "resnet50", "layer": "conv3_block1_out", "channel": 9, "off": ["conv4_block3"]},
        lambda: {"content": [find_photo("Coffee")]},
        BASE_PHOTO
        | {"backbone": "resnet50", "layer": "conv3_block1_out", "channel": 9, "off": ["conv4_block3"]},
    ),
    Opened(
        "x-ray",
        "xray.filter",
        {"layer": "block2_conv1", "channel": 5, "stride": 2, "across": 0.25},
        lambda: {"content": [find_photo("Coffee")]},
        BASE_PHOTO
        | {"backbone": "vgg16", "layer": "block2_conv1", "channel": 5, "filter": True}
        | {"stride": 2, "across": 0.25},
    ),
    Opened(
        "sketch",
        "sketch.paint",
        {"kind": "light", "night": True, "seed": 7, "side": 128},
        lambda: {"content": [store_drawing()]},
        {"kind": "light", "night": True, "seed": 7, "side": 128},
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("opened", OPENED, ids=lambda opened: opened.task)
def test_form_is_filled_by_a_link(open_result, opened):
    page = open_result(opened.address, opened.task, opened.settings, opened.inputs(), "image")
    assert not page.exception
    assert {name: page.session_state[name] for name in opened.state} == opened.state


@pytest.mark.slow
def test_drawing_and_network_of_an_avatar_are_opened(open_result, engine):
    network = tiny_sketch.make_of_pairs("paper")
    try:
        page = open_result("sketch", "sketch.paint", {}, {"content": [store_drawing()]}, "image")
        assert read_canvas(page, "outline_lines") == store_drawing().digest
        settings, photo = {"network": "paper", "side": 96}, find_photo("Coffee")
        page = open_result("sketch", "sketch.translate", settings, {"content": [photo]}, "image")
    finally:
        shutil.rmtree(network.folder)
    assert not page.exception
    assert get_state(page, "outline_network", "given", "content", "side") == ["paper", "photo", "Coffee", 96]


@pytest.mark.slow
def test_results_of_the_lab_are_opened(open_result, engine):
    doodles = [store_drawing(90)]
    inputs = {"content": [store_drawing()], "doodles": doodles}
    settings = {"kind": "sparse", "bottleneck": 3, "steps": 40, "noise": 0.25, "holes": 2}
    page = open_result("lab", "lab.repair", settings, inputs, "image")
    assert not page.exception and page.session_state["lab_doodles"] == doodles
    assert get_state(page, "lab_model", "compare_with", *settings) == ["codes", "nothing", *settings.values()]
    assert read_canvas(page, "drawing") == store_drawing().digest

    settings = {"units": 32, "learning_rate": 0.1, "keep": "left", "temperature": 1.5}
    page = open_result("lab", "lab.imagine", settings, {"content": [store_drawing(90)]}, "image")
    assert not page.exception and page.session_state["lab_doodles"] == []
    assert get_state(page, "lab_model", *settings) == ["dreams", *settings.values()]
    assert read_canvas(page, "drawing") == store_drawing(90).digest


@pytest.mark.slow
def test_color_hints_and_photo_are_opened(open_result, engine):
    hints = np.zeros((24, 32, 4), "uint8")
    hints[4:12, 6:20] = [*ImageColor.getrgb(color_hint_brush.HINT_COLORS["Red"]), 255]
    file = tasks.File.store(image_io.encode_png(hints), "image", "color_hints.png")
    inputs = {"content": [samples.list_gray_photos()[1].get_file()], "color_hints": [file]}
    page = open_result("colorize", "colorize.apply", {"vividness": 0.75}, inputs, "image")
    assert not page.exception
    expected = [samples.list_gray_photos()[1].title, 0.75, True, False]
    assert get_state(page, "content", "vividness", "color_hints_on", "examples.on") == expected
    masks = [from_data_url(mask).any() for mask in page.session_state["color_hints"]["masks"]]
    assert masks == [name == "Red" for name in color_hint_brush.HINT_COLORS]


def read_canvas(page, name: str) -> str:
    """Returns the SHA-256 of the drawing on a canvas of one color, as a PNG."""
    [mask] = page.session_state[name]
    return paths.digest(image_io.encode_png(from_data_url(mask)))


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
        "vary": ["learning_rate=0.002:0.01", "architecture=lstm|gru"],
        "fixed": ["epochs=5", "units=96", "embedding=32"],
        "trials": 7,
    }
    page = open_result("tune", "tune.run", options, {"text": [store_text()]})
    assert not page.exception
    assert page.button_group(key="train").value == "text" and page.button_group(key="source").value == "file"
    assert page.multiselect(key="vary_text").value == ["learning_rate", "architecture"]
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
