"""An audit with the features and predictions of an imported classifier."""

from __future__ import annotations

import shutil

import drawn_classes
import keras
import numpy as np
import pytest
import third_party_networks
from skimage import data

from studio.classify.models import imported_classifier
from studio.classify.settings import AuditSettings
from studio.core import data as core_data
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.imported import files

pytestmark = pytest.mark.usefixtures("local_sandbox")


def make_images(folder):
    """Writes seven images of horizontal and nine of vertical stripes, one of them in the wrong folder."""
    dataset_folder = drawn_classes.make(folder, each=8)
    shutil.rmtree(dataset_folder / "disc")
    (dataset_folder / "lying" / "07.png").rename(dataset_folder / "standing" / "wrong.png")
    return dataset_folder


def save_edge_classifier(dataset_folder, tmp_path, classes):
    """Returns the file of a network that tells the stripes apart with an edge filter."""
    from keras import Input, Sequential, layers

    first = [Input((40, 40, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, activation="relu")]
    network = Sequential([*first, layers.GlobalAveragePooling2D(), layers.Dense(2), layers.Softmax()])
    edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], "float32")
    kernels = np.stack([edge, -edge, edge.T, -edge.T], axis=-1)[:, :, None].repeat(3, axis=2)
    choice = np.array([[9, 0], [9, 0], [0, 9], [0, 9]], "float32")
    network.set_weights([kernels, np.zeros(4), choice, np.zeros(2)])
    network.save(tmp_path / "my net.keras")
    (tmp_path / "labels.txt").write_text("\n".join(classes))
    return files.store(tmp_path / "my net.keras", tmp_path / "labels.txt")


@pytest.mark.slow
@pytest.mark.parametrize("classes, is_known", [(("Lying", "standing"), True), (("lying", "upright"), False)])
def test_an_audit_uses_features_and_predictions(classes, is_known, tmp_path):
    dataset_folder = make_images(tmp_path / "set")
    file = save_edge_classifier(dataset_folder, tmp_path, classes)
    inputs = {"data": [core_data.store_reference(str(dataset_folder))], "model": [file]}
    result = tasks.run("classify.audit", AuditSettings(size=64), inputs)
    assert result.figures["suspicious"][0] == {
        "name": "standing/wrong.png",
        "label": "standing",
        "looks_like": "lying",
        "confidence": result.figures["suspicious"][0]["confidence"],
    }
    scored = result.figures.get("score", {}).get("evaluation", {})
    # Wrong only for the image in the wrong folder.
    assert scored.get("accuracy") == ((15 / 16) if is_known else None)
    report = result.files[0].read().decode()
    assert ("93.8% on 16 images" in report) is is_known
    assert ("standing" in result.figures.get("unknown", ())) is not is_known
    notes = " ".join(result.figures["notes"])
    assert ("the predictions of" in notes) is is_known and ("not know standing" in notes) is not is_known
    assert "Without effect, because the model has its own: size." in notes
    # They have its input size of 40 px.
    assert result.figures["preprocessing"] == "0-255" and result.figures["small_count"] == 0
    assert result.recipe.inputs["model"][0].digest == file.digest and result.recipe.weights == {}


@pytest.mark.slow
def test_features_are_the_input_of_the_last_weighted_layer(tmp_path):
    path = third_party_networks.save(tmp_path / "usual.keras", third_party_networks.make_tutorial_network())
    network = keras.saving.load_model(path)
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), "uint8")
    pooled = keras.Model(network.inputs, network.layers[5].output)
    model = imported_classifier.load(files.store(path))
    vectors, answers = model.predict_with_features(list(images))
    expected = np.asarray(pooled(images.astype("float32"), training=False))
    assert vectors == pytest.approx(expected, abs=1e-5) and vectors.shape == (3, 5)
    assert answers == pytest.approx(model.predict(list(images)), abs=1e-6)
    nested = third_party_networks.save(tmp_path / "nested.keras", third_party_networks.make_nested_network())
    features, _ = imported_classifier.load(files.store(nested)).predict_with_features([data.coffee()])
    assert features.shape == (1, 4)


@pytest.mark.slow
def test_other_networks_are_refused_and_unused_settings_are_described(tmp_path):
    from keras import Input, Sequential, layers

    inputs = {"data": [core_data.store_reference(str(make_images(tmp_path / "set")))]}
    words = third_party_networks.save(tmp_path / "words.keras", Sequential([Input((6,)), layers.Dense(3)]))
    with pytest.raises(InvalidInput, match=r"words\.keras.*Use an image classifier"):
        tasks.run("classify.audit", AuditSettings(), {**inputs, "model": [files.store(words)]})
    file = files.store(
        third_party_networks.save(tmp_path / "usual.keras", third_party_networks.make_tutorial_network())
    )
    settings = AuditSettings(suspicious=False, size=32)
    notes = tasks.run("classify.audit", settings, {**inputs, "model": [file]}).figures["notes"]
    assert "Without effect, because labels are not checked: usual.keras." in notes
    assert AuditSettings(preprocessing="0-1").describe_unused("") == [
        "Without effect, because no imported model was given: preprocessing."
    ]
