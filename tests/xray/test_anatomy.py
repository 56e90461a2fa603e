"""Receptive fields: pixels outside change nothing, and pixels at the edges do."""

import numpy as np
import pytest

from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.weights.networks import inceptionv3
from studio.xray import anatomy

SIDE = 96


@pytest.mark.parametrize("layer", ["block1_conv2", "block2_pool", "block3_conv2"])
def test_a_place_sees_its_field_and_nothing_else(vgg, layer):
    _check(vgg, layer)


@pytest.mark.slow
def test_a_place_of_a_residual_network_sees_its_field_and_nothing_else(resnet):
    _check(resnet, "conv2_block2_out")


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
    layers = anatomy._layers(model, ("stem", "across", "down", "pool"))
    assert [(layer.rows.side, layer.columns.side) for layer in layers] == [
        (3, 5),
        (3, 11),
        (15, 11),
        (17, 13),
    ]
    photo = np.random.default_rng(0).random((40, 48, 3)).astype("float32")
    before = np.asarray(model(photo[None]))[0]
    place = before.shape[0] // 2, before.shape[1] // 2
    changed = np.repeat(photo[None], 40 + 48, axis=0)
    for row in range(40):
        changed[row, row] += 9
    for column in range(48):
        changed[40 + column, :, column] += 9
    after = np.asarray(model(changed))[:, place[0], place[1]]
    moved = np.flatnonzero(np.abs(after - before[place]).max(axis=-1))
    rows, columns = moved[moved < 40], moved[moved >= 40] - 40
    assert (rows[0], rows[-1]) == layers[-1].rows.of(place[0])
    assert (columns[0], columns[-1]) == layers[-1].columns.of(place[1])


@pytest.mark.slow
def test_receptive_fields_of_inceptionv3_are_known():
    """Named layers have square receptive fields."""
    layers = anatomy.layers(Backbone(BACKBONES["inceptionv3"], inceptionv3.network(), ""))
    assert all(layer.rows == layer.columns for layer in layers)
    assert layers[-1].name == "mixed10" and layers[-1].columns.side == 1311


def _check(backbone, layer):
    field = next(known_layer.columns for known_layer in anatomy.layers(backbone) if known_layer.name == layer)
    photo = np.random.default_rng(0).random((1, SIDE, SIDE, 3)).astype("float32")
    extractor = backbone.features((layer,))

    def moved(row, column):
        changed = photo.copy()
        changed[0, row, column] = 1 - changed[0, row, column]
        return np.abs(np.asarray(extractor(changed)[layer])[0] - before).max(axis=-1) > 0

    before = np.asarray(extractor(photo)[layer])[0]
    place = before.shape[0] // 2
    first, last = field.of(place)
    assert 0 < first < last < SIDE - 1
    middle = (first + last) // 2
    assert moved(first, middle)[place, place] or moved(first, first)[place, place]
    assert moved(last, middle)[place, place] or moved(last, last)[place, place]
    assert not moved(first - 1, middle)[place, place] and not moved(middle, last + 1)[place, place]


def test_every_number_of_a_network_belongs_to_one_layer(vgg):
    layers = anatomy.layers(vgg)
    assert sum(layer.parameters for layer in layers) == 14_714_688
    assert [layer.name for layer in layers] == list(vgg.spec.layers)
    assert all(layer.rows == layer.columns for layer in layers)
    assert layers[0].columns.side == 3 and layers[-2].columns.side == 196  # the known value for block5_conv3


def test_maps_are_as_large_as_told(vgg):
    photo = np.zeros((1, 64, 96, 3), "float32")
    features = vgg.features(("block2_conv1", "block4_pool"))(photo)
    sizes = anatomy.sides(vgg, 64, 96)
    assert {name: tuple(maps.shape[1:3]) for name, maps in features.items()} == {
        name: tuple(sizes[name]) for name in features
    }
