"""EXIF data that a result keeps: all about the photo, nothing about its pixels."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from studio.core.imaging import exif, image_io

PIXELS = np.full((24, 32, 3), 90, "uint8")


def write_photo(kind="JPEG"):
    tags = Image.Exif()
    tags[ExifTags.Base.Make.value] = "Camera"
    tags[ExifTags.Base.Copyright.value] = "Ana"
    tags[ExifTags.Base.Orientation.value] = 6
    tags[ExifTags.Base.XResolution.value] = 300.0
    details = tags.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal.value] = "2026:05:01 10:00:00"
    details[ExifTags.Base.FNumber.value] = 2.8
    details[ExifTags.Base.ExifImageWidth.value] = 32
    details[ExifTags.Base.MakerNote.value] = b"secret"
    details[ExifTags.Base.ColorSpace.value] = 65535
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef.value] = "N"
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind, exif=tags)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_describes_the_photo_is_kept(kind):
    with Image.open(io.BytesIO(image_io.encode_png(PIXELS, exif=exif.read(write_photo(kind))))) as image:
        tags = image.getexif()
        details = tags.get_ifd(ExifTags.IFD.Exif)
        assert set(tags) <= {
            *(ExifTags.Base.Make.value, ExifTags.Base.Copyright.value),
            *(ExifTags.IFD.Exif.value, ExifTags.IFD.GPSInfo.value),
        }
        assert tags[ExifTags.Base.Make.value] == "Camera"
        assert details[ExifTags.Base.DateTimeOriginal.value] == "2026:05:01 10:00:00"
        assert details[ExifTags.Base.ColorSpace.value] == 1
        assert tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef.value] == "N"
        assert not {ExifTags.Base.MakerNote.value, ExifTags.Base.ExifImageWidth.value} & set(details)


def test_texts_are_copied_to_and_from_a_tiff():
    data = image_io.encode_as(PIXELS, ".tif", exif.read(write_photo()))
    texts = {ExifTags.Base.Make.value: "Camera", ExifTags.Base.Copyright.value: "Ana"}
    assert exif.read_texts(exif.read(data)) == texts
    assert image_io.read_size(data) == (24, 32)


def test_the_thumbnail_is_left_out():
    data = write_photo()
    assert b"secret" in data and b"secret" not in exif.read(data)
    assert exif.read(exif_with_thumbnail()).count(b"\xff\xd8") == 0


def exif_with_thumbnail():
    """A JPEG whose second directory has a thumbnail."""
    thumbnail = b"\xff\xd8thumbnail\xff\xd9"
    entry = (0x0201, 4, 1, 8 + 2 + 12 + 4 + 2 + 24 + 4), (0x0202, 4, 1, len(thumbnail))
    first = (1).to_bytes(2, "little") + _entry(0x010F, 2, 4, int.from_bytes(b"Cam\0", "little"))
    first += (8 + 2 + 12 + 4).to_bytes(4, "little")
    second = (2).to_bytes(2, "little") + b"".join(_entry(*values) for values in entry) + bytes(4)
    tags = b"Exif\0\0II*\0\x08\0\0\0" + first + second + thumbnail
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "JPEG", exif=tags)
    assert thumbnail in buffer.getvalue()
    return buffer.getvalue()


def _entry(tag, kind, count, value):
    parts = ((tag, 2), (kind, 2), (count, 4), (value, 4))
    return b"".join(number.to_bytes(size, "little") for number, size in parts)


@pytest.mark.parametrize("data", [image_io.encode_png(PIXELS), b"", b"no image", write_photo()[:200]])
def test_an_image_without_exif_gives_none(data):
    assert exif.read(data) == b""
