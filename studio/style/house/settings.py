"""The settings of training a network of house styles; importing this loads no Keras."""

from __future__ import annotations

from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

FARTHEST = 8  # px by which the second view of a photo is moved
LEAST_PHOTOS = 50


class TrainStyleSettings(shared.TrainImageSettings):
    """Teaches one network to paint any photo in each of several styles, in one pass."""

    steps: int = shared.steps(4000)
    batch: int = shared.batch(4, most=64)
    ema_steps: int = shared.ema_steps(200)
    test_every: int = shared.test_every(200)
    held_out: float = shared.held_out(0.02)
    strength: float = setting(
        0.8,
        "How much of the style: less keeps more of the photo, 1 is the style at its fullest.",
        tier="main",
        gt=0,
        le=1,
        step=0.05,
    )
    only_new: bool = setting(
        False,
        "Leave the network to start from and its styles as they are; teach those that it lacks, or, if it "
        "lacks none, the given ones anew.",
    )
    size: int = setting(
        192, "A side of the windows of the photos that it practises on.", unit="px", ge=64, le=512, step=16
    )
    photo_size: int = setting(
        256, "A side of the photos that the windows are cut from.", unit="px", ge=72, le=1024, step=8
    )
    width: int = setting(
        32, "Channels of the finest layer: more paints better, and takes longer.", ge=8, le=64
    )
    blocks: int = setting(5, "Residual blocks at the coarsest layer.", ge=1, le=10)
    smoothness: float = setting(
        1.0, "How much neighbouring pixels hold together (total variation).", ge=0, le=20, step=0.5
    )
    steadiness: float = setting(
        30.0, "How much a moved photo must give the same picture, moved.", ge=0, le=1000
    )
    stroke: float = setting(
        1.0,
        "How large the strokes are, as a multiple of those in the style picture.",
        ge=0.25,
        le=4,
        scale="log",
    )
    parts: int = setting(
        1,
        "Parts a side of a painting in each of which the style must be found: with more, flat parts of a "
        "photo are painted, too, and colours are alike all over.",
        ge=1,
        le=4,
    )
    kept: float = setting(
        0.0,
        "The share that the weights of the network to start from have in those of the result.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    precision: Precision = setting("float32", HELP)

    @property
    def photo_side(self) -> int:
        """Of the photos as they are read, in px: a window fits into one, and can be moved."""
        return max(self.photo_size, self.size + FARTHEST)
