"""The settings of training a DCGAN; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.generators.settings import conditional, image_colors, image_size
from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

ENCODER_WEIGHTS = ("vgg16", "lpips")  # pretrained weights that GAN inversion needs
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
        "Number of channels in the generator's last hidden layer; the other layers scale with it. Raise it "
        "for better images but slower training.",
        tier="main",
        ge=MIN_WIDTH,
        le=256,
        label="Generator width",
    )
    discriminator_width: int = setting(
        32,
        "Number of channels in the discriminator's first layer; the other layers scale with it. Lower it "
        "when the discriminator's loss approaches 0.",
        ge=MIN_WIDTH,
        le=256,
        label="Discriminator width",
    )
    size: Literal[28, 32, 64, 128] = image_size()
    colors: Literal["color", "gray"] = image_colors()
    conditional: bool = conditional()
    modulated: bool = setting(
        True,
        "Lets the latent vector also scale and shift the channels of every generator layer, which usually "
        "improves the images.",
        label="Self-modulation",
    )
    blocks: int = setting(
        0,
        "Number of residual blocks at each resolution of the generator; raise it for finer detail but "
        "slower training.",
        ge=0,
        le=4,
        label="Residual blocks",
    )
    palette: int = setting(
        0,
        "Number of colors in each generated image's palette, for drawings with flat colors; raise it for "
        "more varied colors. 0 uses no palette and allows any color.",
        ge=0,
        le=64,
        label="Palette size",
    )
    bilateral: float = setting(
        0.0,
        "Strength (color sigma) of a bilateral filter, which smooths the generated images but keeps edges; "
        "raise it for flatter colors, as in drawings. 0 turns it off.",
        unit="intensity levels",
        ge=0,
        le=64,
        label="Bilateral filter",
    )
    latent_dim: int = setting(
        100,
        "Length of the latent vector that the generator turns into an image; raise it to allow more variety.",
        ge=2,
        le=512,
        scale="log",
        label="Latent dimensions",
    )
    loss: Literal["logistic", "relativistic"] = setting(
        "logistic",
        "GAN loss: logistic scores each image on its own; relativistic compares real with generated images "
        "and needs a gradient penalty above 0.",
    )
    vgg16_discriminator: float = setting(
        0.0,
        "Weight of a second discriminator, which works on VGG16 features; raise it for better images in "
        "fewer steps, 0 turns it off. It ignores classes. With it, FID overstates image quality.",
        ge=0,
        le=10,
        label="VGG16-feature discriminator",
    )
    discriminator_rate: float = shared.discriminator_rate(0.0002)
    rate_end: float = setting(
        1.0,
        "Final learning rate of both networks after cosine decay, as a fraction of the peak learning rate; "
        "lower it for a stronger decay, 1 turns decay off.",
        ge=0,
        le=1,
        step=0.05,
        label="Final learning rate",
    )
    dropout: float = setting(
        0.3,
        "Dropout rate in the discriminator; raise it when the discriminator overfits.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    shift: int = setting(
        6,
        "Largest random shift of the discriminator's input images (data augmentation); raise it when the "
        "discriminator overfits, 0 turns it off.",
        unit="px",
        ge=0,
        le=32,
        label="Random shift",
    )
    flip: bool = setting(
        True,
        "Mirrors the discriminator's input images at random (data augmentation); turn it off where left and "
        "right matter, as in letters and digits.",
        label="Horizontal flip",
    )
    cutout: float = setting(
        0.0,
        "Masks a random square in each image that the discriminator sees (data augmentation). The value is "
        "the width of the square as a fraction of the image's width; raise it when the discriminator "
        "overfits, 0 turns it off.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    adaptive_augmentation: bool = setting(
        False,
        "Adaptive discriminator augmentation (ADA): augments more strongly as the discriminator overfits; "
        "turn it on for small data sets.",
    )
    gradient_penalty: float = setting(
        0.0,
        "Weight of the penalty on the discriminator's gradients (R1, or R1 and R2 with the relativistic "
        "loss); raise it to stabilize training, 0 turns it off.",
        ge=0,
        le=100,
        scale="log",
    )
    scored: int = setting(
        1000,
        "Number of generated images for the final FID and KID; raise it for more reliable values. 0 turns "
        "off both metrics, including KID during training.",
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
