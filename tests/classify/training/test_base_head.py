"""A head trained on the features of an imported model is a normal classifier."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from copies_in_process import run_in_this_process

from studio.classify.inference import score
from studio.classify.models import trained
from studio.classify.settings import ExplainSettings, ExportSettings, PredictSettings, TrainClassifierSettings
from studio.core import data, tasks
from studio.core.errors import InvalidInput
from studio.core.models import model_folder, presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused
from studio.imported import files, sandboxed_process

pytestmark = pytest.mark.usefixtures("local_sandbox")


def save_edge_network(path, nested=False):
    """Returns the file of a network with edge filters that was trained on other classes."""
    from keras import Input, Sequential, layers

    first = [Input((40, 40, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, activation="relu")]
    body = [Sequential(first, name="inner")] if nested else first
    pooled = layers.GlobalAveragePooling2D()
    network = Sequential(
        [Input((40, 40, 3)), *body[0 if nested else 1 :], pooled, layers.Dense(5), layers.Softmax()]
    )
    edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], "float32")
    kernels = np.stack([edge, -edge, edge.T, -edge.T], axis=-1)[:, :, None].repeat(3, axis=2)
    network.set_weights([kernels, np.zeros(4), np.ones((4, 5)) * np.arange(5), np.zeros(5)])
    network.save(path)
    return files.store(path)


def train(base, folder, **change):
    settings = TrainClassifierSettings(**change)
    inputs = {"data": [data.store_reference(str(folder))], "model": [base]}
    return tasks.run("classify.train", settings, inputs)


@pytest.fixture(scope="module")
def packed_model(class_folder, tmp_path_factory):
    """The bytes of a model with a head on edge features, trained once for all tests."""
    place = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(place / "home"))
        patch.setattr(sandboxed_process, "run", run_in_this_process)
        result = train(save_edge_network(place / "net.keras"), class_folder)
        return result.files[0].read()


@pytest.fixture
def trained_file(packed_model, local_sandbox):
    """The model of `packed_model` as a file in the studio of this test."""
    return File.store(packed_model, "model", "shapes.zip")


@pytest.mark.slow
@pytest.mark.parametrize("nested, change", [(False, {}), (True, {"head": "mlp", "hidden": 256})])
def test_the_opened_model_repeats_the_stored_predictions(class_folder, tmp_path, nested, change):
    result = train(save_edge_network(tmp_path / "my net.keras", nested), class_folder, **change)
    assert result.figures["accuracy"] >= 0.8 and result.recipe.weights == {}
    assert [file.name for file in result.recipe.inputs["model"]] == ["my net.keras"]
    preset = presets.unpack(result.files[0].read(), tmp_path / "model")
    tested, dataset = (
        preset.read_data()["tested"],
        data.load_dataset(data.store_reference(str(class_folder)), 40),
    )
    rows = [dataset.names.index(name) for name in tested["names"]]
    classifier = trained.load(preset)
    probabilities = classifier.predict([dataset.images[row] for row in rows])
    assert classifier.classes == ("disc", "lying", "standing") and classifier.size == (40, 40)
    assert probabilities.argmax(axis=1).tolist() == tested["guess"]
    assert probabilities.max(axis=1) == pytest.approx(tested["confidence"], abs=2e-3)
    assert classifier.maps is not None and classifier.maps.shape[1:3] == (38, 38)
    scored = score.score_preset(preset, str(class_folder), None, Progress())
    assert (scored["accuracy"], scored["n"]) == (result.figures["accuracy"], result.figures["n"])
    card = preset.read_card()
    assert "Features of my net.keras, and" in card and "--base 'my net.keras'" in card
    assert "images at 40 px" in card


@pytest.mark.slow
@pytest.mark.parametrize("form", ["keras", "teachable", "tfjs"])
def test_the_model_can_be_exported_explained_and_imported_again(trained_file, class_folder, tmp_path, form):
    inputs = {"model": [trained_file]}
    images = [File.store((class_folder / "lying" / "03.png").read_bytes(), "image", "it.png")]
    query = {"images": images, **inputs}
    labels = tasks.run("classify.predict", PredictSettings(), query).figures["images"][0]["labels"]
    exported = tasks.run("classify.export", ExportSettings(form=form), inputs)
    path = tmp_path / f"out.{ExportSettings(form=form).ending}"
    path.write_bytes(exported.files[0].read())
    back = {**query, "model": [files.store(path)]}
    again = tasks.run("classify.predict", PredictSettings(), back).figures["images"][0]["labels"]
    assert [element["label"] for element in again] == [label["label"] for label in labels]
    assert [element["probability"] for element in again] == pytest.approx(
        [label["probability"] for label in labels], abs=0.02
    )
    explanation = tasks.run("classify.explain", ExplainSettings(), {"image": images, **inputs})
    assert explanation.figures["label"] == labels[0]["label"]


@pytest.mark.slow
def test_a_trained_model_can_be_the_base_of_the_next(trained_file, class_folder, tmp_path):
    pair = shutil.copytree(class_folder, tmp_path / "pair")
    shutil.rmtree(pair / "disc")
    result = train(trained_file, pair)
    assert result.figures["accuracy"] >= 0.8
    preset = presets.unpack(result.files[0].read(), tmp_path / "model")
    assert trained.load(preset).classes == ("lying", "standing")


@pytest.mark.slow
def test_features_are_cached(class_folder, tmp_path, monkeypatch):
    base = save_edge_network(tmp_path / "net.keras")
    first = train(base, class_folder)
    monkeypatch.setattr("studio.classify.models.classifier.Classifier.run", None)
    assert train(base, class_folder, seed=0, held_out=0.3).figures["accuracy"] == first.figures["accuracy"]


@pytest.mark.slow
def test_conflicting_settings_are_refused_or_described(class_folder, tmp_path):
    base = save_edge_network(tmp_path / "net.keras")
    with pytest.raises(InvalidInput, match=r"features of a given model stay frozen.*Leave one out"):
        train(base, class_folder, finetune=True)
    notes = train(base, class_folder, size=96).figures["notes"]
    assert "Without effect, because the model has its own: size." in notes
    assert not any("class names" in note for note in notes), "training needs the features only"
    alone = TrainClassifierSettings(preprocessing="0-1").describe_unused()
    assert alone == ["Without effect, because no imported model was given: preprocessing."]


def insert_lambda(network):
    config = json.loads(network["members"]["config.json"])
    config["config"]["layers"][1]["class_name"] = "Lambda"
    network["members"]["config.json"] = json.dumps(config)


@pytest.mark.parametrize(
    "harm, expected",
    [
        (insert_lambda, "Lambda, which is not supported"),
        (lambda network: network.update(members="text"), ": another text"),
        (lambda network: network["members"].update({"../x": "y"}), ": a part of the network"),
        (lambda network: network.update(side=10**9), r": 1000000000 px"),
        (lambda network: network["members"].update({"config.json": "{}"}), "not a model of layers"),
    ],
)
def test_an_altered_folder_is_checked_as_an_imported_model_is(
    packed_model, class_folder, tmp_path, harm, expected
):
    preset = presets.unpack(packed_model, tmp_path / "m")
    path = preset.folder / model_folder.SETTINGS
    record = json.loads(path.read_text())
    harm(record["data"]["network"])
    path.write_text(json.dumps(record))
    with pytest.raises((InvalidInput, Refused), match=expected):  # the latter in this process
        score.score_preset(presets.find(preset.folder), str(class_folder), None, Progress())
