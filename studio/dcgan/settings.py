"""The settings of training a DCGAN; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

MIN_WIDTH = 4  # channels of the finest layer, of the generator and of the discriminator


class TrainDcganSettings(shared.TrainImageSettings):
    """Trains a generator against a discriminator, which tells generated images from real ones."""

    warmup_steps = 0
    batch: int = shared.batch(64, minimum=2)
    learning_rate: float = shared.learning_rate(0.0002, maximum=0.01)
    ema_steps: int = shared.ema_steps(1000)
    test_every: int = shared.test_every(1000)
    held_out: float = shared.held_out(0.1)
    width: int = setting(
        40,
        "Channels of the generator's finest layer; raise it for better images, at the cost of slower "
        "training.",
        tier="main",
        ge=MIN_WIDTH,
        le=256,
        label="Generator width",
    )
    discriminator_width: int = setting(
        32,
        "Channels of the discriminator's finest layer; lower it when the discriminator wins.",
        ge=MIN_WIDTH,
        le=256,
        label="Discriminator width",
    )
    size: Literal[28, 32, 64, 128] = setting(64, "Side of the square images.", tier="main", unit="px")
    colors: Literal["color", "gray"] = setting(
        "color", "Whether the model generates color or grayscale images."
    )
    modulated: bool = setting(
        True,
        "Lets the latent vector also scale and shift each channel at every resolution.",
        label="Self-modulation",
    )
    blocks: int = setting(
        0,
        "Residual blocks at each resolution of the generator; raise it for finer detail, at the cost of "
        "slower training.",
        ge=0,
        le=4,
        label="Residual blocks",
    )
    palette: int = setting(
        0,
        "For flat drawings: number of palette colors that each image is mixed from; 0 allows any color.",
        ge=0,
        le=64,
        label="Palette size",
    )
    bilateral: float = setting(
        0.0,
        "For flat drawings: smooths away differences between neighboring pixels up to about this "
        "intensity; 0 turns it off.",
        unit="levels of 255",
        ge=0,
        le=64,
        label="Bilateral filter",
    )
    latent_dim: int = setting(
        100, "Length of the latent vector.", ge=2, le=512, scale="log", label="Latent dimensions"
    )
    loss: Literal["logistic", "relativistic"] = setting(
        "logistic",
        "Discriminator loss: logistic rates each image, relativistic compares real with generated images "
        "(needs a gradient penalty).",
    )
    vgg16_discriminator: float = setting(
        0.0,
        "Weight of a second discriminator, on VGG16 features; images improve in fewer steps, but FID is "
        "biased. 0 turns it off.",
        ge=0,
        le=10,
        label="VGG16-feature discriminator",
    )
    discriminator_rate: float = setting(
        0.0002,
        "Learning rate of the discriminator; lower it when the discriminator wins.",
        gt=0,
        le=0.01,
        scale="log",
        label="Discriminator learning rate",
    )
    rate_end: float = setting(
        1.0,
        "Both learning rates at the end of their cosine decay, as a share of the initial ones; 1 keeps "
        "them constant.",
        ge=0,
        le=1,
        step=0.05,
        label="Final learning rate",
    )
    dropout: float = setting(
        0.3,
        "Dropout in the discriminator; raise it when the discriminator overfits.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    shift: int = setting(
        6,
        "Largest random shift of the images that the discriminator sees; raise it when the "
        "discriminator overfits.",
        unit="px",
        ge=0,
        le=32,
        label="Random shift",
    )
    flip: bool = setting(
        True,
        "Mirrors images at random for the discriminator; turn it off for letters and digits.",
        label="Horizontal flip",
    )
    cutout: float = setting(
        0.0,
        "Side of a square hidden from the discriminator, as a share of the image's side; 0 turns it off.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    adaptive_augmentation: bool = setting(
        False,
        "Adaptive discriminator augmentation (ADA), for small data sets: augmentation gets stronger as "
        "the discriminator overfits.",
    )
    gradient_penalty: float = setting(
        0.0,
        "Weight of the gradient penalty on real images (R1) and, with the relativistic loss, also on "
        "generated images (R2).",
        ge=0,
        le=100,
        scale="log",
    )
    scored: int = setting(
        1000,
        "Number of images for the final FID and KID; 0 skips both, also during training.",
        ge=0,
        le=50_000,
        scale="log",
        label="FID and KID images",
    )
    precision: Precision = setting("float32", HELP)

    @property
    def channels(self) -> int:
        """Returns the channels of an image: 3 for color, 1 for grayscale."""
        return 3 if self.colors == "color" else 1
