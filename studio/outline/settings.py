"""The settings of painting from a drawing and of learning it; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import Settings, setting
from studio.core.training import settings as shared

SHIPPED = "outline"  # the network that comes with the studio
Kind = Literal["outline", "parts", "light"]
KINDS: tuple[Kind, ...] = ("outline", "parts", "light")


class OutlineSettings(Settings):
    """Paints an avatar from a drawing of a face."""

    kind: Kind = setting(
        "outline",
        "What is drawn: its outline, its parts in a colour each, or light and shade.",
        tier="main",
    )
    night: bool = setting(False, "Paint it by moonlight.", tier="main")
    seed: int = setting(0, "What its colours are drawn by.", tier="main", ge=0, le=2**31 - 1)
    side: int = setting(384, "A side of the picture.", unit="px", ge=64, le=1024, step=32)
    network: str = setting(SHIPPED, "The network that paints: its name, or a folder.")


class TranslateSettings(Settings):
    """Turns a drawing or a photo into another picture, as a network of your own has learnt from pairs."""

    network: str = setting("", "The network that you taught: its name, or a folder.", tier="main")
    side: int = setting(256, "A side of the picture.", tier="main", unit="px", ge=64, le=1024, step=32)


class PainterSettings(shared.TrainImageSettings):
    """What all networks share that learn to paint: their form, and how they learn."""

    warmup_steps = 200
    steps: int = shared.steps(20_000)
    batch: int = shared.batch(8, most=128)
    learning_rate: float = shared.learning_rate(0.0005, most=0.01)
    size: Literal[32, 64, 96, 128, 256] = setting(96, "A side of the pictures.", tier="main", unit="px")
    width: int = setting(16, "Channels of the finest maps: more paint better, and take longer.", ge=4, le=64)
    judge_width: int = setting(
        24, "The same of the network that judges.", ge=4, le=64, label="Discriminator width"
    )
    judge_rate: float = setting(
        0.0002,
        "The same for the network that judges.",
        gt=0,
        le=0.01,
        scale="log",
        label="Discriminator learning rate",
    )
    likeness: float = setting(
        100.0, "How much it counts that each pixel is near the true one.", gt=0, le=1000, scale="log"
    )
    judged: float = setting(
        1.0, "How much it counts that the judge takes what it paints for true; 0 for none.", ge=0, le=10
    )


class TrainOutlineSettings(PainterSettings):
    """Teaches a network to paint avatars from sketches of them."""

    scored: int = setting(
        0, "Held-out avatars that FID is measured on at the end; 0 for none.", ge=0, le=5000
    )
    held_out: float = setting(0.05, "The share of the avatars that it is tested on.", ge=0.01, le=0.5)


class TrainTranslateSettings(PainterSettings):
    """Teaches a network to turn one picture into another, from pairs of your own."""

    steps: int = shared.steps(4000)
    batch: int = shared.batch(4, most=128)
    size: Literal[32, 64, 96, 128, 256] = setting(128, "A side of the pictures.", tier="main", unit="px")
    edges: bool = setting(
        False, "Learn from photos alone: the first of each pair is the photo's edges.", tier="main"
    )
    reverse: bool = setting(False, "Learn to turn the second of each pair into the first.", tier="main")
    mirror: bool = setting(True, "Mirror half of the pairs, each time anew.")
    shift: float = setting(0.06, "How far pairs are moved, as a share of the side.", ge=0, le=0.25, step=0.01)
    held_out: float = shared.held_out(0.1)
