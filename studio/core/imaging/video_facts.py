"""What kind of animation a file is, with no frame decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from PIL import Image

from studio.core.imaging import decoding

if TYPE_CHECKING:
    from av.container import InputContainer

_MOST_CHUNKS = 1000  # of a PNG before its pixels
_PNG = b"\x89PNG\r\n\x1a\n"
_OTHERS = {
    b"\x1aE\xdf\xa3": "a WebM or Matroska video",
    b"\0\0\1\xba": "an MPEG video",
    b"OggS": "an Ogg video",
    b"\x89PNG": "a PNG image without animation",
    b"\xff\xd8\xff": "a JPEG image",
}
_PHONE_IMAGES = (b"hei", b"mif1", b"avif")  # in a container as that of an MP4


def is_mp4(data: bytes) -> bool:
    """Whether the first bytes are those of an MP4; else it may be a GIF, WebP or APNG."""
    return data[4:8] == b"ftyp"


def is_apng(data: bytes) -> bool:
    """Whether a file is a PNG that says before its pixels that it is animated."""
    if not data.startswith(_PNG):
        return False
    kinds = (kind for kind, _ in islice(png_chunks(data), _MOST_CHUNKS))
    return b"acTL" in takewhile(lambda kind: kind != b"IDAT", kinds)


def kind(data: bytes) -> str:
    """The kind of an animation by its first bytes: "mp4", "gif", "apng", else "webp"."""
    if is_mp4(data):
        return "mp4"
    return "gif" if data.startswith(b"GIF8") else "apng" if is_apng(data) else "webp"


def other_kind(data: bytes) -> str:
    """What a file is that is no animation, in words; "" if its first bytes say that it is one."""
    if not data:
        return "an empty file"
    if is_apng(data):
        return ""
    if is_mp4(data):
        return "a HEIC or AVIF image" if any(brand in data[8:32] for brand in _PHONE_IMAGES) else ""
    if data.startswith(b"RIFF") and data[8:12] in (b"WEBP", b"AVI "):
        return "" if data[8:12] == b"WEBP" else "an AVI video"
    found = (kind for magic, kind in _OTHERS.items() if data.startswith(magic))
    return "" if data.startswith(b"GIF8") else next(found, "another kind of file")


def opened(data: bytes) -> InputContainer:
    """An MP4 or GIF to read from, whatever the encoding of its title and the like. Raises as `length`."""
    import av

    # From version 19 on, which Python 3.12 and later get, PyAV passes over what is no UTF-8 by itself.
    version = int(av.__version__.partition(".")[0])
    told: dict[str, Any] = {} if version >= 19 else {"metadata_errors": "ignore"}
    return av.open(io.BytesIO(data), "r", format=kind(data), **told)


def image(data: bytes) -> Image.Image:
    """An animation that Pillow reads, no frame of it decoded. Raises nearly anything if it is damaged."""
    reader = {"gif": "GIF", "apng": "PNG"}.get(kind(data), "WEBP")
    return decoding.open_image(data, (reader,))


def pixels(data: bytes) -> int:
    """How many pixels a frame has, as the video says. Raises nearly anything if it is damaged."""
    if not is_mp4(data):
        width, height = image(data).size
        return width * height
    with opened(data) as container:
        stream = container.streams.video[0]
        return int(stream.width * stream.height)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and content of each chunk of a PNG, up to its end or where it is cut."""
    at = len(_PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size
