"""The preprocessing of a network: certain facts are used, otherwise 0 to 1 is assumed."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import third_party_networks

from studio.imported import preprocessing


def make_network(*first, shape=(8, 8, 3), dtype="float32") -> keras.Model:
    body = [keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization()]
    return keras.Sequential([keras.Input(shape, dtype=dtype), *first, *body])


def make_adapted_normalization(values: np.ndarray) -> keras.layers.Normalization:
    layer = keras.layers.Normalization()
    layer.adapt(values)
    return layer


COLORS = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32")
SCALING = {
    "Rescaling from 255": (lambda: keras.layers.Rescaling(1 / 255), "0-255", "Rescaling"),
    "Rescaling of colors": (lambda: keras.layers.Rescaling([0.01, 0.01, 0.01]), "0-255", "Rescaling"),
    "Rescaling from 1": (lambda: keras.layers.Rescaling(2, -1), "0-1", "Rescaling"),
    "Normalization of 0 to 255": (lambda: make_adapted_normalization(255 * COLORS), "0-255", "Normalization"),
    "Normalization of 0 to 1": (lambda: make_adapted_normalization(COLORS), "0-1", "Normalization"),
}


@pytest.mark.parametrize("layer, expected, reason", SCALING.values(), ids=SCALING)
def test_a_scaling_layer_determines_the_input_range(layer, expected, reason):
    for first in ([layer()], [keras.layers.ZeroPadding2D(), keras.Sequential([layer()])]):
        choice = preprocessing.choose(make_network(*first))
        assert choice.preprocessing == expected and reason in choice.reason


def test_a_scaling_operation_determines_the_input_range():
    images = keras.Input((8, 8, 3))
    scaled = keras.Model(images, keras.layers.Conv2D(2, 3)(images / 127.5 - 1))
    assert preprocessing.choose(scaled) == ("0-255", "it scales its input (TrueDivide)")


def test_without_evidence_0_to_1_is_assumed():
    assert preprocessing.choose(make_network()) == ("0-1", "")
    late = make_network(keras.layers.Conv2D(3, 3), keras.layers.Rescaling(1 / 255))
    assert preprocessing.choose(late) == ("0-1", ""), "what scales activations is no preprocessing"
    assert "0 to 1 (assumed" in preprocessing.describe(preprocessing.choose(make_network()))


def test_stored_preprocessing_takes_precedence():
    assert preprocessing.choose(make_network(), "imagenet-torch").preprocessing == "imagenet-torch"
    assert preprocessing.choose(make_network(), "anything else") == ("0-1", "")
    assert preprocessing.choose(make_network(dtype="uint8")).preprocessing == "0-255"


@pytest.mark.slow
def test_teachable_machine_is_recognized_by_its_structure():
    choice = preprocessing.choose(third_party_networks.make_teachable_machine_network())
    assert choice == ("-1-1", "the model is from Teachable Machine")


# The preprocessing of Keras' own `preprocess_input`: modes "caffe", "tf" and "torch", or within the network.
BACKBONES = {
    "VGG16": "imagenet-caffe",
    "VGG19": "imagenet-caffe",
    "ResNet50": "imagenet-caffe",
    "ResNet50V2": "-1-1",
    "DenseNet121": "imagenet-torch",
    "MobileNet": "-1-1",
    "MobileNetV2": "-1-1",
    "MobileNetV3Small": "0-255",
    "InceptionV3": "-1-1",
    "InceptionResNetV2": "-1-1",
    "Xception": "-1-1",
    "NASNetMobile": "-1-1",
    "EfficientNetB0": "0-255",
    "EfficientNetV2B0": "0-255",
    "ConvNeXtTiny": "0-255",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_backbones_of_keras_are_recognized_by_their_layers(name):
    sizes = {"NASNetMobile": 224}
    shape = (sizes.get(name, 96), sizes.get(name, 96), 3)
    base = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=shape)
    assert preprocessing.choose(base).preprocessing == BACKBONES[name]
    if len(base.layers) < 200:  # Keras calls each layer of a nested network again
        images = keras.Input(shape)
        whole = keras.Model(images, keras.layers.GlobalAveragePooling2D()(base(images)))
        assert preprocessing.choose(whole).preprocessing == BACKBONES[name]


@pytest.mark.parametrize("name", preprocessing.LABELS)
def test_grayscale_networks_get_no_color_means(name):
    kernel, bias = preprocessing.to_linear_map(name, 1)
    assert kernel.shape == (3, 1) and bias.shape == (1,)
    expected = {"0-1": 1.0, "-1-1": 1.0}.get(name, 255.0)
    assert np.full(3, 255.0) @ kernel + bias == pytest.approx([expected])
