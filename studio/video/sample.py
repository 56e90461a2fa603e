"""A sample video: a slow pan across a sample photo."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io, sample_photos, video_encoder

PHOTO = "rocket"
FRAMES, FPS = 24, 8
HEIGHT, WIDTH = 288, 384  # px


def draw() -> bytes:
    """Returns the video, an MP4 of FRAMES frames; always the same bytes."""
    photo = image_io.fit(sample_photos.read_photo(PHOTO), WIDTH + 96)
    height, width = photo.shape[:2]
    frames = []
    for position in np.linspace(0.0, 1.0, FRAMES):
        top, left = round(position * max(0, height - HEIGHT)), round(position * (width - WIDTH))
        frames.append(photo[top : top + HEIGHT, left : left + WIDTH])
    return video_encoder.encode(frames, "mp4", FPS)
