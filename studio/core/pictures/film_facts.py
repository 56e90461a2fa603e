"""What a film says of itself, with no frame decoded: its kind, how many frames, how quick they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from av.container import InputContainer

MOST_RATE = 240  # frames a second; no camera films quicker for a player to show
_UNSAID = 0.1  # s that browsers show a frame of a GIF or WebP for which asks for next to nothing
_NEXT_TO_NOTHING = 0.01
_OTHERS = {
    b"\x1aE\xdf\xa3": "a WebM or Matroska film",
    b"\0\0\1\xba": "an MPEG film",
    b"OggS": "an Ogg film",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
}
_PHONE_PICTURES = (b"hei", b"mif1", b"avif")  # in a container as that of an MP4


def is_mp4(data: bytes) -> bool:
    """Whether the first bytes are those of an MP4; else it may be a GIF or WebP."""
    return data[4:8] == b"ftyp"


def kind(data: bytes) -> str:
    """The kind of a film by its first bytes: "mp4", "gif", else "webp"."""
    if is_mp4(data):
        return "mp4"
    return "gif" if data.startswith(b"GIF8") else "webp"


def other_kind(data: bytes) -> str:
    """What a file is that is no MP4, WebP or GIF, in words; "" if its first bytes say that it is one."""
    if not data:
        return "an empty file"
    if is_mp4(data):
        return "a HEIC or AVIF picture" if any(brand in data[8:32] for brand in _PHONE_PICTURES) else ""
    if data.startswith(b"RIFF") and data[8:12] in (b"WEBP", b"AVI "):
        return "" if data[8:12] == b"WEBP" else "an AVI film"
    found = (kind for magic, kind in _OTHERS.items() if data.startswith(magic))
    return "" if data.startswith(b"GIF8") else next(found, "another kind of file")


def length(data: bytes) -> int:
    """How many frames a film says it has. Raises nearly anything if it is damaged."""
    if is_mp4(data):
        return max(1, _mp4_length(data))
    return getattr(_picture(data), "n_frames", 1)


def pixels(data: bytes) -> int:
    """How many pixels a frame has, as the film says. Raises as `length`."""
    if not is_mp4(data):
        width, height = _picture(data).size
        return width * height
    with opened(data) as container:
        stream = container.streams.video[0]
        return stream.width * stream.height


def rate(data: bytes) -> int:
    """How many frames a film shows a second, over all of it; 1 to MOST_RATE. Raises as `length`."""
    return min(MOST_RATE, max(1, round(_mp4_rate(data) if is_mp4(data) else _picture_rate(data))))


def opened(data: bytes) -> InputContainer:
    """An MP4 or GIF to read from, whatever the encoding of its title and the like. Raises as `length`."""
    import av

    # From version 19 on, which Python 3.12 and later get, PyAV passes over what is no UTF-8 by itself.
    version = int(av.__version__.partition(".")[0])
    told: dict[str, Any] = {} if version >= 19 else {"metadata_errors": "ignore"}
    return av.open(io.BytesIO(data), "r", format=kind(data), **told)


def _mp4_length(data: bytes) -> int:
    with opened(data) as container:
        stream = container.streams.video[0]
        seconds = float((stream.duration or 0) * (stream.time_base or 0))
        return stream.frames or round(seconds * float(stream.average_rate or 24))


def _mp4_rate(data: bytes) -> float:
    with opened(data) as container:
        return float(container.streams.video[0].average_rate or 24)


def _picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("WEBP", "GIF"))


def _picture_rate(data: bytes) -> float:
    _picture(data)  # whose head must be whole
    told = list(_webp_times(data) if data[8:12] == b"WEBP" else _gif_times(data))
    shown = [seconds if seconds > _NEXT_TO_NOTHING else _UNSAID for seconds in told] or [_UNSAID]
    return len(shown) / sum(shown)


def _gif_times(data: bytes) -> Iterator[float]:
    """For how many seconds each frame stays."""
    with opened(data) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield float((packet.duration or 0) * (packet.time_base or 0))


def _webp_times(data: bytes) -> Iterator[float]:
    """As `_gif_times`. FFmpeg does not read them, and Pillow only as it decodes."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"ANMF":
            yield int.from_bytes(data[at + 20 : at + 23], "little") / 1000
        at += 8 + size + size % 2
