"""The settings of training a variational autoencoder; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.generators.settings import conditional, flip, image_colors, image_size, scored_images
from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision


class TrainVaeSettings(shared.TrainImageSettings):
    """Trains an encoder, which turns an image into a latent vector, and a decoder, which reconstructs it."""

    warmup_steps = 200
    batch: int = shared.batch(64, minimum=2)
    held_out: float = shared.held_out(0.1)
    width: int = setting(
        48,
        "Number of channels in the encoder's first layer; the other layers scale with it. Raise it for "
        "better images but slower training.",
        tier="main",
        ge=4,
        le=256,
    )
    size: Literal[28, 32, 64, 128] = image_size()
    colors: Literal["color", "gray"] = image_colors()
    conditional: bool = conditional()
    latent_dim: int = setting(
        128,
        "Length of the latent vector of an image; raise it for more detailed reconstructions, lower it for "
        "stronger compression.",
        ge=2,
        le=512,
        scale="log",
        label="Latent dimensions",
    )
    beta: float = setting(
        1.0,
        "Weight of the Kullback-Leibler (KL) divergence in the loss; lower it for better reconstructions, "
        "raise it for better samples.",
        ge=0.001,
        le=100,
        scale="log",
    )
    warm_up: float = setting(
        0.1,
        "Share of the training steps during which the weight of the Kullback-Leibler (KL) divergence rises "
        "from 0 to beta; raise it to prevent posterior collapse.",
        ge=0,
        le=1,
        step=0.05,
        label="KL warm-up",
    )
    free_bits: float = setting(
        0.0,
        "Kullback-Leibler (KL) divergence that each latent dimension may have without penalty; raise it to "
        "prevent posterior collapse, 0 turns it off.",
        unit="nats",
        ge=0,
        le=10,
    )
    likelihood: Literal["normal", "laplace", "bernoulli", "binary"] = setting(
        "normal",
        "Loss between image and reconstruction: squared error (normal), absolute error (laplace), "
        "cross-entropy (bernoulli), or cross-entropy on black-and-white pixels (binary).",
        label="Reconstruction loss",
    )
    perceptual: float = setting(
        0.0,
        "Share of the reconstruction loss that compares VGG16 features instead of pixels; raise it for "
        "sharper images. Any value above 0 makes training much slower.",
        ge=0,
        le=1,
        step=0.05,
        label="Perceptual loss",
    )
    adversarial: float = setting(
        0.0,
        "Share of the reconstruction loss that compares a discriminator's features instead of pixels; raise "
        "it for sharper images. 0 trains without a discriminator, which is faster.",
        ge=0,
        le=0.95,
        step=0.05,
        label="Adversarial loss",
    )
    vgg16_discriminator: float = setting(
        0.0,
        "Weight of a second discriminator, which works on VGG16 features; raise it for more realistic "
        "images, 0 turns it off. Has an effect only if the adversarial loss setting is above 0.",
        ge=0,
        le=10,
        label="VGG16-feature discriminator",
    )
    flip: bool = flip()
    scored: int = scored_images()
    precision: Precision = setting("float32", HELP)

    @property
    def channels(self) -> int:
        """Channels of an image: 3 for color, 1 for grayscale."""
        return 3 if self.colors == "color" else 1
