"""The center crop inside a network agrees with Pillow's."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from studio.classify.models import crop
from studio.core.imaging import crops

IMAGES = {"chelsea": (300, 451), "astronaut": (512, 512), "page": (191, 384)}


def load_photo(name):
    image = getattr(data, name)()
    return image if image.ndim == 3 else np.stack([image, image[::-1], 255 - image], axis=-1)


@pytest.mark.parametrize("size", [32, 100, 224, 600])
@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("turned", [False, True])
def test_cropping_in_a_network_agrees_with_pillow(name, size, turned):
    image = load_photo(name).transpose(1, 0, 2) if turned else load_photo(name)
    batch = np.asarray(crop.crop_and_resize_in_network(image[None], size))
    assert batch.shape == (1, size, size, 3)
    # Pillow rounds twice, by up to half a level each; Lanczos overshoot can add a little.
    assert np.abs(batch[0] - crops.crop_and_resize(image, size).astype("float32")).max() < 1.7


def test_an_image_of_the_right_size_is_unchanged():
    image = load_photo("astronaut")
    assert np.array_equal(crops.crop_and_resize(image, 512), image)
    assert np.allclose(crop.crop_and_resize_in_network(image[None], 512), image[None], atol=1e-3)


def test_the_crop_is_centered(image):
    wide = np.zeros((8, 20, 3), "uint8")
    wide[:, 6:14] = np.random.default_rng(0).integers(0, 256, (8, 8, 3))
    assert np.array_equal(crops.crop_and_resize(wide, 8), wide[:, 6:14])
    assert np.allclose(crop.crop_and_resize_in_network(wide[None], 8), wide[None, :, 6:14], atol=1e-3)


def test_fine_stripes_of_a_large_image_become_gray():
    stripes = np.zeros((640, 640, 3), "uint8")
    stripes[:, ::2] = 255
    gray = np.asarray(crop.crop_and_resize_in_network(stripes[None], 64))[0, :, 8:-8]
    assert np.abs(gray - 127.5).max() < 3  # nearest-neighbor sampling would make it black or white


def test_a_saved_network_crops_images_of_any_size(tmp_path):
    import keras

    images = keras.Input((None, None, 3), dtype="uint8")
    model = keras.Model(images, crop.crop_and_resize_in_network(images, 16))
    model.save(tmp_path / "square.keras")
    reopened = keras.saving.load_model(tmp_path / "square.keras")  # without code of the studio
    for height, width in ((40, 60), (16, 16), (7, 9)):
        image = load_photo("chelsea")[None, :height, :width]
        assert np.allclose(reopened(image), crop.crop_and_resize_in_network(image, 16))


@pytest.mark.slow
def test_tflite_rounds_the_crop_like_numpy(tmp_path):
    import keras
    import tensorflow

    class Square(keras.layers.Layer):
        def call(self, images):
            return crop.crop_and_resize_in_network(images, 224)

        def compute_output_shape(self, shape):
            return (shape[0], 224, 224, 3)

    images = keras.Input((None, None, 3), dtype="uint8")
    network = keras.Model(images, Square()(images))
    network.export(tmp_path / "square.tflite", format="litert", verbose=False)
    lite = tensorflow.lite.Interpreter(str(tmp_path / "square.tflite"))
    input_index, output_index = lite.get_input_details()[0]["index"], lite.get_output_details()[0]["index"]
    image = np.random.default_rng(0).integers(0, 256, (1, 419, 480, 3), "uint8")
    lite.resize_tensor_input(input_index, image.shape)
    lite.allocate_tensors()
    lite.set_tensor(input_index, image)
    lite.invoke()
    np.testing.assert_allclose(lite.get_tensor(output_index), np.asarray(network(image)), atol=0.1)
