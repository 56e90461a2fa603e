"""The settings of painting from drawings and of training; importing this loads no Keras."""

from __future__ import annotations

from typing import Any, Literal

from studio.core.settings import Settings, setting
from studio.core.training import settings as shared

SHIPPED_NETWORK = "sketch"  # the network shipped with the studio
Kind = Literal["outline", "parts", "light"]
KINDS: tuple[Kind, ...] = ("outline", "parts", "light")


class SketchSettings(Settings):
    """Paints an avatar from a drawing of a face."""

    kind: Kind = setting(
        "outline",
        "What your drawing shows: only outlines (outline), parts of the face that each have one color "
        "(parts), or light and shade (light).",
        tier="main",
        label="Drawing type",
    )
    night: bool = setting(False, "Paints the avatar at night, in moonlight.", tier="main")
    seed: int = setting(
        0,
        "Random seed for the colors of the avatar; the same seed repeats them.",
        tier="main",
        ge=0,
        le=2**31 - 1,
    )
    side: int = setting(
        384,
        "Width and height of the result.",
        unit="px",
        ge=64,
        le=1024,
        step=32,
        label="Size",
    )
    network: str = setting(SHIPPED_NETWORK, "Name or folder of the network that paints the avatar.")


class TranslateSettings(Settings):
    """Translates a drawing or a photo with a network that you trained on pairs."""

    network: str = setting("", "Name or folder of a network that you trained on image pairs.", tier="main")
    side: int = setting(
        256,
        "Width and height of the result.",
        tier="main",
        unit="px",
        ge=64,
        le=1024,
        step=32,
        label="Size",
    )


Side = Literal[32, 64, 96, 128, 256]  # px


def _image_size(default: int) -> Any:
    """Declares the size of the training images."""
    text = "Side length of the square training images; raise it for more detail but slower training."
    return setting(default, text, tier="main", unit="px")


class UNetSettings(shared.TrainImageSettings):
    """The shared settings of training a U-Net and its discriminator."""

    warmup_steps = 200
    steps: int = shared.steps(20_000)
    batch: int = shared.batch(8, maximum=128)
    learning_rate: float = shared.learning_rate(0.0005, maximum=0.01)
    size: Side = _image_size(96)
    width: int = setting(
        16,
        "Number of channels in the generator's first layer; the other layers scale with it. Raise it for "
        "better results but slower training.",
        ge=4,
        le=64,
        label="Generator width",
    )
    discriminator_width: int = setting(
        24,
        "Number of channels in the discriminator's first layer; the other layers scale with it. Lower it "
        "when the discriminator's loss approaches 0.",
        ge=4,
        le=64,
        label="Discriminator width",
    )
    discriminator_rate: float = shared.discriminator_rate(0.0002)
    likeness: float = setting(
        100.0,
        "Weight of the L1 reconstruction loss; raise it for results closer to the target image.",
        gt=0,
        le=1000,
        scale="log",
        label="L1 weight",
    )
    adversarial: float = setting(
        1.0,
        "Weight of the adversarial loss; raise it for sharper images, 0 turns it off.",
        ge=0,
        le=10,
        label="Adversarial weight",
    )


class TrainSketchSettings(UNetSettings):
    """Trains a network to paint avatars from sketches of them."""

    scored: int = setting(
        0,
        "Number of held-out avatars for the final FID; raise it for a more reliable value, 0 turns FID off.",
        ge=0,
        le=5000,
        label="FID images",
    )
    held_out: float = setting(
        0.05,
        "Share of the avatars held out for testing; raise it for more reliable metrics, lower it to train "
        "on more avatars.",
        ge=0.01,
        le=0.5,
        label="Test split",
    )


class TrainTranslateSettings(UNetSettings):
    """Trains a network to turn one image into another, from pairs of your own."""

    steps: int = shared.steps(4000)
    batch: int = shared.batch(4, maximum=128)
    size: Side = _image_size(128)
    edges: bool = setting(
        False,
        "Trains on single photos instead of pairs: the input is the edges detected in a photo, the target "
        "is the photo itself.",
        tier="main",
    )
    reverse: bool = setting(
        False,
        "Trains the network to turn the second image of each pair into the first, instead of the first "
        "into the second.",
        tier="main",
    )
    mirror: bool = setting(
        True,
        "Mirrors half of the pairs at random (data augmentation); turn it off where left and right matter, "
        "as in letters and digits.",
        label="Horizontal flip",
    )
    shift: float = setting(
        0.06,
        "Largest random shift of both images of a pair (data augmentation), as a share of the image side; "
        "raise it when training on few pairs, 0 turns it off.",
        label="Random shift",
        ge=0,
        le=0.25,
        step=0.01,
    )
    held_out: float = shared.held_out(0.1)
