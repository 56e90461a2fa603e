"""EfficientNet-Lite0 recognizes real photos with its weights, and its spec describes it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.core.objectives import backbones
from studio.core.weights import pretrained
from studio.core.weights.networks import efficientnet_lite0 as network

pytestmark = pytest.mark.slow


@pytest.fixture
def lite0(lite0_home):
    return backbones.load("efficientnet-lite0")


@pytest.mark.parametrize(
    "image, number, probability",
    [("chelsea", 285, 0.791), ("coffee", 967, 0.899), ("rocket", 540, 0.424), ("astronaut", 450, 0.289)],
)
def test_predictions_match_those_of_the_trained_preprocessing(lite0, image, number, probability):
    """The probabilities were computed without folding, for `(rgb - 127) / 128`."""
    resized = Image.fromarray(getattr(data, image)()).resize((224, 224), Image.Resampling.BILINEAR)
    images_01 = np.asarray(resized, "float32")[None] / 255
    model = pretrained.load("efficientnet-lite0").model
    probabilities = np.asarray(model(lite0.spec.preprocessing(images_01)))[0]
    assert probabilities.shape == (1000,)
    assert probabilities.argmax() == number
    assert probabilities.max() == pytest.approx(probability, abs=0.002)


def test_the_folded_input_is_that_of_the_training():
    """Inside the image, the first layers give for x / 127.5 - 1 what they gave for (x - 127) / 128."""
    model = network.build_network()
    rng = np.random.default_rng(0)
    model.get_layer("stem_bn").set_weights([rng.uniform(0.5, 1, 32).astype("float32") for _ in range(4)])
    stem = backbones._remove_classifier(model, "stem_activation")
    levels = rng.integers(0, 256, (1, 16, 16, 3)).astype("float32")
    trained = np.asarray(stem((levels - 127) / 128))
    network._fold_preprocessing(model)
    assert np.asarray(stem(levels / 127.5 - 1))[:, :-1, :-1] == pytest.approx(trained[:, :-1, :-1], abs=1e-5)


@pytest.mark.parametrize("size", [(32, 32), (33, 97)])
def test_the_spec_describes_the_network(lite0, size):
    spec = lite0.spec
    features = lite0.build_extractor(list(spec.layers))(np.zeros((1, *size, 3), "float32"))
    assert list(features) == list(spec.layers) == list(spec.strides)
    for layer, activations in features.items():
        sides = (-(-side // spec.strides[layer]) for side in size)
        assert tuple(activations.shape) == (1, *sides, spec.layers[layer])
