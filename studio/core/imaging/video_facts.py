"""Detects the format of an animation without decoding frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from PIL import Image

from studio.core.imaging import decoding

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer

_MAX_CHUNKS = 1000  # chunks of a PNG before its pixels
_PNG = b"\x89PNG\r\n\x1a\n"
_OTHER_KINDS = {
    b"\x1aE\xdf\xa3": "a WebM or Matroska video",
    b"\0\0\1\xba": "an MPEG video",
    b"OggS": "an Ogg video",
    b"FLV\1": "a Flash video",
    b"0&\xb2u\x8ef\xcf\x11": "a Windows Media video",
    b"\0\0\1\xb3": "an MPEG video",
    b"G@": "an MPEG transport stream",
    b"\x89PNG": "a PNG image without animation",
    b"\xff\xd8\xff": "a JPEG image",
}
_PHONE_IMAGE_BRANDS = (b"hei", b"mif1", b"avif")  # brands of HEIC and AVIF, which share the container of MP4


def is_mp4(data: bytes) -> bool:
    """Returns whether a file starts like an MP4."""
    return data[4:8] == b"ftyp"


def is_apng(data: bytes) -> bool:
    """Returns whether a file is a PNG with an animation chunk before its pixels."""
    if not data.startswith(_PNG):
        return False
    kinds = (kind for kind, _ in islice(read_png_chunks(data), _MAX_CHUNKS))
    return b"acTL" in takewhile(lambda kind: kind != b"IDAT", kinds)


def detect_kind(data: bytes) -> str:
    """Detects the format of an animation by its magic bytes: "mp4", "gif", "apng", or else "webp"."""
    if is_mp4(data):
        return "mp4"
    return "gif" if data.startswith(b"GIF8") else "apng" if is_apng(data) else "webp"


def describe_other_kind(data: bytes) -> str:
    """Describes a file that is not an animation; "" if it starts like one."""
    if not data:
        return "an empty file"
    if is_apng(data):
        return ""
    if is_mp4(data):
        return "a HEIC or AVIF image" if any(brand in data[8:32] for brand in _PHONE_IMAGE_BRANDS) else ""
    if data.startswith(b"RIFF") and data[8:12] in (b"WEBP", b"AVI "):
        return "" if data[8:12] == b"WEBP" else "an AVI video"
    matches = (kind for magic, kind in _OTHER_KINDS.items() if data.startswith(magic))
    return "" if data.startswith(b"GIF8") else next(matches, "another kind of file")


def open_container(data: bytes) -> InputContainer:
    """Opens an MP4 or GIF; ignores invalid encodings of its metadata.

    Raises:
        Exception: almost any, if the file is damaged.
    """
    import av

    # PyAV ignores metadata that is not UTF-8 from version 19 on, which needs Python 3.12.
    version = int(av.__version__.partition(".")[0])
    options: dict[str, Any] = {} if version >= 19 else {"metadata_errors": "ignore"}
    return av.open(io.BytesIO(data), "r", format=detect_kind(data), **options)


def get_video_stream(container: InputContainer) -> VideoStream:
    """Returns the first video track. Raises `ValueError` if there is none, as in a sound recording."""
    if not container.streams.video:
        raise ValueError("a file without a video track")
    return container.streams.video[0]


def open_image(data: bytes) -> Image.Image:
    """Opens an animation with Pillow without decoding. Raises almost any exception if it is damaged."""
    reader = {"gif": "GIF", "apng": "PNG"}.get(detect_kind(data), "WEBP")
    return decoding.open_image(data, (reader,))


def count_pixels(data: bytes) -> int:
    """Counts the pixels of a frame by the header. Raises almost any exception if the file is damaged."""
    if not is_mp4(data):
        width, height = open_image(data).size
        return width * height
    with open_container(data) as container:
        stream = get_video_stream(container)
        return int(stream.width * stream.height)


def read_png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields type and content of each chunk of a PNG, up to its end or truncation."""
    offset = len(_PNG)
    while offset + 12 <= len(data):
        size = int.from_bytes(data[offset : offset + 4], "big")
        yield data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + size]
        offset += 12 + size
