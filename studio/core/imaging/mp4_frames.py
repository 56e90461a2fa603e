"""Decodes the frames of an MP4 as players show them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.imaging import video_codecs, video_facts, video_limits

if TYPE_CHECKING:
    import av

_CODECS = ("h264", "hevc", "mpeg4")  # phones record HEVC
_HDR_TRANSFERS = (16, 18)  # FFmpeg's numbers of SMPTE ST 2084 (PQ) and ARIB STD-B67 (HLG)
_MAX_STRETCH = 4  # largest pixel aspect ratio; DVDs and camcorders have less than 2


def decode(data: bytes, first: int = 0) -> Iterator[np.ndarray]:
    """Decodes an MP4 frame by frame, from the frame number `first` on.

    It applies the display matrix, because phones record sideways, and scales frames to square pixels, because
    DVDs and some camcorders store narrower ones.

    Yields:
        `(H, W, 3) uint8`

    Raises:
        ValueError: if it has another codec than H.264, HEVC or MPEG-4, or too large frames.
        Exception: almost any, if the file is damaged.
    """
    with video_facts.open_container(data) as container:
        stream = video_facts.get_video_stream(container)
        if stream.codec_context.name not in _CODECS:
            raise ValueError("a video of another codec than H.264, HEVC or MPEG-4")
        video_limits.check_size(stream.width, stream.height)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        # Earlier frames are decoded but not converted, which takes longer.
        for image in islice(container.decode(stream), first, None):
            video_limits.check_size(image.width, image.height)
            yield _to_upright_pixels(image, aspect)


def is_hdr(data: bytes) -> bool:
    """Returns whether a video is an MP4 with the transfer function PQ or HLG; `decode` does not convert them.

    Raises:
        Exception: almost any, if the file is damaged.
    """
    if not video_facts.is_mp4(data):
        return False
    with video_facts.open_container(data) as container:
        return int(video_facts.get_video_stream(container).codec_context.color_trc) in _HDR_TRANSFERS


def _to_upright_pixels(image: av.VideoFrame, aspect: Fraction) -> np.ndarray:
    """Converts a frame to upright, square pixels; `aspect` is the width to height ratio of a stored pixel."""
    height, width = image.height, image.width
    if 1 < aspect <= _MAX_STRETCH:
        width = round(width * aspect)
    elif Fraction(1, _MAX_STRETCH) <= aspect < 1:
        height = round(height / aspect)
    video_limits.check_size(width, height)
    interpolation = video_codecs.interpolation_flags()
    pixels = image.reformat(width, height, format="rgb24", interpolation=interpolation).to_ndarray()
    return np.ascontiguousarray(_apply_display_matrix(pixels, image))


def _apply_display_matrix(pixels: np.ndarray, image: av.VideoFrame) -> np.ndarray:
    """Applies the display matrix of a frame, which maps a point (x, y) to (ax + cy, bx + dy)."""
    if "DISPLAYMATRIX" not in image.side_data:
        return pixels
    matrix: Any = image.side_data["DISPLAYMATRIX"]  # type: ignore[typeddict-item]
    a, b, _, c, d = np.frombuffer(matrix, "int32")[:5].tolist()
    if abs(b) > abs(a):  # x and y change places
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
