"""The InceptionV3 of FID has stable layer names and published features, which tell real faces apart."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest
from foreign import make_jit_file
from skimage import data as photos

from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.metrics import inception, scores
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.core.weights.networks import inceptionv3 as network

pytestmark = pytest.mark.slow


@pytest.fixture
def inceptionv3(inceptionv3_home):
    return backbones.load("inceptionv3")


def test_the_spec_describes_the_network(inceptionv3):
    spec = inceptionv3.spec
    extractor = inceptionv3.build_extractor(list(spec.layers))
    small, large = (extractor.compute_output_shape((1, 75, side, 3)) for side in (299, 299 + 64))
    assert list(small) == list(spec.layers) == list(spec.strides)
    for layer, channels in spec.layers.items():
        assert small[layer][3] == channels
        assert large[layer][2] - small[layer][2] == 64 // spec.strides[layer]
        assert small[layer][1] >= 1


def test_an_image_below_the_minimum_side_is_too_small(inceptionv3):
    least, features = inceptionv3.spec.min_side, inceptionv3.build_extractor(["mixed10"])
    assert features.compute_output_shape((1, least, least, 3))["mixed10"] == (1, 1, 1, 2048)
    with pytest.raises(ValueError, match="zero or negative"):
        features.compute_output_shape((1, least - 1, least - 1, 3))


def test_the_backbone_is_frozen_and_named_in_recipes(inceptionv3):
    assert inceptionv3.model.trainable_weights == []
    assert inceptionv3.model.count_params() == 21_802_784
    assert (
        inceptionv3.digest
        == pretrained.get_status("inceptionv3").digest
        == pretrained.get_entry("inceptionv3").sources[0].digest
    )


@pytest.mark.usefixtures("eager")
def test_features_match_published_values(inceptionv3_home):
    features = inception.compute_features(photos.chelsea()[None])
    assert features.shape == (1, 2048)
    assert features.sum() == pytest.approx(502.813, abs=0.01)
    assert features.std() == pytest.approx(0.26779, abs=2e-5)
    assert (features.argmax(), features.max()) == (897, pytest.approx(2.012, abs=1e-3))


@pytest.mark.usefixtures("eager")
def test_features_are_independent_of_the_batch_and_cached_on_request(quick_inceptionv3_home, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), "uint8")
    features = inception.compute_features(images, batch=3)
    assert not (quick_inceptionv3_home / "cache").exists()
    assert np.allclose(inception.compute_features(images, batch=2, keep=True), features, atol=1e-4)
    with pytest.raises(Cancelled):
        inception.compute_features(images, Progress(cancelled=lambda: True))
    monkeypatch.setattr(inception, "_compile_network", None)  # cached features need no network
    assert np.allclose(inception.compute_features(images, keep=True), features, atol=1e-4)
    with pytest.raises(TypeError):
        inception.compute_features(images[::-1], keep=True)


def read_tar_images(path, step):
    """Returns every `step`th image of a tar, `(n, 64, 64, 3) uint8` or larger."""
    with tarfile.open(path) as archive:
        members = sorted((m for m in archive.getmembers() if m.isreg()), key=lambda m: m.name)
        files = [archive.extractfile(m).read() for m in members[::step]]
    return [image_io.read(io.BytesIO(file).getvalue()) for file in files]


def test_scores_of_real_faces_tell_ages_apart_but_not_random_halves(quick_inceptionv3_home, data_dir):
    """With small images; for values to compare run `python -m benchmarks.faces --floor DATA`."""
    faces = inception.compute_features(np.stack(read_tar_images(data_dir / "utkface64_20000.tar", 125)))
    mixed = np.random.default_rng(0).permutation(faces)
    halves = scores.fid(mixed[:80], mixed[80:])
    assert halves.n == 80
    assert scores.fid(faces[:80], faces[80:]).value > halves.value + 10  # file names start with the age
    baseline, shifted = scores.kid(mixed[:80], mixed[80:]), scores.kid(faces[:80], faces[80:])
    assert abs(baseline.value) < 4 * baseline.error
    assert shifted.value > 4 * baseline.error
    assert scores.precision_recall(mixed[:80], mixed[80:])[0] > 0.5


@pytest.fixture(scope="module")
def network_without_weights():
    """The network before its weights are loaded."""
    return network.build_network()


def test_only_the_last_block_uses_max_pooling(network_without_weights):
    import keras

    means = [network_without_weights.get_layer(f"mean{i}") for i in range(1, 10)]
    kinds = [keras.layers.AveragePooling2D] * 8 + [keras.layers.MaxPooling2D]
    assert [type(layer) for layer in means] == kinds
    assert all((m.pool_size, m.strides, m.padding) == ((3, 3), (1, 1), "same") for m in means)
    last = {node.operation.name for node in means[-1].output._keras_history.operation._outbound_nodes}
    assert network_without_weights.get_layer("mixed10").input[-1].shape[-1] == 192 and last == {"conv94"}


def test_arrays_of_the_package_are_assigned_in_order_and_names_are_stable(network_without_weights):
    import keras

    names = [layer.name for layer in network_without_weights.layers]
    keras.layers.Conv2D(1, 1), keras.layers.AveragePooling2D(2)
    model = keras.applications.InceptionV3(include_top=False, weights=None)
    rng = np.random.default_rng(0)
    model.set_weights([rng.random(w.shape, "float32") for w in model.weights])
    kernels = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    tree, arrays = {}, {}
    for number, layer in enumerate(sort_by_creation(kernels)):
        norm = sort_by_creation(norms)[number]
        values = [np.asarray(layer.kernel).transpose(3, 2, 0, 1), *norm.get_weights()]
        keys = [f"{number}{part}" for part in ("weight", "beta", "mean", "var")]
        arrays |= {key: np.ascontiguousarray(value) for key, value in zip(keys, values, strict=True)}
        tree[f"layer{number}"] = dict(zip(("weight", "beta", "mean", "var"), keys, strict=True))
    filled = network.build_network({"default_1.pt": make_jit_file(tree, arrays)})
    for ours, theirs in zip(filled.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
    assert [layer.name for layer in filled.layers] == names
    assert {"conv1", "norm94", "relu94", "mean8", "stem_pool2", "mixed9_1"} <= set(names)
    assert len(set(names)) == len(names)


def sort_by_creation(layers):
    """Sorts layers by the number in their name, which is the order of creation; the first has none."""
    suffixes = {layer.name: layer.name.rpartition("_")[2] for layer in layers}
    return sorted(
        layers, key=lambda layer: int(suffixes[layer.name]) if suffixes[layer.name].isdigit() else 0
    )
