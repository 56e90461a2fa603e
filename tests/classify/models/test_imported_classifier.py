"""Imported classifiers agree with Keras and can be explained with Grad-CAM."""

from __future__ import annotations

import shutil
import zipfile

import keras
import numpy as np
import pytest
import third_party_networks
import toy_classifier
from skimage import data

from studio.classify.export import export
from studio.classify.inference import grad_cam
from studio.classify.models import available, imported_classifier
from studio.classify.settings import ExplainSettings, ExportSettings, PredictSettings
from studio.core import tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.imaging import crops, image_io
from studio.core.tasks import File
from studio.imported import files, keras_files, safe_copies, sandboxed_process

pytestmark = [pytest.mark.usefixtures("local_sandbox"), pytest.mark.slow]


def import_network(tmp_path, network, name="my net.keras") -> tuple[File, keras.Model]:
    path = third_party_networks.save(tmp_path / name, network)
    return files.store(path), keras.saving.load_model(path)


@pytest.mark.parametrize("end", ["softmax", None])
def test_predictions_agree_with_keras(end, tmp_path):
    file, network = import_network(tmp_path, third_party_networks.make_tutorial_network(end=end))
    model = imported_classifier.load(file)
    assert (model.name, model.size, model.digest) == ("my net", (20, 30), file.digest)
    assert model.classes == ("class 1", "class 2", "class 3", "class 4")
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), "uint8")
    expected = keras.ops.convert_to_numpy(network(images.astype("float32"), training=False))
    if end is None:
        expected = np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True)
    assert model.predict(list(images)) == pytest.approx(expected, abs=1e-5)
    assert np.ptp(expected) > 0.01
    large = data.astronaut()[:300]
    assert model.predict([large])[0] == pytest.approx(
        model.predict([crops.crop_and_resize(large, 20, 30)])[0], abs=1e-6
    )
    again = [np.asarray(model.network(large[None]))[0] for _ in range(4)]
    assert np.ptp(again, axis=0).max() == 0  # dropout is off in inference
    assert again[0] == pytest.approx(model.predict([large])[0], abs=0.01)


def test_grayscale_networks_get_luma(tmp_path):
    file, network = import_network(tmp_path, third_party_networks.make_gray_network())
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), "uint8")
    bright = np.round(image @ np.array([0.299, 0.587, 0.114], "float32"))
    expected = np.asarray(network(bright[None, ..., None].astype("uint8")))
    assert imported_classifier.load(file).predict([image]) == pytest.approx(expected, abs=1e-4)


def test_nested_networks_keep_their_weights(tmp_path):
    file, network = import_network(tmp_path, third_party_networks.make_transferred_network())
    model = imported_classifier.load(file)
    assert model.size == (224, 224)
    cut = crops.crop_and_resize(data.coffee(), 224)
    raw = np.asarray(network(cut[None].astype("float32")))[0]
    assert model.predict([cut])[0] == pytest.approx(
        np.exp(raw - raw.max()) / np.exp(raw - raw.max()).sum(), abs=1e-3
    )
    heatmap, _, _ = grad_cam.explain(model, data.coffee())
    assert heatmap.shape == (111, 111) and heatmap.max() == pytest.approx(1)


@pytest.mark.parametrize("end, then", [("softmax", []), (None, []), ("softmax", [keras.layers.Identity()])])
def test_grad_cam_follows_the_weights_of_the_head(end, then, tmp_path):
    file, network = import_network(tmp_path, third_party_networks.make_tutorial_network(end=end, then=then))
    model = imported_classifier.load(file)
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), "uint8")
    heatmap, probabilities, class_index = grad_cam.explain(model, image, 2)
    assert probabilities == pytest.approx(model.predict([image])[0], abs=1e-5) and class_index == 2
    pooled = keras.Model(network.inputs, network.layers[3].output)(
        image[None].astype("float32"), training=False
    )
    kernel = np.asarray(network.get_layer("probabilities").kernel)
    contributions = np.maximum(np.asarray(pooled)[0] @ (kernel[:, 2] - kernel.mean(axis=1)), 0)
    assert heatmap.shape == (9, 14)
    assert heatmap == pytest.approx(contributions / contributions.max(), abs=1e-3)


def test_grad_cam_without_spatial_layer_is_refused(tmp_path):
    file, _ = import_network(tmp_path, third_party_networks.make_flat_network())
    model = imported_classifier.load(file)
    assert model.maps is None
    with pytest.raises(StudioError, match=r"my net has no spatial feature layer"):
        grad_cam.explain(model, data.coffee())


