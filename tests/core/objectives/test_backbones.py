"""VGG16 as published and as Keras loads it are the same network."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from skimage import data

from studio.core import paths
from studio.core.errors import InvalidInput
from studio.core.metrics import lpips
from studio.core.objectives import backbones
from studio.core.weights import index, pretrained
from studio.core.weights.networks import vgg16 as vgg16_network

MEAN, SCALE = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
SUMS = [-3.243, -61.014, -136.296, -325.900, -392.157, -846.951, -1439.626]
SUMS += [-2016.811, -3807.016, -5275.057, -3699.837, -4354.673, -5206.093]
SPREADS = [0.25083, 0.05584, 0.04965, 0.03845, 0.03178, 0.02453, 0.02526]
SPREADS += [0.02153, 0.01631, 0.01619, 0.01727, 0.01691, 0.01594]


def to_image_01(image, rows=slice(None), columns=slice(None)):
    return image[None, rows, columns].astype("float32") / 255


CAT = to_image_01(data.chelsea())
CAT_SQUARE = to_image_01(data.chelsea(), slice(224), slice(100, 324))
CUP_SQUARE = to_image_01(data.coffee(), slice(224), slice(100, 324))


@pytest.fixture
def vgg16(weights_home):
    return backbones.load("vgg16")


def unfold(arrays):
    """Computes the arrays before normalization was folded into them."""
    kernel, bias, *rest = (array.astype("float64") for array in arrays)
    shift = np.array([123.68, 116.779, 103.939]) / 255 - MEAN
    raw = kernel[:, :, ::-1] * (255 * SCALE)[:, None]
    return [raw, bias - np.einsum("hwco,c->o", raw, shift / SCALE), *rest]


@pytest.mark.slow
def test_importing_loads_no_keras():
    code = "import sys; from studio.core.objectives import backbones; print('keras' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert process.stdout == "False\n"


def test_the_spec_describes_the_network(vgg16):
    import keras

    model, spec = vgg16.model, vgg16.spec
    named = model.layers[1:]  # the first one is the input
    assert list(spec.layers) == [layer.name for layer in named]
    assert list(spec.layers.values()) == [layer.output.shape[-1] for layer in named]
    trunk = keras.Model(model.input, [layer.output for layer in named])
    for layer, shape in zip(spec.layers, trunk.compute_output_shape((1, 64, 64, 3)), strict=True):
        assert shape[1] * spec.strides[layer] == 64
    assert model.count_params() == 14_714_688


def test_preprocessing_equals_that_of_keras():
    from keras.applications.vgg16 import preprocess_input

    ours = backbones.find_spec("vgg16").preprocessing(CAT)
    assert np.allclose(ours, preprocess_input(CAT * 255), atol=1e-3)


def test_unknown_names_get_suggestions():
    with pytest.raises(InvalidInput, match="vgg16"):
        backbones.find_spec("vgg61")
    with pytest.raises(InvalidInput, match="block4_conv2"):
        backbones.check_layers("vgg16", ["block4_conv22"])


@pytest.mark.parametrize("channel", range(3))
def test_folding_changes_no_activation_away_from_the_border(channel):
    rng = np.random.default_rng(channel)
    kernel, bias = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=4)
    folded = vgg16_network.fold_preprocessing([kernel, bias])
    patch = np.zeros((3, 3, 3))
    patch[..., channel] = rng.uniform(size=(3, 3))
    trained = np.einsum("hwc,hwco->o", (patch - MEAN) / SCALE, kernel) + bias
    keras_like = (255 * patch - np.array([123.68, 116.779, 103.939]))[..., ::-1]
    assert np.allclose(np.einsum("hwc,hwco->o", keras_like, folded[0]) + folded[1], trained, atol=1e-4)


def test_kernels_match_published_statistics(vgg16):
    kernels = unfold(vgg16.model.get_weights())[::2]
    assert [round(float(k.sum()), 3) for k in kernels] == pytest.approx(SUMS, abs=0.002)
    assert [float(k.std()) for k in kernels] == pytest.approx(SPREADS, abs=6e-6)


@pytest.fixture(scope="module")
def activations(lasting_weights_home):
    """Activations of the first and the last convolution for a photo."""
    with lasting_weights_home():
        extract = backbones.load("vgg16").build_extractor(["block1_conv1", "block5_conv3"])
    return {layer: np.asarray(maps) for layer, maps in extract(CAT).items()}


@pytest.mark.slow
def test_folded_and_unfolded_networks_agree(vgg16, activations):
    import keras

    trained = keras.applications.VGG16(include_top=False, weights=None)
    trained.set_weights(unfold(vgg16.model.get_weights()))
    trunk = keras.Model(trained.input, {layer: trained.get_layer(layer).output for layer in activations})
    expected = trunk((CAT - MEAN.astype("float32")) / SCALE.astype("float32"))
    first, last = (np.abs(maps - np.asarray(expected[layer]))[0] for layer, maps in activations.items())
    assert 0.01 < first.max() < 0.03
    assert first[1:-1, 1:-1].max() < 1e-5
    assert 0.005 < last.max() < 0.05
    assert last[6:13, 6:22].max() < 5e-5


def test_deepest_activations_match_published_statistics(activations):
    deepest = activations["block5_conv3"]
    assert deepest.shape == (1, 18, 28, 512)
    assert deepest.mean() == pytest.approx(0.2033, abs=2e-4)
    assert deepest.std() == pytest.approx(0.8806, abs=2e-4)


def test_features_are_shared_frozen_and_stop_at_the_deepest_layer(vgg16):
    model = vgg16.build_extractor(["block1_conv2", "block2_conv1"])
    assert vgg16.build_extractor(("block1_conv2", "block2_conv1")) is model
    assert backbones.load("vgg16") is vgg16
    assert model.trainable_weights == []
    assert len(model.weights) == 6
    with pytest.raises(InvalidInput, match="block5_conv3"):
        vgg16.build_extractor(["block1_conv3"])


@pytest.mark.parametrize("height, width", [(8, 8), (33, 57), (32, 160)])
def test_features_of_any_image_size_are_extracted(vgg16, height, width):
    features = vgg16.build_extractor(["block1_conv1", "block3_conv1"])(
        np.zeros((2, height, width, 3), "float32")
    )
    assert features["block1_conv1"].shape == (2, height, width, 64)
    assert features["block3_conv1"].shape == (2, height // 4, width // 4, 256)


@pytest.mark.slow
def test_lpips_matches_published_values(weights_home):
    assert lpips.compute_distance(CAT_SQUARE, CUP_SQUARE) == pytest.approx(0.7406, abs=3e-4)
    assert lpips.compute_distance(CAT_SQUARE, CAT_SQUARE[:, :, ::-1]) == pytest.approx(0.5789, abs=3e-4)
    assert lpips.compute_distance(CAT_SQUARE, CAT_SQUARE) == 0


def test_lpips_loads_the_vgg16_weights_of_its_heads(weights_home, monkeypatch):
    digests = []

    def load(name, progress=None, digest=None):
        digests.append(digest)
        raise KeyboardInterrupt

    monkeypatch.setattr(lpips.backbones, "load", load)
    with pytest.raises(KeyboardInterrupt):
        lpips.compute_distance(CAT_SQUARE, CAT_SQUARE)
    assert digests == [pretrained.load("lpips").digest]


@pytest.mark.slow
def test_keras_weights_are_stored_separately(vgg16, weights_home, tmp_path, monkeypatch):
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    keras_source = next(s for s in pretrained.get_entry("vgg16").sources if s.kind == "keras")
    path = tmp_path / keras_source.file
    weights = vgg16.model.get_weights()
    vgg16.model.set_weights([array + 1 for array in weights])
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, vgg16.model)
    vgg16.model.set_weights(weights)
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    source = keras_source.model_copy(update={"md5": md5, "bytes": path.stat().st_size})
    entry = pretrained.get_entry("vgg16")
    catalog = index.load().model_copy(
        update={"weights": {"vgg16": entry.model_copy(update={"sources": (entry.sources[0], source)})}}
    )
    monkeypatch.setattr(index, "load", lambda: catalog)
    pretrained.pull("vgg16", source=path)
    other = backbones.load("vgg16", digest=paths.file_digest(path))
    assert np.array_equal(other.model.get_weights()[0], weights[0] + 1)
    assert other.digest == paths.file_digest(path)
    assert backbones.load("vgg16").digest == vgg16.digest == pretrained.get_status("vgg16").digest


@pytest.mark.slow
def test_average_pooling_replaces_max_pooling(vgg16):
    flat = np.full((1, 32, 32, 3), 0.5, "float32")
    layers = ("block1_conv2", "block1_pool", "block3_conv1")
    features = vgg16.average_pooling.build_extractor(layers)(CAT[:, :64, :64])
    before, after = np.asarray(features["block1_conv2"]), np.asarray(features["block1_pool"])
    assert np.allclose(after, before.reshape(1, 32, 2, 32, 2, 64).mean(axis=(2, 4)), atol=1e-4)
    inside = np.s_[:, 3:-3, 3:-3]  # average and maximum agree on a flat image, except at the border
    plain, mean = (
        np.asarray(b.build_extractor(layers)(flat)["block3_conv1"])[inside]
        for b in (vgg16, vgg16.average_pooling)
    )
    assert np.allclose(plain, mean, rtol=1e-3, atol=1e-3)
    assert vgg16.average_pooling is vgg16.average_pooling
