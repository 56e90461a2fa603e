"""Settings that all training shares; importing this loads no Keras."""

from __future__ import annotations

from typing import Any, ClassVar

from studio.core.settings import Settings, setting, split_setting


def learning_rate(default: float, most: float = 0.1) -> Any:
    """The field of a learning rate."""
    text = "Learning rate of the optimizer, at its highest; lower it when training diverges."
    return setting(default, text, gt=0, le=most, scale="log")


def steps(default: int) -> Any:
    """The field of the number of steps."""
    text = "Training steps: one batch each."
    return setting(default, text, tier="main", ge=1, le=1_000_000, scale="log")


def batch(default: int, least: int = 1, most: int = 1024) -> Any:
    """The field of the batch size."""
    return setting(default, "Batch size: examples per training step.", ge=least, le=most, scale="log")


def ema_steps(default: int) -> Any:
    """The field of the EMA's length."""
    text = "Steps over which the weights are averaged (EMA); raise it for smoother results."
    return setting(default, text, unit="steps", ge=1, le=100_000, scale="log", label="EMA steps")


def test_every(default: int) -> Any:
    """The field of the steps between two tests."""
    text = "Steps between tests on held-out data."
    return setting(default, text, unit="steps", ge=1, le=100_000, scale="log")


def held_out(default: float) -> Any:
    """The field of the test split."""
    return split_setting(default, "Share of the images held out of training to test on.")


class TrainSettings(Settings):
    """Settings of every training of a network.

    Attributes:
        warmup_steps: over which the learning rate rises from 0, at most a tenth of all steps; 0 for none.
    """

    warmup_steps: ClassVar[int] = 100

    learning_rate: float = learning_rate(0.001)
    seed: int = setting(0, "Random seed.", ge=0, le=2**31 - 1)


class TrainImageSettings(TrainSettings):
    """Settings of every training on images."""

    steps: int = steps(8000)
    batch: int = batch(64)
    ema_steps: int = ema_steps(500)
    test_every: int = test_every(500)
