"""Small files that need minutes or gigabytes to decode are rejected by their headers."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from studio.core.errors import InvalidInput
from studio.core.imaging import decoding_cost, image_io

REFUSED = "made to take very much time or memory"
_START_OF_SCAN = b"\xff\xda"


def _encode_gradient(kind: str, **options) -> bytes:
    data = io.BytesIO()
    Image.linear_gradient("L").save(data, kind, **options)
    return data.getvalue()


def _repeat_scans(count: int, between: bytes = b"") -> bytes:
    """Returns a progressive JPEG of 256 x 256 px that repeats its last scan `count` times."""
    data = _encode_gradient("JPEG", progressive=True)
    at = data.rindex(_START_OF_SCAN)
    return data[:at] + count * (between + data[at:-2]) + data[-2:]


def _make_tiled_tiff(side: int) -> bytes:
    """Returns a TIFF of 64 x 64 px in one tile of `side` x `side`."""
    packed = zlib.compress(bytes(3 * min(side, 256) ** 2))
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 324: 0, 325: len(packed)}
    tags[324] = 8 + 2 + 12 * len(tags) + 4  # offset of the tile's data
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + bytes(4) + packed


@pytest.mark.parametrize("between", [b"", b"\xff\x01", b"\xff\xff"])
def test_a_jpeg_with_thousands_of_scans_is_refused(between):
    with pytest.raises(InvalidInput, match=REFUSED):
        image_io.read(_repeat_scans(decoding_cost.MAX_SCANS, between))


def test_a_jpeg_with_few_scans_and_trailing_data_is_accepted():
    assert image_io.read(_repeat_scans(20)).shape == (256, 256, 3)
    video = 1000 * (_START_OF_SCAN + bytes(9))  # as in photos of phones
    assert image_io.read(_encode_gradient("JPEG", progressive=True) + video).shape == (256, 256, 3)
    assert image_io.read(_encode_gradient("JPEG", exif=b"Exif\0\0" + 3000 * _START_OF_SCAN)).shape == (
        256,
        256,
        3,
    )


def test_a_tiff_with_an_oversized_tile_is_refused():
    assert image_io.read(_make_tiled_tiff(256)).shape == (64, 64, 3)
    with pytest.raises(InvalidInput, match=REFUSED):
        image_io.read(_make_tiled_tiff(30_000))


@pytest.mark.parametrize("kind", ["TIFF", "AVIF"])
def test_tiff_and_avif_have_no_predictable_cost(kind):
    assert not decoding_cost.has_predictable_cost(_encode_gradient(kind))
    assert decoding_cost.has_predictable_cost(_encode_gradient("PNG"))


@pytest.mark.parametrize("pixels, kind, waits", [(100, "PNG", 1), (1 << 20, "PNG", 0), (1 << 20, "TIFF", 1)])
def test_large_or_unpredictable_images_wait_for_a_decoding_slot(monkeypatch, pixels, kind, waits):
    class SlotCounter:
        count = 0

        def __enter__(self):
            self.count += 1

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(image_io, "LARGE_PIXELS", pixels)
    monkeypatch.setattr(image_io, "_large_image_slots", counter := SlotCounter())
    image_io.read(_encode_gradient(kind))
    assert counter.count == waits