def test_an_export_predicts_the_same_after_import(tmp_path):
    colors = toy_classifier.make_color_classifier()
    export.WRITERS["keras"](colors, tmp_path / "colors.keras")
    model = imported_classifier.load(files.store(tmp_path / "colors.keras"))
    assert (model.classes, model.size, model.name) == (colors.classes, (32, 32), "colors")
    photos = [data.astronaut()[:300], data.coffee(), data.chelsea()]
    assert model.predict(photos) == pytest.approx(colors.predict(photos), abs=2e-3)
    heatmap, _, _ = grad_cam.explain(model, photos[0], 0)
    assert heatmap == pytest.approx(grad_cam.explain(colors, photos[0], 0)[0], abs=0.05)


def test_unprintable_class_names_are_ignored(tmp_path):
    path = third_party_networks.save(tmp_path / "my.keras", third_party_networks.make_tutorial_network())
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(keras_files.LABELS, "cat\x1b[2J\na\nb\nc")
    assert imported_classifier.read_facts(files.store(path)).classes[0] == "class 1"


@pytest.mark.parametrize("network, shapes", [("words", "inputs (6)"), ("two", "and")])
def test_other_networks_are_refused(network, shapes, tmp_path):
    from keras import Input, Model, layers

    one, other = Input((6,)), Input((6,))
    networks = {
        "words": lambda: Model(one, layers.Dense(3)(one)),
        "two": lambda: Model([one, other], layers.Dense(3)(layers.Add()([one, other]))),
    }
    file, _ = import_network(tmp_path, networks[network]())
    with pytest.raises(InvalidInput, match=r"Use an image classifier") as error:
        imported_classifier.read_facts(file)
    assert shapes in str(error.value) and "my net.keras" in str(error.value)


def test_a_single_output_has_two_classes_and_sigmoids_are_independent(tmp_path):
    file, network = import_network(tmp_path, third_party_networks.make_binary_network())
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), "uint8")
    second = float(np.asarray(network(image[None].astype("float32"), training=False))[0, 0])
    model = imported_classifier.load(file)
    assert model.classes == ("class 1", "class 2")
    assert model.predict([image])[0] == pytest.approx([1 - second, second], abs=1e-5)
    file, network = import_network(
        tmp_path, third_party_networks.make_tutorial_network(3, end="sigmoid"), "several.keras"
    )
    scores = np.asarray(network(image[None].astype("float32"), training=False))[0]
    model = imported_classifier.load(file)
    assert model.independent and model.predict([image])[0] == pytest.approx(scores, abs=1e-5)
    _, shares, _ = grad_cam.explain(model, image)
    assert shares == pytest.approx(scores, abs=1e-4) and abs(scores.sum() - 1) > 0.1


