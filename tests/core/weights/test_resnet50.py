"""ResNet50 agrees with Keras' network, weights and published predictions."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.classify.models import imagenet_labels
from studio.core import paths
from studio.core.objectives import backbones
from studio.core.weights import index, pretrained
from studio.core.weights.networks import resnet50 as network

pytestmark = pytest.mark.slow


@pytest.fixture
def resnet50(resnet50_home):
    return backbones.load("resnet50")


@pytest.fixture(scope="module")
def keras_resnet50():
    """Keras' ResNet50 with its classifier, without weights."""
    import keras

    return keras.applications.ResNet50(weights=None)


def list_weight_shapes(model):
    return [(layer.name, [w.shape for w in layer.weights]) for layer in model.layers if layer.weights]


def test_the_network_equals_that_of_keras(keras_resnet50):
    ours = network.build_network()
    assert list_weight_shapes(ours) == list_weight_shapes(keras_resnet50)
    assert ours.count_params() == 25_636_712
    assert {layer.epsilon for layer in ours.layers if layer.name.endswith("_bn")} == {1.001e-5}


def make_package_members(model):
    """Returns the weights as the package stores them: with older layer names, in two shards."""
    arrays = {}
    for layer in model.layers:
        name = {"conv1_conv": "conv1", "conv1_bn": "bn_conv1", "predictions": "fc1000"}.get(layer.name, "")
        if layer.name[-3:] in ("onv", "_bn") and not name:
            stage, block, branch, kind = layer.name.split("_")
            former = ["1", "2a", "2b", "2c"][int(branch)]
            name = f"{'res' if kind == 'conv' else 'bn'}{stage[4]}{'_abcdef'[int(block[5])]}_branch{former}"
        arrays |= {f"{name}/{weight.name}": np.asarray(weight) for weight in layer.weights}
    raw = b"".join(array.tobytes() for array in arrays.values())
    entries = [{"name": n, "shape": list(a.shape), "dtype": "float32"} for n, a in arrays.items()]
    shards = {"group1-shard1of2.bin": raw[:1001], "group1-shard2of2.bin": raw[1001:]}
    group = {"paths": list(shards), "weights": entries}
    return {"model.json": json.dumps({"weightsManifest": [group]}).encode(), **shards}


def test_arrays_of_the_package_are_assigned_by_name(keras_resnet50):
    rng = np.random.default_rng(0)
    keras_resnet50.set_weights([rng.random(w.shape, "float32") for w in keras_resnet50.weights])
    filled = network.build_network(make_package_members(keras_resnet50))
    for mine, theirs in zip(filled.get_weights(), keras_resnet50.get_weights(), strict=True):
        assert np.array_equal(mine, theirs)


@pytest.mark.parametrize(
    "image, number, name, probability",
    [
        ("chelsea", 285, "Egyptian cat", 0.966),
        ("astronaut", 450, "bobsled", 0.303),
    ],
)
def test_predictions_match_published_values(resnet50, image, number, name, probability):
    resized = Image.fromarray(getattr(data, image)()).resize((224, 224), Image.Resampling.BILINEAR)
    images_01 = np.asarray(resized, "float32")[None] / 255
    probabilities = np.asarray(pretrained.load("resnet50").model(resnet50.spec.preprocessing(images_01)))[0]
    assert probabilities.shape == (1000,)
    assert probabilities.argmax() == number
    assert probabilities.max() == pytest.approx(probability, abs=0.01)
    assert imagenet_labels.load_names()[number] == name


def test_preprocessing_equals_that_of_keras():
    from keras.applications.resnet50 import preprocess_input

    image_01 = data.chelsea()[None].astype("float32") / 255
    ours = backbones.find_spec("resnet50").preprocessing(image_01)
    assert np.allclose(ours, preprocess_input(image_01 * 255), atol=1e-3)


def test_the_backbone_ends_before_the_classifier(resnet50):
    assert resnet50.model.count_params() == 23_587_712
    assert resnet50.model.output.shape == (None, None, None, 2048)
    assert resnet50.model.trainable_weights == []
    assert resnet50.digest == pretrained.get_status("resnet50").digest
    whole = pretrained.load("resnet50").model
    assert whole.get_layer("conv1_conv") is resnet50.model.get_layer("conv1_conv")  # in memory once


@pytest.mark.parametrize("size", [(33, 97), (64, 40)])
def test_the_spec_describes_the_network(resnet50, size):
    spec = resnet50.spec
    features = resnet50.build_extractor(list(spec.layers))(np.zeros((1, *size, 3), "float32"))
    assert list(features) == list(spec.layers) == list(spec.strides)
    for layer, activations in features.items():
        stride = spec.strides[layer]
        assert tuple(activations.shape) == (
            1,
            -(-size[0] // stride),
            -(-size[1] // stride),
            spec.layers[layer],
        )


def test_the_weights_file_of_keras_is_read(resnet50_home, keras_resnet50, tmp_path, monkeypatch):
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    keras_source, package = pretrained.get_entry("resnet50").sources
    path = tmp_path / keras_source.file
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, keras_resnet50)
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    sources = (keras_source.model_copy(update={"md5": md5, "bytes": path.stat().st_size}), package)
    entry = pretrained.get_entry("resnet50").model_copy(update={"sources": sources})
    catalog = index.load().model_copy(update={"weights": {"resnet50": entry}})
    monkeypatch.setattr(index, "load", lambda: catalog)
    pretrained.pull("resnet50", source=path)
    read = pretrained.load("resnet50", digest=paths.file_digest(path)).model
    for layer in keras_resnet50.layers:
        mine = read.get_layer(layer.name).get_weights() if layer.weights else []
        assert all(np.array_equal(a, b) for a, b in zip(mine, layer.get_weights(), strict=True))


def test_there_are_a_thousand_labels(resnet50_home):
    names = imagenet_labels.load_names()
    assert len(names) == 1000
    assert names[:3] == ("tench", "goldfish", "great white shark")
    assert [i for i, name in enumerate(names) if names.index(name) != i] == [517, 639]


@pytest.mark.parametrize("entry", ["great_white_shark", ["n01484850", "great_white_shark"]])
def test_labels_are_read_from_the_package_and_from_keras(tmp_path, entry):
    listed = json.dumps({str(i): entry for i in range(1000)}).encode()
    (tmp_path / "imagenet_class_index.json").write_bytes(listed)
    labels = imagenet_labels.build_labels()
    labels.load_weights(tmp_path / "imagenet_class_index.json")
    assert (
        labels.names
        == imagenet_labels.build_labels({"labels.json": listed}).names
        == ("great white shark",) * 1000
    )
