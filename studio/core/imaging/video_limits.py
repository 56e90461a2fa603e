"""Size limits of videos that the studio reads or makes."""

MAX_FRAMES = 600
MAX_PIXELS = 4096 * 4096  # pixels of a frame
MAX_BYTES = 2**30
MAX_FPS = 60  # frames per second
# Frames times pixels of an uploaded video. Decoding a pixel takes about 30 ns for WebP and GIF, 5 to 10 ns
# for MP4.
MAX_WEBP_GIF_PIXELS = 2**28
MAX_MP4_PIXELS = 600 * 1920 * 1080


def check_size(width: int, height: int) -> None:
    """Raises `ValueError` if a frame has more than MAX_PIXELS."""
    if width * height > MAX_PIXELS:
        raise ValueError(f"frames of {width} x {height} px, more than 4096 x 4096")