@pytest.mark.parametrize(
    "preprocessing, applied",
    [
        ("0-1", lambda image: image / 255),
        ("-1-1", lambda image: image / 127.5 - 1),
        ("imagenet-caffe", lambda image: image[..., ::-1] - [103.939, 116.779, 123.68]),
        ("imagenet-torch", lambda image: (image / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]),
    ],
)
def test_the_preprocessing_of_the_setting_is_applied(preprocessing, applied, tmp_path):
    file, network = import_network(tmp_path, third_party_networks.make_plain_network())
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), "uint8")
    expected = np.asarray(network(applied(image.astype("float64"))[None].astype("float32"), training=False))
    assert imported_classifier.load(file, preprocessing).predict([image]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("count, side", [(784, (28, 28)), (3072, (32, 32, 3))])
def test_a_flat_input_takes_images_only_with_the_flat_setting(count, side, tmp_path):
    from keras import Input, Sequential, layers

    built = Sequential([Input((count,)), layers.Rescaling(1 / 255), layers.Dense(3, activation="softmax")])
    file, network = import_network(tmp_path, built)
    shape = " x ".join(map(str, side))
    with pytest.raises(
        imported_classifier.FlatInput, match=rf"flat vector of {count:,} values.*images of {shape},.*--flat"
    ):
        imported_classifier.load(file)
    image = np.random.default_rng(0).integers(0, 256, side, "uint8")
    expected = np.asarray(network(image.reshape(1, -1).astype("float32")))
    query = image if len(side) == 3 else np.repeat(image[..., None], 3, axis=-1)
    model = imported_classifier.load(file, flat=True)
    assert model.size == side[:2]
    assert model.predict([query]) == pytest.approx(expected, abs=1e-5)


def test_maps_are_found_in_nested_networks(tmp_path):
    file, _ = import_network(tmp_path, third_party_networks.make_nested_network())
    heatmap, _, _ = grad_cam.explain(imported_classifier.load(file), data.coffee())
    assert heatmap.shape == (8, 8)  # the size after the convolution, not the image's 16 px


def test_names_are_stored_with_a_model_and_its_copy_is_reused(tmp_path, monkeypatch):
    file, _ = import_network(tmp_path, third_party_networks.make_tutorial_network())
    imported_classifier.read_facts(file)
    monkeypatch.setattr(sandboxed_process, "run", None)
    named = safe_copies.with_names(file, ["0 a", "b", "c", "ü"])
    assert imported_classifier.read_facts(named).classes == ("0 a", "b", "c", "ü")
    again = safe_copies.with_names(named, ["d", "e", "f", "g"])
    assert imported_classifier.read_facts(again).classes == ("d", "e", "f", "g") and files.is_imported(again)
    with pytest.raises(InvalidInput, match=r": 2 names\. Use 4 names"):
        safe_copies.with_names(file, ["a", "b"])


def test_the_preprocessing_is_stored_with_a_model_and_its_copy_is_reused(tmp_path, monkeypatch):
    file, network = import_network(tmp_path, third_party_networks.make_plain_network())
    assert imported_classifier.read_facts(file).choose_preprocessing() == ("0-1", "")
    named = safe_copies.with_names(file, ["a", "b", "c"])
    with monkeypatch.context() as patch:
        patch.setattr(sandboxed_process, "run", None)
        stored = safe_copies.with_preprocessing(named, "-1-1")
    stored_facts = imported_classifier.read_facts(stored)
    assert stored_facts.classes == ("a", "b", "c") and stored_facts.choose_preprocessing()[0] == "-1-1"
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), "uint8")
    expected = np.asarray(network(image[None] / 127.5 - 1, training=False))
    assert imported_classifier.load(stored).predict([image]) == pytest.approx(expected, abs=1e-4)
    facts = safe_copies.get_or_make(stored).facts
    shutil.rmtree(safe_copies._find_copy_folder(stored))
    assert safe_copies.get_or_make(stored).facts == facts, "the sandbox reads from the file what was stored"
    other = safe_copies.with_names(stored, ["d", "e", "f"])
    assert imported_classifier.read_facts(other).preprocessing == "-1-1"


def test_all_tasks_accept_an_imported_model(tmp_path):
    file, _ = import_network(tmp_path, third_party_networks.make_tutorial_network())
    photo = File.store(image_io.encode_png(data.coffee()), "image", "cup.png")
    predictions = tasks.run(
        "classify.predict", PredictSettings(top=2), {"images": [photo, photo], "model": [file]}
    )
    assert [len(entry["labels"]) for entry in predictions.figures["images"]] == [2, 2]
    assert predictions.figures["preprocessing"] == "0-255"
    assert "it has a Rescaling layer" in predictions.figures["preprocessing_note"]
    assert predictions.recipe.inputs["model"][0].digest == file.digest and predictions.recipe.weights == {}
    explanation = tasks.run(
        "classify.explain", ExplainSettings(label="CLASS 2"), {"image": [photo], "model": [file]}
    )
    assert explanation.figures["label"] == "class 2"
    exported = tasks.run("classify.export", ExportSettings(form="keras"), {"model": [file]})
    assert exported.figures["largest_difference"] < 1e-4
    assert exported.files[0].name == "my net.keras"


def test_a_worker_loads_only_the_copy(tmp_path, monkeypatch):
    file, _ = import_network(tmp_path, third_party_networks.make_flat_network())
    imported_classifier.read_facts(file)
    loaded = []
    load = keras.saving.load_model
    monkeypatch.setattr(
        keras.saving, "load_model", lambda path, **more: loaded.append(path) or load(path, **more)
    )
    monkeypatch.setattr("studio.classify.models.classifier._CACHE", {})
    imported_classifier.load(file)
    assert loaded == [safe_copies.get_or_make(file).path]


def test_bad_files_are_refused_by_the_check(home):
    for task, settings, slot in (
        ("classify.predict", PredictSettings(), "images"),
        ("classify.explain", ExplainSettings(), "image"),
    ):
        photo = File.store(b"not looked at", "image", "a.png")
        packed = home.parent / "bad.keras"
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("config.json", "{}")
        bad = File.store(packed.read_bytes(), "model", "bad.keras")
        with pytest.raises(InvalidInput, match=r"bad\.keras"):
            tasks.check(task, settings, {slot: [photo], "model": [bad]})
    assert available.list_names()  # does not read files
