"""Sizes of feature maps, from the image to the coarsest. Does not import Keras."""


def count_halvings(size: int) -> int:
    """Returns how often the side of an image is halved until the coarsest maps: 64 -> 4 (4 px), 28 -> 2."""
    return max(0, size.bit_length() - 3)  # until it has three bits, that is at most 7 px


def coarsest_side(size: int) -> int:
    """Returns the side of the coarsest maps of an image in px: 64 -> 4, 28 -> 7."""
    return size // 2 ** count_halvings(size)


def vgg16_side(size: int) -> int:
    """Returns the side in px of the input of VGG16 for an image of this side: 32 -> 32, 128 -> 64."""
    return min(size, 64)


def vgg16_pixel_share(size: int) -> float:
    """Returns the pixels of that input relative to 64 x 64: 32 -> 0.25, 128 -> 1."""
    return (vgg16_side(size) / 64) ** 2
