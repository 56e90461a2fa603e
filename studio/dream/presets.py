"""The presets of dreams, named for what appears in the image."""

from __future__ import annotations

from typing import NamedTuple


class DreamPreset(NamedTuple):
    """A preset: layers to maximize, in the syntax of the setting, and a short description of the result."""

    layers: tuple[str, ...]
    description: str


DREAM_PRESETS = {
    "dogs": DreamPreset(("block4_conv3",), "dog heads and scaly beasts with many eyes"),
    "eyes": DreamPreset(("block4_conv1",), "round, staring eyes everywhere"),
    "palaces": DreamPreset(("block5_conv2",), "pagodas, arches and trees under woolly skies"),
    "birds": DreamPreset(("block5_conv3",), "feathers, beaks and lizards that melt into each other"),
    "swirls": DreamPreset(("block3_conv3",), "ribbons of paint that curl into rings"),
    "spirals": DreamPreset(("mixed3",), "coiled shells with an eye in the middle"),
    "fur": DreamPreset(("mixed4",), "waves of fur with small faces looking out"),
    "fans": DreamPreset(("mixed5",), "fans, dahlias and folded cloth"),
    "tubes": DreamPreset(("conv3_block4_out",), "striped snakes and pipes"),
    "machines": DreamPreset(("conv4_block6_out",), "lenses, barrels and brass"),
    "carvings": DreamPreset(("conv2_block3_out",), "glowing edges, as if cut in wood"),
}

# Layers of a backbone that lacks the chosen preset.
DEFAULT_LAYERS = {"vgg16": ("block5_conv1",), "resnet50": ("conv4_block6_out",), "inceptionv3": ("mixed4",)}
