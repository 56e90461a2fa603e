"""The settings of training a DCGAN; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

LEAST_WIDTH = 4  # of both networks


class TrainDcganSettings(shared.TrainImageSettings):
    """Trains two networks against each other: one draws, the other tells drawn pictures from real ones."""

    warmup_steps = 0
    batch: int = shared.batch(64, least=2)
    learning_rate: float = shared.learning_rate(0.0002, most=0.01)
    ema_steps: int = shared.ema_steps(1000)
    test_every: int = shared.test_every(1000)
    held_out: float = shared.held_out(0.1)
    width: int = setting(
        40,
        "Channels of the finest layer: more draws better, and takes longer.",
        tier="main",
        ge=LEAST_WIDTH,
        le=256,
    )
    judge_width: int = setting(
        32,
        "The same of the network that judges; a weaker judge leaves more to learn.",
        ge=LEAST_WIDTH,
        le=256,
        label="Discriminator width",
    )
    size: Literal[28, 32, 64, 128] = setting(64, "A side of the pictures.", tier="main", unit="px")
    colors: Literal["color", "gray"] = setting("color", "Pictures in colour, or in shades of gray.")
    modulated: bool = setting(True, "Whether the numbers also set each channel's gain at every size.")
    blocks: int = setting(
        0, "Residual blocks at each size of the network that draws: finer, and takes longer.", ge=0, le=4
    )
    palette: int = setting(
        0, "Colours that each picture is mixed of, place by place, for flat drawings; 0: any.", ge=0, le=64
    )
    bilateral: float = setting(
        0.0,
        "For flat drawings: a last filter evens out neighbours that differ by about so much; 0: none.",
        unit="levels of 255",
        ge=0,
        le=64,
        label="Bilateral filter",
    )
    latent_dim: int = setting(100, "How many numbers a picture is drawn from.", ge=2, le=512, scale="log")
    loss: Literal["logistic", "relativistic"] = setting(
        "logistic",
        "What the judge learns: to tell each picture, or which of two is real (with a gradient penalty).",
    )
    perceptual_judge: float = setting(
        0.0,
        "Weight of a second discriminator, on VGG16's features: better sooner, and favored by FID; 0: none.",
        ge=0,
        le=10,
        label="VGG16-feature discriminator",
    )
    judge_rate: float = setting(
        0.0002,
        "The same for the network that judges.",
        gt=0,
        le=0.01,
        scale="log",
        label="Discriminator learning rate",
    )
    rate_end: float = setting(
        1.0,
        "The share of both rates that is left in the end; they fall along a cosine.",
        ge=0,
        le=1,
        step=0.05,
    )
    dropout: float = setting(
        0.3, "Share of what the judge has found that is left out at random.", ge=0, le=0.9, step=0.05
    )
    shift: int = setting(6, "How far the judge sees pictures moved about.", unit="px", ge=0, le=32)
    flip: bool = setting(True, "Whether the judge sees pictures mirrored; not for letters or digits.")
    cutout: float = setting(
        0.0, "Side of a square hidden from the judge, as a share of the picture's.", ge=0, le=0.9, step=0.05
    )
    adaptive_augmentation: bool = setting(
        False,
        "For few images: augments more while held-out images look less real than those trained on (ADA).",
    )
    gradient_penalty: float = setting(
        0.0,
        "How flat the judge must be at real pictures (R1); a relativistic one also at made ones (R2).",
        ge=0,
        le=100,
        scale="log",
    )
    scored: int = setting(
        1000,
        "Pictures that it is measured on at the end; 0: neither then nor on the way.",
        ge=0,
        le=50_000,
        scale="log",
    )
    precision: Precision = setting("float32", HELP)

    @property
    def channels(self) -> int:
        """Of a picture: 3, or 1 in shades of gray."""
        return 3 if self.colors == "color" else 1
