"""The looks: what grows in an image, named for what a user sees, as plain data."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """One look: the layers that it climbs, as a user would write them, and what it shows in a few words."""

    layers: tuple[str, ...]
    what: str


LOOKS = {
    "dogs": Look(("block4_conv3",), "dog heads and scaly beasts with many eyes"),
    "eyes": Look(("block4_conv1",), "round, staring eyes everywhere"),
    "palaces": Look(("block5_conv2",), "pagodas, arches and trees under woolly skies"),
    "birds": Look(("block5_conv3",), "feathers, beaks and lizards that melt into each other"),
    "swirls": Look(("block3_conv3",), "ribbons of paint that curl into rings"),
    "spirals": Look(("mixed3",), "coiled shells with an eye in the middle"),
    "fur": Look(("mixed4",), "waves of fur with small faces looking out"),
    "fans": Look(("mixed5",), "fans, dahlias and folded cloth"),
    "tubes": Look(("conv3_block4_out",), "striped snakes and pipes"),
    "machines": Look(("conv4_block6_out",), "lenses, barrels and brass"),
    "carvings": Look(("conv2_block3_out",), "glowing edges, as if cut in wood"),
}

# What a backbone dreams of when a user chooses it without a look of its own.
USUAL = {"vgg16": ("block5_conv1",), "resnet50": ("conv4_block6_out",), "inceptionv3": ("mixed4",)}
