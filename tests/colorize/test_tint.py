"""Detection of gray, tinted and color photos."""

import numpy as np
import pytest

from studio.colorize import tint
from studio.core.imaging import image_io, sample_photos

TINTS = {  # colors of gray photos
    "sepia": ((40, 26, 13), (255, 240, 205)),
    "cyanotype": ((0, 33, 80), (240, 245, 250)),
    "Prussian blue": ((0, 49, 83), (255, 255, 255)),
}


@pytest.mark.parametrize("name", ["t_red_on_white.png", "t_leaf.png"])
def test_a_colored_object_on_white_is_colored(data_dir, name):
    assert tint.kind_of(image_io.read(data_dir / "odd" / "05" / name)) == "colored"


def test_a_pale_object_on_white_is_colored():
    ball = np.full((96, 96, 3), 255, "uint8")
    rows, columns = np.mgrid[:96, :96]
    inside = (rows - 48) ** 2 + (columns - 48) ** 2 < 900
    ball[inside] = np.stack([200 + rows // 4, 160 + rows // 4, 160 + rows // 4], axis=-1)[inside]
    assert tint.kind_of(ball) == "colored"


@pytest.mark.parametrize("colors", TINTS.values(), ids=TINTS)
@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_old_prints_are_tinted(name, colors):
    dark, light = np.array(colors, "float64")
    shares = image_io.to_gray(sample_photos.read_photo(name)) / 255
    assert tint.kind_of(np.rint(dark + (light - dark) * shares).astype("uint8")) == "tinted"


def test_photos_are_colored_and_their_lightness_is_gray():
    photo = sample_photos.read_photo("coffee")
    assert tint.kind_of(photo) == "colored"
    assert tint.kind_of(np.repeat(image_io.to_gray(photo), 3, axis=2)) == "gray"
