"""Formats that Pillow misreads are decoded as the file specifies."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, video_decoder
from tests.core.imaging.test_image_io import encode

ROWS, COLUMNS = np.mgrid[0:24, 0:32]
COLORS = np.stack([COLUMNS * 8, ROWS * 10, 255 - COLUMNS * 8], axis=-1).astype("uint8")
GRAY = COLORS[..., :1]


def encode_tiff(planes, photometric, sample_format=1, orientation=1):
    """Returns an uncompressed little-endian TIFF 6.0 of separate planes, `(C, H, W)`."""
    count, height, width = planes.shape
    raw = planes.tobytes()
    size = len(raw) // count
    extra = 8 + len(raw)  # offset of values that do not fit in a tag
    bits = (3, [8 * planes.itemsize] * count)
    tags = {256: (4, [width]), 257: (4, [height]), 258: bits, 259: (3, [1]), 262: (3, [photometric])}
    tags |= {273: (4, [8 + n * size for n in range(count)]), 274: (3, [orientation]), 277: (3, [count])}
    tags |= {278: (4, [height]), 279: (4, [size] * count), 284: (3, [2]), 339: (3, [sample_format] * count)}
    table, lists = b"", b""
    for tag, (kind, values) in tags.items():
        packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        table += struct.pack("<HHI", tag, kind, len(values))
        table += packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", extra + len(lists))
        lists += packed if len(packed) > 4 else b""
    head = b"II*\0" + struct.pack("<I", extra + len(lists))
    return head + raw + lists + struct.pack("<H", len(tags)) + table + b"\0" * 4


def test_separate_16_bit_planes_are_decoded():
    planes = COLORS.transpose(2, 0, 1).astype("<u2") * 256 + 7
    assert np.array_equal(image_io.read(encode_tiff(planes, 2)), COLORS)


def test_separate_big_endian_16_bit_planes_are_decoded(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="scikit-image brings it")
    planes = COLORS.transpose(2, 0, 1).astype("u2") * 256 + 7
    tifffile.imwrite(tmp_path / "a.tif", planes, byteorder=">", photometric="rgb", planarconfig="separate")
    assert np.array_equal(image_io.read(tmp_path / "a.tif"), COLORS)


@pytest.mark.parametrize("orientation", [1, 3])
def test_gray_with_zero_as_white_is_inverted(orientation):
    upright = GRAY if orientation == 1 else GRAY[::-1, ::-1]
    expected = np.broadcast_to(upright, COLORS.shape)
    plane = GRAY.transpose(2, 0, 1)
    shorts = encode_tiff(65535 - plane.astype("<u2") * 257, 0, orientation=orientation)
    floats = encode_tiff((1 - plane / 255).astype("<f4"), 0, sample_format=3, orientation=orientation)
    assert np.array_equal(image_io.read(shorts), expected)
    assert np.abs(image_io.read(floats).astype(int) - expected).max() <= 1


def test_unsigned_32_bit_values_are_decoded():
    read = image_io.read(encode_tiff(GRAY.transpose(2, 0, 1).astype("<u4") * (2**32 // 255), 1))
    assert np.abs(read.astype(int) - GRAY * (255 / GRAY.max())).max() <= 1


def test_floats_above_1_are_scaled():
    shares = (GRAY[..., 0] / np.float32(GRAY.max()) * 1.5).astype("float32")
    read = image_io.read(encode(Image.fromarray(shares), "TIFF"))
    assert np.abs(read[..., 0] - shares * 170).max() <= 1


def test_a_webp_is_transparent_where_no_frame_covers_it():
    frames = [Image.new("RGBA", (32, 24), (0, 0, 0, 0)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste((0, 255, 0, 255), (10 * number, 8, 10 * number + 8, 16))
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    if not data[20] & 0x10:  # as Pillow writes it
        assert Image.open(io.BytesIO(data)).mode == "RGB"
    for frame, expected in zip(video_decoder.decode(data, transparent=True), frames, strict=True):
        assert np.array_equal(frame, np.asarray(expected))
    assert image_io.read(data)[0, 0].tolist() == [255, 255, 255]
    opaque = [frame.convert("RGB") for frame in frames]
    data = encode(opaque[0], "WEBP", save_all=True, append_images=opaque[1:], lossless=True)
    assert {frame.shape for frame in video_decoder.decode(data, transparent=True)} == {(24, 32, 3)}


@pytest.mark.parametrize("tags", [{254: 1}, {50706: b"\1\4\0\0"}], ids=["preview", "DNG"])
def test_camera_raw_files_are_refused(tags):
    """Their first image is a small preview, which would be taken for the photo."""
    buffer = io.BytesIO()
    Image.fromarray(COLORS).save(buffer, "TIFF", tiffinfo=tags)
    with pytest.raises(InvalidInput, match=r"a camera raw file.*Export it as JPEG or TIFF"):
        image_io.read(buffer.getvalue())


def test_a_tiff_with_float_colors_is_called_unusual():
    planes = np.moveaxis(COLORS, -1, 0).astype("<f4") / 255
    with pytest.raises(InvalidInput, match="a damaged TIFF, or one of an unusual kind"):
        image_io.read(encode_tiff(planes, photometric=2, sample_format=3))


UNSUPPORTED = {
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64),
    "JPEG XL": b"\xff\x0a" + bytes(64),
    "ICO": b"\0\0\1\0\1\0" + bytes(64),
    "TGA": bytes(64) + b"TRUEVISION-XFILE.\0",
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
}


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_unsupported_formats_are_named(kind):
    with pytest.raises(InvalidInput, match=f"Invalid image: {kind}"):
        image_io.read(UNSUPPORTED[kind])
