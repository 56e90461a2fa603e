"""How large a film may be that the studio reads or makes."""

MOST_FRAMES = 600
MOST_PIXELS = 4096 * 4096  # of one frame
MOST_BYTES = 2**30
MOST_FPS = 60  # frames a second
