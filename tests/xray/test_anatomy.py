"""Receptive fields: pixels outside change nothing, and pixels at the edges do."""

import numpy as np
import pytest

from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.weights.networks import inceptionv3
from studio.xray import anatomy

SIDE = 96


@pytest.mark.parametrize("layer", ["block1_conv2", "block2_pool", "block3_conv2"])
def test_receptive_fields_of_vgg16_equal_the_pixels_with_effect(vgg, layer):
    check_receptive_field(vgg, layer)


@pytest.mark.slow
def test_receptive_fields_of_resnet50_equal_the_pixels_with_effect(resnet):
    check_receptive_field(resnet, "conv2_block2_out")


def test_each_axis_has_a_receptive_field_of_its_own():
    """A 1x7 convolution and a 7x1 convolution together have a receptive field of 7 px along each axis."""
    import keras

    # With weights of 1, each change of a pixel passes the max pooling.
    ones = {"kernel_initializer": "ones"}
    image = keras.Input((40, 48, 3))
    maps = keras.layers.ZeroPadding2D(((1, 0), (3, 2)))(image)
    maps = keras.layers.Conv2D(2, (3, 5), strides=(2, 1), name="stem", **ones)(maps)
    maps = keras.layers.Conv2D(2, (1, 7), padding="same", name="across", **ones)(maps)
    maps = keras.layers.Conv2D(2, (7, 1), padding="same", name="down", **ones)(maps)
    maps = keras.layers.MaxPooling2D((2, 3), strides=(1, 2), name="pool")(maps)
    model = keras.Model(image, maps)
    layers = anatomy._describe_layers(model, ("stem", "across", "down", "pool"))
    assert [(layer.rows.side, layer.columns.side) for layer in layers] == [
        (3, 5),
        (3, 11),
        (15, 11),
        (17, 13),
    ]
    photo = np.random.default_rng(0).random((40, 48, 3)).astype("float32")
    before = np.asarray(model(photo[None]))[0]
    position = before.shape[0] // 2, before.shape[1] // 2
    changed = np.repeat(photo[None], 40 + 48, axis=0)
    for row in range(40):
        changed[row, row] += 9
    for column in range(48):
        changed[40 + column, :, column] += 9
    after = np.asarray(model(changed))[:, position[0], position[1]]
    moved = np.flatnonzero(np.abs(after - before[position]).max(axis=-1))
    rows, columns = moved[moved < 40], moved[moved >= 40] - 40
    assert (rows[0], rows[-1]) == layers[-1].rows.pixels_at(position[0])
    assert (columns[0], columns[-1]) == layers[-1].columns.pixels_at(position[1])


@pytest.mark.slow
def test_receptive_fields_of_inceptionv3_are_known():
    """Named layers have square receptive fields."""
    layers = anatomy.describe_layers(Backbone(BACKBONES["inceptionv3"], inceptionv3.build_network(), ""))
    assert all(layer.rows == layer.columns for layer in layers)
    assert layers[-1].name == "mixed10" and layers[-1].columns.side == 1311


def check_receptive_field(backbone, layer):
    field = next(
        known_layer.columns for known_layer in anatomy.describe_layers(backbone) if known_layer.name == layer
    )
    photo = np.random.default_rng(0).random((1, SIDE, SIDE, 3)).astype("float32")
    extractor = backbone.build_extractor((layer,))

    def moved(row, column):
        changed = photo.copy()
        changed[0, row, column] = 1 - changed[0, row, column]
        return np.abs(np.asarray(extractor(changed)[layer])[0] - before).max(axis=-1) > 0

    before = np.asarray(extractor(photo)[layer])[0]
    position = before.shape[0] // 2
    first, last = field.pixels_at(position)
    assert 0 < first < last < SIDE - 1
    middle = (first + last) // 2
    assert moved(first, middle)[position, position] or moved(first, first)[position, position]
    assert moved(last, middle)[position, position] or moved(last, last)[position, position]
    assert (
        not moved(first - 1, middle)[position, position] and not moved(middle, last + 1)[position, position]
    )


def test_parameters_of_all_layers_add_up(vgg):
    layers = anatomy.describe_layers(vgg)
    assert sum(layer.parameters for layer in layers) == 14_714_688
    assert [layer.name for layer in layers] == list(vgg.spec.layers)
    assert all(layer.rows == layer.columns for layer in layers)
    assert layers[0].columns.side == 3 and layers[-2].columns.side == 196  # the known value for block5_conv3


def test_map_sizes_agree_with_the_network(vgg):
    photo = np.zeros((1, 64, 96, 3), "float32")
    features = vgg.build_extractor(("block2_conv1", "block4_pool"))(photo)
    sizes = anatomy.compute_map_sizes(vgg, 64, 96)
    assert {name: tuple(maps.shape[1:3]) for name, maps in features.items()} == {
        name: tuple(sizes[name]) for name in features
    }
