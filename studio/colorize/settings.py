"""The settings of colorizing and of training; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.masks import settings as mask_settings
from studio.core.settings import Settings, setting
from studio.core.training import settings as shared

SHIPPED_NETWORK = "colorize"  # the network shipped with the studio
QUICK_NETWORK = "colorize-quick"  # the smaller one, which needs no download
VIVIDNESS = 0.5
Backbone = Literal["none", "efficientnet-lite0"]
NO_BACKBONE = "none"


class ColorizeSettings(Settings):
    """Gives a gray photo plausible colors; the true ones are lost."""

    vividness: float = setting(
        VIVIDNESS,
        "Saturation of the colors; raise it for bolder but less reliable colors, lower it for paler but "
        "safer ones.",
        tier="main",
        ge=0,
        le=1,
        step=0.05,
    )
    variant: int = setting(
        0,
        "Which of several possible colorings to show: 0 is the most probable, each higher number is another "
        "alternative.",
        tier="main",
        ge=0,
        le=999,
    )
    likeness: float = setting(
        0.5,
        "Weight of the example photos when colors are chosen; raise it to follow their colors more closely, "
        "0 ignores the examples.",
        ge=0,
        le=1,
        step=0.05,
        label="Example weight",
    )
    recolor: bool = setting(
        False,
        "Replaces the colors of a photo that already has some; when this is turned off, such a photo is "
        "rejected.",
        tier="main",
    )
    mask: mask_settings.Selections = mask_settings.selections()
    mask_feather: float = mask_settings.feather()
    mask_invert: bool = mask_settings.invert()
    network: str = setting(SHIPPED_NETWORK, "Name or folder of the network that colorizes.", tier="hidden")


class TrainColorizeSettings(shared.TrainImageSettings):
    """Trains a network to colorize photos like those of a folder."""

    warmup_steps = 200
    steps: int = shared.steps(10_000)
    batch: int = shared.batch(16, maximum=256)
    held_out: float = shared.held_out(0.03)
    photo_size: int = shared.photo_size(96, maximum=256)
    window: int = shared.crop_size(80, maximum=256)
    backbone: Backbone = setting(
        NO_BACKBONE,
        "Pretrained network whose features a decoder turns into colors, which brings them closer to the true "
        "ones; it is downloaded once. none trains a small network from scratch.",
        label="Backbone",
    )
    width: int = setting(
        32,
        "Number of channels in the first layer; the other layers scale with it. Raise it for better colors "
        "but slower training.",
        ge=4,
        le=64,
        step=4,
    )
    rebalance: float = setting(
        0.5,
        "Extra weight given to rare colors in the loss; raise it for bolder colors. 0 treats all colors "
        "equally, 1 is full class rebalancing.",
        ge=0,
        le=1,
        step=0.1,
        label="Class rebalancing",
    )
    hinted: float = setting(
        0.5,
        "Probability that a training crop gets small spots of the true colors as extra input. Colorize "
        "spreads color hints without the network, so 0 loses nothing.",
        ge=0,
        le=1,
        label="Color hint probability",
    )
