"""Pixels of each mode, bit depth and color space become the sRGB that a browser shows."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from studio.core.imaging import image_io
from tests.core.imaging.test_image_io import encode, make_chunk, make_display_p3_profile

SRGB_POINTS = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3_POINTS = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def to_srgb_levels(linear):
    """Converts linear light in [0, 1] to sRGB levels."""
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return 255 * curve


def encode_with_chunks(image, *chunks):
    """Returns a PNG with these chunks after its header."""
    data = encode(image)
    return data[:33] + b"".join(chunks) + data[33:]


def make_gamma_chunk(value):
    return make_chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def make_primaries_chunk(values):
    return make_chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


@pytest.fixture(scope="module")
def linear_gray(data_dir):
    """A gray ICC profile with linear levels."""
    with Image.open(data_dir / "odd" / "03" / "graylin16.png") as image:
        return image.info["icc_profile"]


def test_16_bit_images_with_a_profile_are_converted(data_dir):
    for name, expected in (
        ("graylin16.png", lambda share: to_srgb_levels(share)),
        ("gray16.png", lambda share: 255 * share),
    ):
        path = data_dir / "odd" / "03" / name
        with Image.open(path) as image:
            share = np.asarray(image) / 65535
        read = image_io.read(path)
        assert np.abs(read - expected(share)[..., None]).max() < 0.51  # rounded, dark levels included


def test_a_gray_profile_applies_to_images_with_transparency(linear_gray):
    levels = np.tile(np.arange(256, dtype="uint8"), (16, 1))
    clear = np.full_like(levels, 255)
    clear[8:] = 0
    gray, layered = (
        Image.fromarray(levels),
        Image.merge("LA", [Image.fromarray(channel) for channel in (levels, clear)]),
    )
    plain, read = (image_io.read(encode(image, icc_profile=linear_gray)) for image in (gray, layered))
    assert np.array_equal(read[:8], plain[:8])
    assert np.abs(plain[0, :, 0] - to_srgb_levels(np.arange(256) / 255)).max() < 1
    assert (read[8:] == 255).all()


def test_the_white_below_transparent_pixels_is_not_converted():
    image = Image.new("RGBA", (16, 16), (200, 100, 100, 255))
    image.paste((0, 0, 0, 0), (0, 0, 8, 16))
    read = image_io.read(encode(image, icc_profile=make_display_p3_profile()))
    opaque = image_io.read(encode(image.convert("RGB"), icc_profile=make_display_p3_profile()))
    assert (read[:, :8] == 255).all()
    assert np.array_equal(read[:, 8:], opaque[:, 8:])


def test_16_bit_gray_can_have_a_transparent_level():
    levels = np.full((16, 16), 40_000, "uint16")
    levels[:8] = 1000
    read = image_io.read_transparent(
        encode_with_chunks(Image.fromarray(levels), make_chunk(b"tRNS", struct.pack(">H", 1000)))
    )
    assert read[0, 0, 3] == 0
    assert read[-1, -1].tolist() == [156, 156, 156, 255]


@pytest.mark.parametrize(
    "bits, row", [(1, b"\xaa" * 2), (2, b"\x44" * 4), (4, b"\x10" * 8), (8, b"\1\0" * 8)]
)
def test_gray_of_1_to_8_bits_can_have_a_transparent_level(bits, row):  # the row is 1, 0, 1, 0, ...
    size = struct.pack(">IIBBBBB", 16, 16, bits, 0, 0, 0, 0)
    chunks = {b"IHDR": size, b"tRNS": struct.pack(">H", 1), b"IDAT": zlib.compress(16 * (b"\0" + row))}
    file = b"\x89PNG\r\n\x1a\n" + b"".join(make_chunk(*pair) for pair in {**chunks, b"IEND": b""}.items())
    assert image_io.read_transparent(file)[5, :, 3].tolist() == 8 * [0, 255]


@pytest.mark.parametrize("top", [255, 65_535, 4_000_000])
def test_32_bit_images_are_scaled_to_their_value_range(top):
    levels = np.linspace(0, top, 32 * 32).round().astype("int32").reshape(32, 32)
    read = image_io.read(image_io.as_png(Image.fromarray(levels)))
    assert np.abs(read[..., 0] - levels * (255 / top)).max() <= 0.51


@pytest.mark.parametrize("lowest, top", [(0, 1), (0, 255), (-2, 6)])
def test_float_images_are_scaled_to_their_value_range(lowest, top):
    values = np.linspace(lowest, top, 32 * 32, dtype="float32").reshape(32, 32)
    share = (values - lowest) / (top - lowest)
    for data in (image_io.as_png(Image.fromarray(values)), encode(Image.fromarray(values), "TIFF")):
        assert np.abs(image_io.read(data)[..., 0] - 255 * share).max() <= 0.51


def test_png_gamma_is_applied_as_in_browsers(data_dir):
    path = data_dir / "odd" / "11" / "gamma1.png"
    with Image.open(path) as image:
        stored = np.asarray(image.convert("RGB")) / 255
    assert np.abs(image_io.read(path) - to_srgb_levels(stored)).max() < 1


def test_a_gamma_near_srgb_is_ignored(image):
    for value in (0.45455, 0.47):
        assert np.array_equal(
            image_io.read(encode_with_chunks(Image.fromarray(image), make_gamma_chunk(value))), image
        )


def test_png_primaries_are_applied_with_and_without_gamma():
    color = np.array([200, 100, 100])
    square = Image.new("RGB", (16, 16), tuple(color.tolist()))
    wide = image_io.read(
        encode_with_chunks(square, make_gamma_chunk(1 / 2.2), make_primaries_chunk(P3_POINTS))
    )[8, 8]
    by_profile = image_io.read(encode(square, icc_profile=make_display_p3_profile()))[8, 8]
    assert np.abs(wide.astype(int) - by_profile).max() <= 2
    assert image_io.read(encode_with_chunks(square, make_primaries_chunk(P3_POINTS)))[8, 8, 0] > 208
    assert np.array_equal(
        image_io.read(encode_with_chunks(square, make_primaries_chunk(SRGB_POINTS)))[8, 8], color
    )


@pytest.mark.parametrize("values", [(0,) * 8, (0.3, 0.3) * 4, (2.0, 0.001) * 4])
def test_impossible_primaries_are_ignored(values, image):
    assert np.array_equal(
        image_io.read(encode_with_chunks(Image.fromarray(image), make_primaries_chunk(values))), image
    )


def test_a_profile_overrides_srgb_and_srgb_overrides_gamma(image):
    plain = Image.fromarray(image)
    srgb = make_chunk(b"sRGB", b"\0")
    assert np.array_equal(image_io.read(encode_with_chunks(plain, srgb, make_gamma_chunk(1.0))), image)
    profiled = encode(plain, icc_profile=make_display_p3_profile())
    assert np.array_equal(
        image_io.read(profiled[:33] + srgb + make_gamma_chunk(1.0) + profiled[33:]), image_io.read(profiled)
    )
    assert not np.array_equal(image_io.read(profiled), image)


def test_opaque_pixels_of_a_mask_are_selected_in_any_color(data_dir):
    for name in ("mask_red_alpha.png", "mask_blackpaint_alpha.png"):
        path = data_dir / "odd" / "08" / name
        with Image.open(path) as image:
            alpha = np.asarray(image)[..., 3]
        mask = image_io.read_mask(path)
        assert mask.max() == 255
        assert np.array_equal(mask, np.repeat(alpha[..., None], 3, axis=2))


def test_an_opaque_mask_selects_by_its_strongest_channel():
    image = Image.new("RGB", (32, 8), "black")
    for n, color in enumerate(("white", "gray", "red")):
        image.paste(color, (8 * n, 0, 8 * n + 8, 8))
    assert image_io.read_mask(encode(image))[4, 4::8, 0].tolist() == [255, 128, 255, 0]
