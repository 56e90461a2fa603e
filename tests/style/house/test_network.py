"""The house style network: shapes, borders, and parameters of each style."""

import keras
import numpy as np
import pytest
import tiny_styles
from keras import ops

from studio.core.litert import convert
from studio.core.litert.network import Network
from studio.style.house import inference, network
from studio.style.house.network import MirrorPadding, StyledNorm, widen_weights


@pytest.fixture(scope="module")
def model():
    return tiny_styles.build_network()


@pytest.fixture
def photo():
    return np.random.default_rng(0).random((1, 40, 52, 3), "float32")


def stylize(model, photo, *shares):
    return np.asarray(model([photo, np.array([shares], "float32")]))


def test_the_output_has_the_shape_of_the_photo_and_a_valid_range(model, photo):
    output = stylize(model, photo, 1, 0)
    assert output.shape == photo.shape
    assert output.min() >= 0 and output.max() <= 1 and output.std() > 0.01


@pytest.mark.parametrize("sides", [(32, 32), (40, 52), (36, 100)])
def test_the_exported_network_gives_the_output_of_the_trained_one(sides, tmp_path):
    settings, styles = tiny_styles.SETTINGS, len(tiny_styles.STYLES)
    model = network.build_network(settings, styles)
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.normal(scale=0.05, size=w.shape) for w in model.get_weights()])
    photo, mix = rng.random((1, *sides, 3), "float32"), np.array([[0.3, 0.7]], "float32")
    convert.export(inference.optimize_for_inference(model), tmp_path / "house.tflite")
    (output,) = Network((tmp_path / "house.tflite").read_bytes())(photo, mix)
    expected = stylize(model, photo, *mix[0])
    assert expected.std() > 0.05 and np.abs(output - expected).max() < 0.25 / 255


def test_styles_differ_and_a_mix_lies_between_them(model, photo):
    rain, sand, both = (stylize(model, photo, *mix) for mix in ((1, 0), (0, 1), (0.5, 0.5)))
    distance = np.abs(rain - sand).mean()
    assert distance > 0.02
    assert np.abs(both - rain).mean() < distance and np.abs(both - sand).mean() < distance


def test_styled_norm_applies_the_gain_and_shift_of_the_mix():
    layer = StyledNorm(2)
    maps = np.random.default_rng(1).normal(5, 3, (2, 9, 7, 4)).astype("float32")
    layer.build(((None, None, None, 4), (None, 2)))
    gain, shift = np.array([[1, 2, 3, 4], [3, 2, 1, 0.5]]), np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    layer.set_weights([(gain - 1) / network.LEARNING_RATE_FACTOR, shift / network.LEARNING_RATE_FACTOR])
    mix = np.array([[1, 0], [0.25, 0.75]], "float32")
    normalized = np.asarray(layer([maps, mix]))
    np.testing.assert_allclose(normalized.mean((1, 2)), mix @ shift, atol=1e-4)
    np.testing.assert_allclose(normalized.std((1, 2)), mix @ gain, rtol=1e-4)


def test_borders_are_mirrored():
    maps = np.arange(2 * 6 * 5 * 3, dtype="float32").reshape(2, 6, 5, 3)
    expected = np.pad(maps, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(ops.convert_to_numpy(MirrorPadding(2)(maps)), expected)


def test_a_widened_network_keeps_old_styles_and_starts_new_ones_at_their_mean(model, photo):
    more = tiny_styles.build_network(styles=3)
    more.set_weights(widen_weights(model, more))
    np.testing.assert_allclose(stylize(more, photo, 0, 1, 0), stylize(model, photo, 0, 1), atol=1e-6)
    np.testing.assert_allclose(stylize(more, photo, 0, 0, 1), stylize(model, photo, 0.5, 0.5), atol=1e-5)


def test_weights_of_another_width_cannot_be_widened(model):
    other = tiny_styles.build_network(tiny_styles.SETTINGS.model_copy(update={"width": 12}))
    with pytest.raises(ValueError, match="shape"):
        widen_weights(model, other)


def test_the_default_network_has_fewer_than_a_million_parameters():
    assert isinstance(tiny_styles.build_network(), keras.Model)
    from studio.style.house.network import build_network
    from studio.style.house.settings import TrainStyleSettings

    assert build_network(TrainStyleSettings(), 8).count_params() < 1_100_000
