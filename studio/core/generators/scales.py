"""The sizes of maps, from an image to the coarsest; importing this loads no Keras."""


def halvings(size: int) -> int:
    """How often the side of an image is halved until the coarsest maps: 64 -> 4, of 4 px; 28 -> 2."""
    found = 0
    while size > 7:
        size, found = size // 2, found + 1
    return found


def coarsest(size: int) -> int:
    """The side of the coarsest maps of an image with this side: 64 -> 4, 28 -> 7."""
    return size // 2 ** halvings(size)


def seen(size: int) -> int:
    """The side at which the VGG16-feature discriminator sees an image of this side, px: 32 -> 32, 128 ->
    64.
    """
    return min(size, 64)


def pixels_seen(size: int) -> float:
    """How many it sees of such an image, in images of 64 px: 32 -> .25, 128 -> 1."""
    return (seen(size) / 64) ** 2
