import pytest

from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.weights.networks import resnet50, vgg16


@pytest.fixture(scope="package")
def vgg():
    """VGG16 with random weights."""
    import random_weights

    model = vgg16.build_network()
    random_weights.assign(model)
    return make_backbone("vgg16", model)


@pytest.fixture(scope="package")
def resnet():
    """ResNet50 with its classifier and balanced random weights."""
    import keras

    keras.utils.set_random_seed(0)
    return make_backbone("resnet50", resnet50.build_network())


def make_backbone(name, model):
    model.trainable = False
    return Backbone(BACKBONES[name], model, "0" * 64)
