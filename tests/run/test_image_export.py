"""Exports of a result: each format, its quality and size, and what it keeps of the recipe."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from studio.core import recipes
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.dream.settings import DreamSettings
from studio.run import image_export

RECIPE = recipes.make("dream.ascend", DreamSettings(seed=7), {})


@pytest.fixture(scope="module")
def png():
    return image_io.encode_png(image_io.fit(sample_photos.read_photo("chelsea"), 240), RECIPE)


@pytest.mark.parametrize("suffix", image_export.FORMATS)
@pytest.mark.parametrize("longest", [0, 90])
def test_every_format_has_the_chosen_size_and_the_same_image(png, suffix, longest):
    data = image_export.convert(png, suffix, longest=longest)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == image_export.FORMATS[suffix].upper()
        assert max(image.size) == (longest or 240)
    expected = image_io.fit(image_io.read(png), longest or 240).astype(int)
    assert np.abs(image_io.read(data) - expected).mean() < 3


def test_png_keeps_the_recipe_in_every_size(png):
    assert image_export.convert(png, ".png") == png
    assert recipes.read(image_export.convert(png, ".png", longest=90)) == RECIPE
    without = image_io.encode_png(image_io.read(png))
    with pytest.raises(InvalidInput):
        recipes.read(image_export.convert(without, ".png", longest=90))


@pytest.mark.parametrize("suffix", image_export.LOSSY)
def test_lower_quality_makes_smaller_files(png, suffix):
    sizes = [len(image_export.convert(png, suffix, quality=quality)) for quality in (5, 50, 95)]
    assert sizes == sorted(set(sizes))


def test_smaller_tiff_and_png_keep_16_bits():
    values = np.linspace(0, 65535, 64 * 96 * 3).reshape(64, 96, 3).astype("uint16")
    for suffix in (".png", ".tif"):
        data = image_export.convert(image_io.encode_png(values), suffix, longest=48)
        assert image_io.read_deep(data).dtype == np.uint16
        assert image_io.read_deep(data).shape == (32, 48, 3)
