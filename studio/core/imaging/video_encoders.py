"""How frames become the images of an MP4, WebP or GIF, and what each of these kinds needs to be whole."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from PIL import Image

from studio.core.imaging import transparency
from studio.core.imaging.video_limits import MOST_FRAMES

if TYPE_CHECKING:
    import av

_Codec = Literal["libx264", "libopenh264", "mpeg4", "libwebp_anim", "gif"]
VideoKind = Literal["mp4", "webp", "gif"]
KINDS: tuple[str, ...] = get_args(VideoKind)
LEAST_GIF_DELAY = 2  # hundredths of a second; browsers slow a GIF down to a tenth if it asks for less

_BT709 = 1  # what players take for granted in a video; the number is FFmpeg's
_LIMITED = 1  # levels from 16 to 235, likewise
_MPEG4: tuple[_Codec, ...] = ("libx264", "libopenh264", "mpeg4")  # the first that this build of FFmpeg has
_PALETTE_SIDE = 128  # px; a palette found in so small a copy is as good, and quick
_OPAQUE = 128  # the alpha from which a pixel of a GIF is shown
_WEBP_ALPHA = 0x10  # of the flags in the header
_GIF_IMAGE, _GIF_CONTROL, _GIF_END = 0x2C, 0xF9, 0x3B
_GIF_DISPOSAL, _GIF_CLEARED, _GIF_HAS_CLEAR = 0b11100, 2 << 2, 1
_GIF_CLEAR = 255  # the color of what is transparent


def encoder(kind: VideoKind, plays: int, transparent: bool) -> tuple[_Codec, dict[str, str], dict[str, str]]:
    """The codec of an animation, its options, and those of the container.

    Args:
        kind: of the animation.
        plays: how often it plays; 0 is without end. An MP4 cannot say it.
        transparent: whether frames may be. Each of a GIF is then whole: FFmpeg's differences forget holes.
    """
    import av

    if kind == "gif":  # counts the repetitions after the first time; -1 is none
        loop = plays - 1 if plays > 1 else -plays
        return "gif", {"gifflags": "0"} if transparent else {}, {"loop": str(loop)}
    if kind == "webp":
        return "libwebp_anim", {"quality": "85"}, {"loop": str(plays)}
    codec = next(name for name in _MPEG4 if name in av.codecs_available)
    # Without the last word its quick code reads memory that it never wrote: now and then the bytes differ.
    exact = {"crf": "17", "rc-lookahead": "12", "x264-params": "cpu-independent=1"}
    quality = exact if codec == "libx264" else {"b": "20M"}
    # The index goes to the front, so that a video starts to play before it is there as a whole.
    return codec, quality, {"moov_size": str(16_384 + 32 * MOST_FRAMES)}


def set_colors(context: av.VideoCodecContext) -> None:
    """Makes an MP4 say how its colors are meant, and come out the same each time."""
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED
    context.thread_count = 1  # several share the work by chance: the bytes would differ each time


def pixel_format(kind: VideoKind, transparent: bool) -> str:
    """What the codec of a kind takes; an MP4 has no transparency."""
    if kind == "gif":
        return "pal8"
    return "bgra" if kind == "webp" and transparent else "yuv420p"


def image_of(kind: VideoKind, frame: np.ndarray) -> av.VideoFrame:
    """A frame, `(H, W, 3 or 4) uint8`, as the codec of a kind takes it; an MP4 shows white behind it."""
    if kind == "gif":
        return _gif_image(frame)
    if kind == "webp":
        return _with_alpha(frame) if frame.shape[2] == 4 else _yuv(frame)
    height, width = (side - side % 2 for side in frame.shape[:2])
    return _yuv(transparency.opaque(frame)[:height, :width], dst_colorspace=_BT709, dst_color_range=_LIMITED)


def _with_alpha(frame: np.ndarray) -> av.VideoFrame:
    """What libwebp itself converts: it keeps the colors of transparent pixels out of their neighbors."""
    import av

    return av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[..., [2, 1, 0, 3]]), format="bgra")


def _yuv(frame: np.ndarray, **colors: int) -> av.VideoFrame:
    import av

    image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    return image.reformat(format="yuv420p", interpolation=exactly(), **colors)


def exactly() -> int:
    """How colors are converted: as usual, but rounded, where the quick way cuts off and darkens."""
    from av.video.reformatter import Interpolation

    return Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def _gif_image(frame: np.ndarray) -> av.VideoFrame:
    """An image of 256 colors of its own, its errors spread to its neighbors.

    One of the colors is for what is transparent, if anything is.
    """
    import av

    clear = frame[..., 3] < _OPAQUE if frame.shape[2] == 4 else None
    image = Image.fromarray(np.ascontiguousarray(frame[..., :3]))
    small = image.copy()
    small.thumbnail((_PALETTE_SIDE, _PALETTE_SIDE))
    usual = small.quantize(256 if clear is None else 255, Image.Quantize.MEDIANCUT)
    indices = np.asarray(image.quantize(palette=usual, dither=Image.Dither.FLOYDSTEINBERG))
    found = np.asarray(usual.getpalette("RGB"), "uint8").reshape(-1, 3)
    palette = np.zeros((256, 4), "uint8")
    palette[:, 0] = 255
    palette[: len(found), 1:] = found
    if clear is not None:
        indices, palette[_GIF_CLEAR] = np.where(clear, _GIF_CLEAR, indices).astype("uint8"), 0
    # PyAV's own hints forget that an image of this format comes with its palette.
    return av.VideoFrame.from_ndarray((indices, palette), format="pal8")  # type: ignore[arg-type]


def completed_gif(data: bytes, last: Fraction, transparent: bool) -> bytes:
    """A GIF that says what FFmpeg does not know of it.

    Args:
        data: of an animation.
        last: seconds that its last frame stays.
        transparent: whether frames may be. Each is then cleared before the next, for it may have holes.
    """
    changed, place = bytearray(data), 0
    for place in _gif_controls(data):
        if transparent:
            changed[place] = changed[place] & ~_GIF_DISPOSAL | _GIF_CLEARED | _GIF_HAS_CLEAR
            changed[place + 3] = _GIF_CLEAR  # also of opaque frames: readers clear to a color without it
    if place:
        delay = min(max(round(100 * last), LEAST_GIF_DELAY), 65535)
        changed[place + 1 : place + 3] = delay.to_bytes(2, "little")
    return bytes(changed)


def _gif_controls(data: bytes) -> Iterator[int]:
    """Where the graphic control of each frame lies: its flags, then its delay (GIF89a, 23)."""
    at = 13 + _gif_table(data[10])
    while data[at] != _GIF_END:
        if data[at] == _GIF_IMAGE:
            at += 11 + _gif_table(data[at + 9])
        else:
            if data[at + 1] == _GIF_CONTROL:
                yield at + 3
            at += 2
        while data[at]:  # blocks that say their size
            at += data[at] + 1
        at += 1


def _gif_table(flags: int) -> int:
    """The bytes of a color table that flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def completed_webp(data: bytes, seconds: Fraction, transparent: bool) -> bytes:
    """A WebP that says what libwebp does not know of it.

    Args:
        data: of an animation.
        seconds: that it plays once.
        transparent: whether any frame is. libwebp forgets it if all that each frame changes is opaque.
    """
    changed, at, before, last = bytearray(data), 12, 0, 0
    while at + 24 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"VP8X" and transparent:
            changed[at + 8] |= _WEBP_ALPHA
        elif data[at : at + 4] == b"ANMF":
            if last:
                before += int.from_bytes(data[last + 20 : last + 23], "little")
            last = at
        at += 8 + size + size % 2
    if last:
        left = min(max(round(seconds * 1000) - before, 1), 2**24 - 1)
        changed[last + 20 : last + 23] = left.to_bytes(3, "little")
    return bytes(changed)
