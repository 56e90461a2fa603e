"""Images with 16 bits per channel survive reading, resizing and writing."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from studio.core import recipes
from studio.core.imaging import color_management, deep_color, exif, image_io
from studio.core.recipes import Recipe


def draw_ramp(channels=3, height=20, width=31):
    """A smooth image of `uint16`, whose steps are finer than 8 bits show."""
    values = np.linspace(9000, 52000, height * width * channels).reshape(height, width, channels)
    return values.astype("uint16")


def write_tiff(values, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("channels", [3, 4])
def test_png_and_tiff_keep_every_value(channels):
    values = draw_ramp(channels)
    for data in (image_io.encode_png(values), image_io.encode_as(values, ".tif")):
        np.testing.assert_array_equal(image_io.read_deep(data), values)
        assert image_io.read_transparent(data).dtype == np.uint8


@pytest.mark.parametrize(
    "options",
    [{"photometric": "rgb"}, {"photometric": "rgb", "compression": "zlib", "byteorder": ">"}],
    ids=["plain", "compressed"],
)
def test_tiffs_of_other_programs_keep_16_bits(options):
    values = draw_ramp()
    np.testing.assert_array_equal(image_io.read_deep(write_tiff(values, **options)), values)


def test_gray_of_16_bits_becomes_three_equal_channels():
    gray = draw_ramp()[..., 0]
    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, "PNG")
    for data in (buffer.getvalue(), write_tiff(gray)):
        pixels = image_io.read_deep(data)
        assert pixels.dtype == np.uint16 and (pixels == gray[..., None]).all()


@pytest.mark.parametrize(
    "data",
    [
        image_io.encode_png(draw_ramp().astype("uint8")),
        write_tiff(draw_ramp()[..., 0], photometric="miniswhite"),
    ],
    ids=["8 bits", "white is zero"],
)
def test_other_layouts_are_read_with_8_bits(data):
    pixels = image_io.read_deep(data)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, image_io.read_transparent(data))


def test_orientation_is_applied():
    values = draw_ramp()
    data = write_tiff(values, photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    np.testing.assert_array_equal(image_io.read_deep(data), np.rot90(values, -1))


def test_a_color_profile_is_converted_without_banding():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    values = draw_ramp(height=50, width=90)
    with pytest.raises(ImageCms.PyCMSError):  # a profile of another color model changes nothing
        ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    data = write_tiff(values, photometric="rgb", iccprofile=profile.tobytes())
    np.testing.assert_array_equal(image_io.read_deep(data), values)
    linear = _chunk_gamma(image_io.encode_png(values), 100_000)
    pixels = image_io.read_deep(linear)
    assert pixels.dtype == np.uint16
    levels = color_management.to_8_bits(pixels).astype(int)
    assert np.abs(levels - image_io.read_transparent(linear)).max() <= 2
    shares = values / 65535
    expected = 65535 * np.where(shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055)
    assert np.abs(pixels - expected).max() < 1.5 * 257
    assert len(np.unique(pixels)) > 5 * 256


def _chunk_gamma(png, gamma):
    """Adds the chunk of a gamma, in 100,000ths, after the header of a PNG."""
    return png[:33] + deep_color._encode_chunk(b"gAMA", gamma.to_bytes(4, "big")) + png[33:]


def test_resizing_keeps_16_bits():
    values = draw_ramp(4)
    resized = image_io.resize(values, 40, 62)
    assert resized.shape == (40, 62, 4) and resized.dtype == np.uint16
    assert len(np.unique(resized)) > 3000
    np.testing.assert_allclose(image_io.resize(resized, 20, 31)[2:-2, 2:-2], values[2:-2, 2:-2], atol=300)


@pytest.mark.parametrize("name", ["photo.png", "Foto in Zürich.png"])
def test_a_png_of_16_bits_stores_recipe_and_exif(name):
    recipe = Recipe(task="invert", settings={"name": name})
    source = Image.Exif()
    source[271] = "Camera"
    data = image_io.encode_png(draw_ramp(), recipe, source.tobytes())
    assert recipes.read(data) == recipe
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif()[271] == "Camera"
    assert exif.read(data)
