"""Settings that all training tasks share. Importing this loads no Keras."""

from __future__ import annotations

from typing import Any, ClassVar

from studio.core.errors import invalid
from studio.core.settings import Settings, setting, split_setting


def learning_rate(default: float, maximum: float = 0.1) -> Any:
    """Declares the learning rate."""
    text = "Peak learning rate; lower it when training diverges, raise it when the loss falls too slowly."
    return setting(default, text, gt=0, le=maximum, scale="log")


def steps(default: int) -> Any:
    """Declares the number of steps."""
    text = (
        "Number of training steps, each on one batch; more steps take longer and usually give better results."
    )
    return setting(default, text, tier="main", ge=1, le=1_000_000, scale="log")


def batch(default: int, minimum: int = 1, maximum: int = 1024) -> Any:
    """Declares the batch size."""
    text = (
        "Number of training examples per step; raise it for less noisy gradients, lower it when memory runs "
        "out."
    )
    return setting(default, text, ge=minimum, le=maximum, scale="log", label="Batch size")


def ema_steps(default: int) -> Any:
    """Declares the number of steps that the EMA of the weights covers."""
    text = (
        "Number of recent steps covered by the exponential moving average (EMA) of the weights; raise it to "
        "average out fluctuations, lower it for a short training run."
    )
    return setting(default, text, unit="steps", ge=1, le=100_000, scale="log", label="EMA steps")


def test_every(default: int) -> Any:
    """Declares the number of steps between two evaluations."""
    text = (
        "Number of steps between evaluations on held-out data; raise it to spend less time on evaluation, "
        "lower it for a more detailed training curve."
    )
    return setting(default, text, unit="steps", ge=1, le=100_000, scale="log", label="Evaluate every")


def held_out(default: float) -> Any:
    """Declares the test split."""
    return split_setting(
        default,
        "Share of the images held out for testing; raise it for more reliable metrics, lower it to train "
        "on more images.",
    )


def photo_size(default: int, maximum: int) -> Any:
    """Declares the side of the training photos, see `check_window`."""
    text = (
        "Side length of the training photos after cropping to a square and resizing; raise it to keep more "
        "detail, lower it for speed."
    )
    return setting(default, text, tier="main", unit="px", ge=48, le=maximum, step=16)


def crop_size(default: int, maximum: int) -> Any:
    """Declares the side of the crops that a network trains on."""
    text = (
        "Side length of the random square crops that the network trains on; raise it for more context, "
        "lower it for speed."
    )
    return setting(default, text, unit="px", ge=32, le=maximum, step=16, label="Crop size")


def discriminator_rate(default: float) -> Any:
    """Declares the learning rate of a discriminator."""
    text = "Learning rate of the discriminator; lower it when the discriminator's loss approaches 0."
    return setting(default, text, gt=0, le=0.01, scale="log", label="Discriminator learning rate")


def check_window(window: int, photo_size: int) -> None:
    """Raises `InvalidInput` unless crops of `window` px fit into photos of `photo_size` px."""
    if window > photo_size:
        expected, step = (
            f"at most the {photo_size} px of a photo",
            "choose a smaller window, or larger photos",
        )
        raise invalid("window", expected=expected, received=f"{window} px", next_step=step)


class TrainSettings(Settings):
    """Settings of every training run of a network.

    Attributes:
        warmup_steps: steps of linear learning-rate warm-up, at most a tenth of all; 0 turns it off.
    """

    warmup_steps: ClassVar[int] = 100

    learning_rate: float = learning_rate(0.001)
    seed: int = setting(0, "Random seed; the same seed repeats a training run.", ge=0, le=2**31 - 1)


class TrainImageSettings(TrainSettings):
    """Settings of every training run on images."""

    steps: int = steps(8000)
    batch: int = batch(64)
    ema_steps: int = ema_steps(500)
    test_every: int = test_every(500)
