"""What a place of a map can see: nothing outside its field moves it, and its edges do."""

import numpy as np
import pytest

from studio.xray import anatomy

SIDE = 96


@pytest.mark.parametrize("layer", ["block1_conv2", "block2_pool", "block3_conv2"])
def test_a_place_sees_its_field_and_nothing_else(vgg, layer):
    _check(vgg, layer)


@pytest.mark.slow
def test_a_place_of_a_residual_network_sees_its_field_and_nothing_else(resnet):
    _check(resnet, "conv2_block2_out")


def _check(backbone, layer):
    field = next(one.field for one in anatomy.layers(backbone) if one.name == layer)
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
    told = anatomy.layers(vgg)
    assert sum(layer.parameters for layer in told) == 14_714_688
    assert [layer.name for layer in told] == list(vgg.spec.layers)
    assert told[0].field.side == 3 and told[-2].field.side == 196  # as is known of block5_conv3


def test_maps_are_as_large_as_told(vgg):
    photo = np.zeros((1, 64, 96, 3), "float32")
    found = vgg.features(("block2_conv1", "block4_pool"))(photo)
    told = anatomy.sides(vgg, 64, 96)
    assert {name: tuple(maps.shape[1:3]) for name, maps in found.items()} == {
        name: tuple(told[name]) for name in found
    }
