"""How large a video may be that the studio reads or makes."""

MOST_FRAMES = 600
MOST_PIXELS = 4096 * 4096  # of one frame
MOST_BYTES = 2**30
MOST_FPS = 60  # frames per second
# Frames times pixels of a video that a user brings, by what its decoder takes for one: of a WebP or GIF
# about 30 ns, of an MP4 5 to 10 ns.
MOST_DRAWN = 2**28
MOST_RECORDED = 600 * 1920 * 1080


def check_size(width: int, height: int) -> None:
    """Raises ValueError if a frame has more pixels than the studio reads or makes."""
    if width * height > MOST_PIXELS:
        raise ValueError(f"frames of {width} x {height} px, more than 4096 x 4096")
