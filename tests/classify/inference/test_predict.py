"""Predicted labels, best first, of trained classifiers and of ImageNet networks."""

from __future__ import annotations

import json

import numpy as np
import pytest
import toy_classifier
from skimage import data

from studio.classify.inference import grad_cam, predict
from studio.classify.models import available, classifier, imagenet
from studio.classify.settings import IMAGENET, ExplainSettings, PredictSettings
from studio.core import paths, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.models import model_zip, presets
from studio.core.objectives import backbones
from studio.core.tasks import File
from studio.core.weights import pretrained

pytestmark = pytest.mark.slow


def image_file(image, name="photo.png"):
    return File.store(image_io.encode_png(image), "image", name)


@pytest.fixture
def toy(weights_home):
    """The name of a trained classifier of cats and cups."""
    toy_classifier.save("toy")
    return "toy"


def test_labels_are_sorted_by_probability():
    labels = predict.select_top_labels(np.array([0.2, 0.5, 0.3]), ("a", "b", "c"), 2)
    assert labels == [{"label": "b", "probability": 0.5}, {"label": "c", "probability": 0.3}]
    assert predict.select_top_labels(np.array([0.5, 0.5]), ("a", "b"), 9)[0]["label"] == "a"


def test_control_characters_are_not_printed():
    figures = {"images": [{"path": "a\n.png", "labels": [{"label": "\x1b[2Jcat\n", "probability": 1.0}]}]}
    assert predict.format_predictions(figures) == "a\ufffd.png: \ufffd[2Jcat\ufffd 100.0%"


def test_predictions_as_text():
    figures = {
        "images": [
            {
                "path": "x/cat.png",
                "labels": predict.select_top_labels(np.array([0.126, 0.874]), ("a", "b"), 2),
            }
        ]
    }
    assert predict.format_predictions(figures) == "x/cat.png: b 87.4%, a 12.6%"


@pytest.mark.parametrize(
    "image, label", [("chelsea", "Egyptian cat"), ("coffee", "espresso"), ("rocket", "drilling platform")]
)
def test_imagenet_classifies_sample_photos(resnet50_home, image, label):
    result = tasks.run(
        "classify.predict", PredictSettings(), {"images": [image_file(getattr(data, image)())]}
    )
    (prediction,) = result.figures["images"]
    assert prediction["labels"][0]["label"] == label
    assert prediction["labels"][0]["probability"] > 0.8
    assert len(prediction["labels"]) == 5
    assert json.loads(result.files[0].read()) == {"images": [prediction]}
    assert result.recipe.weights == {"resnet50": pretrained.get_status("resnet50").digest}


def test_the_imagenet_classifier_agrees_with_resnet50(resnet50_home):
    named = imagenet.load()
    assert len(set(named.classes)) == 1000
    image = image_io.resize(data.chelsea()[:, 75:375], 224, 224)
    prepared = backbones.find_spec("resnet50").preprocessing(image[None].astype("float32") / 255)
    whole = np.asarray(pretrained.load("resnet50").model(prepared))
    assert named.predict([image]) == pytest.approx(whole, abs=1e-4)
    assert imagenet.load().network is named.network


def test_a_trained_classifier_predicts_by_name_and_as_a_file(toy, home):
    images = [image_file(data.chelsea(), "cat.png"), image_file(data.coffee()[:, ::-1], "cup.png")]
    by_name = tasks.run("classify.predict", PredictSettings(preset=toy), {"images": images})
    preset = presets.find(toy)
    assert [entry["path"] for entry in by_name.figures["images"]] == ["cat.png", "cup.png"]
    for entry in by_name.figures["images"]:
        assert {label["label"] for label in entry["labels"]} == {"cat", "coffee"}
        assert sum(label["probability"] for label in entry["labels"]) == pytest.approx(1)
    assert by_name.recipe.weights == {toy: preset.digest}
    packed = File.store(model_zip.pack(preset.folder), "model", "toy.zip")
    as_file = tasks.run("classify.predict", PredictSettings(), {"images": images, "model": [packed]})
    assert as_file.figures["images"] == by_name.figures["images"]
    assert as_file.recipe.weights == {} and as_file.recipe.inputs["model"][0].digest == packed.digest


def test_valid_classifiers_are_listed(toy, home):
    presets_before = available.list_names()
    assert presets_before == [IMAGENET, toy]  # and no generators or language models
    broken = paths.ensure_folder("presets") / "broken"
    broken.mkdir()
    (broken / "settings.json").write_text("{}")
    assert available.list_names() == presets_before


@pytest.mark.parametrize("settings", [PredictSettings, ExplainSettings])
def test_other_models_are_refused_by_the_check(settings, home):
    task = {PredictSettings: "classify.predict", ExplainSettings: "classify.explain"}[settings]
    slot = tasks.get(task).inputs[0].name
    images = {slot: [image_file(np.zeros((8, 8, 3), "uint8"))]}
    other = next(name for name in presets.list_names() if presets.find(name).task != "classify.train")
    with pytest.raises(InvalidInput, match="Use a classifier"):
        tasks.check(task, settings(preset=other), images)
    with pytest.raises(InvalidInput, match="preset"):
        tasks.check(task, settings(preset="nobody"), images)
    tasks.check(task, settings(), images)


def test_warming_a_worker_downloads_nothing(home):
    for task, settings in (("classify.predict", PredictSettings()), ("classify.explain", ExplainSettings())):
        tasks.import_object(tasks.get(task).prepare_keras)(settings)
    assert not list(home.glob("weights/*.h5"))  # nothing was downloaded


def test_a_warm_worker_has_loaded_the_network(resnet50_home, monkeypatch):
    monkeypatch.setattr(classifier, "_CACHE", {})
    monkeypatch.setattr(grad_cam, "_COMPILED", {})
    for task, settings in (("classify.predict", PredictSettings()), ("classify.explain", ExplainSettings())):
        tasks.import_object(tasks.get(task).prepare_keras)(settings)
    assert list(classifier._CACHE) == list(grad_cam._COMPILED) == [pretrained.get_status("resnet50").digest]
