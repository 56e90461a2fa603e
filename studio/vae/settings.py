"""The settings of training a variational autoencoder; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision


class TrainVaeSettings(shared.TrainImageSettings):
    """Trains two networks together: one writes a picture down in a few numbers, one draws it again."""

    warmup_steps = 200
    batch: int = shared.batch(64, least=2)
    held_out: float = shared.held_out(0.1)
    width: int = setting(
        48, "Channels of the finest layer: more draws better, and takes longer.", tier="main", ge=4, le=256
    )
    size: Literal[28, 32, 64, 128] = setting(64, "A side of the pictures.", tier="main", unit="px")
    colors: Literal["color", "gray"] = setting("color", "Pictures in colour, or in shades of gray.")
    latent_dim: int = setting(
        128, "How many numbers a picture is written down in.", ge=2, le=512, scale="log"
    )
    beta: float = setting(
        1.0,
        "How strongly the numbers are held to a normal distribution: less redraws better, more draws better.",
        ge=0.001,
        le=100,
        scale="log",
    )
    warm_up: float = setting(
        0.1, "The share of the steps over which beta grows from 0.", ge=0, le=1, step=0.05
    )
    free_bits: float = setting(
        0.0, "What each number may tell of a picture without a charge.", unit="nats", ge=0, le=10
    )
    likelihood: Literal["normal", "laplace", "bernoulli", "binary"] = setting(
        "normal",
        "How a miss counts: by squares, amounts, as shades of gray, or as black and white drawn from them.",
    )
    perceptual: float = setting(
        0.0,
        "The share of what is missed that VGG16 sees, not pixels: sharper, and takes longer.",
        ge=0,
        le=1,
        step=0.05,
    )
    adversarial: float = setting(
        0.0,
        "The share of what is missed that a judge sees, which learns to tell drawn pictures from real ones: "
        "sharper.",
        ge=0,
        le=0.95,
        step=0.05,
    )
    perceptual_judge: float = setting(
        0.0,
        "How much a second judge counts beside the first, which sees what VGG16 sees; 0: there is none.",
        ge=0,
        le=10,
        label="VGG16-feature discriminator",
    )
    flip: bool = setting(True, "Whether it sees pictures mirrored, too; not for letters or digits.")
    scored: int = setting(
        1000, "Pictures that it is measured on at the end; 0: not at all.", ge=0, le=50_000, scale="log"
    )
    precision: Precision = setting("float32", HELP)

    @property
    def channels(self) -> int:
        """Of a picture: 3, or 1 in shades of gray."""
        return 3 if self.colors == "color" else 1
