"""Encoder settings and pixel conversion of MP4, WebP and GIF, and corrections of FFmpeg's output."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from PIL import Image

from studio.core.imaging import gif_blocks, transparency, webp_chunks
from studio.core.imaging.video_limits import MAX_FRAMES

if TYPE_CHECKING:
    import av

_Codec = Literal["libx264", "libopenh264", "mpeg4", "libwebp_anim", "gif"]
VideoKind = Literal["mp4", "webp", "gif"]
KINDS: tuple[str, ...] = get_args(VideoKind)
# Hundredths of a second. Browsers show frames with a shorter delay for a tenth of a second.
MIN_GIF_DELAY = 2

_BT709 = 1  # FFmpeg's number of the color space that players assume
_LIMITED = 1  # FFmpeg's number of the range 16 to 235
_MPEG4: tuple[_Codec, ...] = ("libx264", "libopenh264", "mpeg4")  # in order of preference
_PALETTE_SIDE = 128  # px; a palette of a small copy is as good, and faster
_MIN_OPAQUE_ALPHA = 128  # least alpha of an opaque pixel of a GIF
_WEBP_FLAGS, _WEBP_ALPHA = 20, 0x10  # offset of the flags of a chunk VP8X, and one of them
_GIF_CONTROL = 0xF9  # label of an extension
_GIF_DISPOSAL, _GIF_CLEARED, _GIF_HAS_CLEAR = 0b11100, 2 << 2, 1
_GIF_CLEAR = 0  # index of the transparent color: FFmpeg shortens palettes at the other end


def choose_encoder(
    kind: VideoKind, plays: int, transparent: bool
) -> tuple[_Codec, dict[str, str], dict[str, str]]:
    """Chooses the codec of an animation, its options, and those of the container.

    Args:
        kind: format of the animation.
        plays: how often it plays; 0 loops forever. MP4 does not support it.
        transparent: whether frames may have transparency. A GIF then has full frames, because FFmpeg's
            differences between frames lose it.
    """
    import av

    if kind == "gif":  # FFmpeg counts repetitions after the first time; -1 means none
        loop = plays - 1 if plays > 1 else -plays
        return "gif", {"gifflags": "0"} if transparent else {}, {"loop": str(loop)}
    if kind == "webp":
        return "libwebp_anim", {"quality": "85"}, {"loop": str(plays)}
    codec = next(name for name in _MPEG4 if name in av.codecs_available)
    # cpu-independent: x264's fast code reads uninitialized memory, so that bytes would sometimes differ.
    x264_options = {"crf": "17", "rc-lookahead": "12", "x264-params": "cpu-independent=1"}
    quality = x264_options if codec == "libx264" else {"b": "20M"}
    # moov_size reserves space for the index at the front, so that playback starts before the download ends.
    return codec, quality, {"moov_size": str(16_384 + 32 * MAX_FRAMES)}


def set_colors(context: av.VideoCodecContext) -> None:
    """Sets the color space of an MP4, and makes its encoding deterministic."""
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED
    context.thread_count = 1  # several threads would make the bytes differ each time


def choose_pixel_format(kind: VideoKind, transparent: bool) -> str:
    """Returns the pixel format of a kind; MP4 has no transparency."""
    if kind == "gif":
        return "pal8"
    return "bgra" if kind == "webp" and transparent else "yuv420p"


def to_video_frame(kind: VideoKind, frame: np.ndarray) -> av.VideoFrame:
    """Converts a frame, `(H, W, 3 or 4) uint8`, to the input of a codec. MP4 frames are put over white."""
    if kind == "gif":
        return _to_gif_frame(frame)
    if kind == "webp":
        return _to_bgra(frame) if frame.shape[2] == 4 else _to_yuv(frame)
    height, width = (side - side % 2 for side in frame.shape[:2])
    return _to_yuv(
        transparency.composite_over_white(frame)[:height, :width],
        dst_colorspace=_BT709,
        dst_color_range=_LIMITED,
    )


def _to_bgra(frame: np.ndarray) -> av.VideoFrame:
    """Converts a frame to BGRA; libwebp converts it without mixing in colors of transparent pixels."""
    import av

    return av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[..., [2, 1, 0, 3]]), format="bgra")


def _to_yuv(frame: np.ndarray, **colors: int) -> av.VideoFrame:
    import av

    image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    return image.reformat(format="yuv420p", interpolation=interpolation_flags(), **colors)


def interpolation_flags() -> int:
    """Returns the flags of color conversion: bicubic with rounding, because FFmpeg's default darkens."""
    from av.video.reformatter import Interpolation

    return Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def _to_gif_frame(frame: np.ndarray) -> av.VideoFrame:
    """Converts a frame to its own palette of 256 colors with dithering.

    If the frame has transparency, one color is for transparent pixels.
    """
    import av

    is_clear = frame[..., 3] < _MIN_OPAQUE_ALPHA if frame.shape[2] == 4 else None
    image = Image.fromarray(np.ascontiguousarray(frame[..., :3]))
    small = image.copy()
    small.thumbnail((_PALETTE_SIDE, _PALETTE_SIDE))
    quantized = small.quantize(256 if is_clear is None else 255, Image.Quantize.MEDIANCUT)
    indices = np.asarray(image.quantize(palette=quantized, dither=Image.Dither.FLOYDSTEINBERG))
    colors = np.asarray(quantized.getpalette("RGB"), "uint8").reshape(-1, 3)
    # FFmpeg shortens a palette to its distinct entries. Make them distinct, so that it moves no index.
    colors, new_indices = np.unique(colors, axis=0, return_inverse=True)
    indices = new_indices.reshape(-1)[indices]
    if is_clear is not None:
        indices, colors = np.where(is_clear, _GIF_CLEAR, indices + 1), np.pad(colors, ((1, 0), (0, 0)))
    palette = np.zeros((256, 4), "uint8")
    palette[0 if is_clear is None else 1 :, 0] = 255
    palette[: len(colors), 1:] = colors
    indices = indices.astype("uint8")
    # PyAV's type hints lack the palette of this format.
    return av.VideoFrame.from_ndarray((indices, palette), format="pal8")  # type: ignore[arg-type]


