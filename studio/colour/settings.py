"""The settings of colouring and of learning it; importing this loads no Keras."""

from __future__ import annotations

from studio.core.settings import Settings, setting
from studio.core.training import settings as shared

SHIPPED = "colours"  # the network that comes with the studio
VIVIDNESS = 0.4


class ColourSettings(Settings):
    """Gives a grey photo colours that it may have had; not the true ones, which are lost."""

    vividness: float = setting(
        VIVIDNESS,
        "How vivid: low is pale and cautious, high is bold and sometimes wrong.",
        tier="main",
        ge=0,
        le=1,
        step=0.05,
    )
    variant: int = setting(
        0, "Which colouring: 0 is the likeliest, each other number is another one.", tier="main", ge=0, le=999
    )
    likeness: float = setting(
        0.5,
        "How closely the colours follow those of the example photos, if there are any.",
        ge=0,
        le=1,
        step=0.05,
    )
    recolour: bool = setting(
        False, "Colour a photo anew that already has colours, as if it were grey.", tier="main"
    )
    network: str = setting(SHIPPED, "The network that colours: its name, or a folder.", tier="hidden")


class TrainColourSettings(shared.TrainImageSettings):
    """Teaches a network the colours of photos like those of a folder."""

    warmup_steps = 200
    steps: int = shared.steps(10_000)
    batch: int = shared.batch(16, most=256)
    held_out: float = shared.held_out(0.03)
    photo_size: int = setting(
        96, "A side of the photos that it practises on.", tier="main", unit="px", ge=48, le=256, step=16
    )
    window: int = setting(
        80, "A side of the part of a photo that it is shown at once.", unit="px", ge=32, le=256, step=16
    )
    width: int = setting(32, "Channels: more know more, and take longer.", ge=4, le=64, step=4)
    rebalance: float = setting(
        0.5,
        "How much more rare colours count than common ones: 0 not at all, 1 as in the paper, which is bold.",
        ge=0,
        le=1,
        step=0.1,
    )
    hinted: float = setting(
        0.5, "The share of photos of which it is told a few colours, as by dabs of a brush.", ge=0, le=1
    )
