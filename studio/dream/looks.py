"""The looks: what grows in a picture, named for what a person sees, as plain data."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """One look: the layers that it climbs, as a person would write them, and what it shows in a few words."""

    layers: tuple[str, ...]
    what: str


LOOKS = {
    "eyes": Look(("block4_conv3",), "eyes and furry heads everywhere"),
    "beasts": Look(("block5_conv3",), "birds, dogs and lizards that melt into each other"),
}

# What a backbone dreams of when a person chooses it without a look of its own.
USUAL = {"vgg16": ("block5_conv1",), "resnet50": ("conv4_block6_out",), "inceptionv3": ("mixed4",)}