def fix_gif(data: bytes, last: Fraction, transparent: bool) -> bytes:
    """Sets values of a GIF that FFmpeg leaves out.

    Args:
        data: bytes of the GIF.
        last: duration of its last frame in seconds.
        transparent: whether frames may have transparency. Each frame is then cleared before the next.
    """
    output, offset = bytearray(data), 0
    for offset in _find_gif_controls(data):
        if transparent:
            output[offset] = output[offset] & ~_GIF_DISPOSAL | _GIF_CLEARED | _GIF_HAS_CLEAR
            output[offset + 3] = _GIF_CLEAR  # for opaque frames, too: without it readers clear to a color
    if offset:
        delay = min(max(round(100 * last), MIN_GIF_DELAY), 65535)
        output[offset + 1 : offset + 3] = delay.to_bytes(2, "little")
    return bytes(output)


def _find_gif_controls(data: bytes) -> Iterator[int]:
    """Yields the offset of the flags of each frame's graphic control; the delay follows (GIF89a, 23)."""
    for offset in gif_blocks.list_offsets(data):
        if data[offset] == gif_blocks.EXTENSION and data[offset + 1] == _GIF_CONTROL:
            yield offset + 3


def fix_webp(data: bytes, seconds: Fraction, transparent: bool) -> bytes:
    """Sets values of a WebP that libwebp leaves out.

    Args:
        data: bytes of the WebP.
        seconds: duration of one loop.
        transparent: whether frames may have transparency. libwebp omits the flag if all changed pixels are
            opaque.
    """
    output = bytearray(data)
    if transparent and data[12:16] == b"VP8X":
        output[_WEBP_FLAGS] |= _WEBP_ALPHA
    if places := list(webp_chunks.find_durations(data)):
        elapsed = sum(int.from_bytes(data[place], "little") for place in places[:-1])
        remaining = min(max(round(seconds * 1000) - elapsed, 1), 2**24 - 1)
        output[places[-1]] = remaining.to_bytes(3, "little")
    return bytes(output)
