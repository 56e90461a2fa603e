"""Hidden pixels take the color of the nearest visible pixel."""

import numpy as np

from studio.core.imaging import transparency


def test_transparent_pixels_take_the_color_of_the_nearest_opaque_pixel():
    image = np.zeros((20, 30, 4), "uint8")
    image[..., :3] = (255, 0, 255)
    image[5:15, 10:20] = (20, 90, 200, 255)
    image[5:15, 9] = (250, 250, 250, 60)
    extended = transparency.extend_colors(image)
    assert (extended[..., :3] == (20, 90, 200)).all()
    assert np.array_equal(extended[..., 3], image[..., 3])


def test_translucent_areas_keep_their_colors():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 4)).astype("uint8")
    image[..., 3] = 120
    assert np.array_equal(transparency.extend_colors(image), image)
    image[..., 3] = np.linspace(255, 40, 40).astype("uint8")
    assert np.array_equal(transparency.extend_colors(image), image)


def test_opaque_and_fully_transparent_images_are_unchanged():
    for image in (
        np.zeros((8, 8, 3), "uint8"),
        np.full((8, 8, 4), 9, "uint8") * np.array([1, 1, 1, 0], "uint8"),
    ):
        assert transparency.extend_colors(image) is image


def test_alpha_is_split_off_and_joined_at_another_size():
    image = np.zeros((8, 8, 4), "uint8")
    image[2:6, 2:6] = (20, 90, 200, 255)
    colors, alpha = transparency.split_alpha(image)
    assert (colors == (20, 90, 200)).all()
    assert np.array_equal(transparency.join_alpha(colors, alpha)[..., 3], image[..., 3])
    enlarged = transparency.join_alpha(colors.repeat(2, axis=0).repeat(2, axis=1), alpha)
    assert enlarged.shape == (16, 16, 4)
    assert enlarged[7, 7, 3] == 255 and not enlarged[0, 0, 3]
    opaque, none = transparency.split_alpha(colors)
    assert opaque is colors and none is None and transparency.join_alpha(colors, None) is colors
