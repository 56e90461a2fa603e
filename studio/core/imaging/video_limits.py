"""Size limits of videos that the studio reads or makes."""

MOST_FRAMES = 600
MOST_PIXELS = 4096 * 4096  # pixels of a frame
MOST_BYTES = 2**30
MOST_FPS = 60  # frames per second
# Frames times pixels of an uploaded video. Decoding a pixel takes about 30 ns for WebP and GIF, 5 to 10 ns
# for MP4.
MOST_WEBP_GIF_PIXELS = 2**28
MOST_MP4_PIXELS = 600 * 1920 * 1080


def check_size(width: int, height: int) -> None:
    """Raises `ValueError` if a frame has more than MOST_PIXELS."""
    if width * height > MOST_PIXELS:
        raise ValueError(f"frames of {width} x {height} px, more than 4096 x 4096")
