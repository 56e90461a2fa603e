"""The settings of training a network of house styles; importing this loads no Keras."""

from __future__ import annotations

from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

MAX_SHIFT = 8  # largest shift in px of a photo's second view
MIN_PHOTOS = 50


class TrainStyleSettings(shared.TrainImageSettings):
    """Trains one feed-forward network to apply any of several styles to a photo."""

    steps: int = shared.steps(4000)
    batch: int = shared.batch(4, maximum=64)
    ema_steps: int = shared.ema_steps(200)
    test_every: int = shared.test_every(200)
    held_out: float = shared.held_out(0.02)
    strength: float = setting(
        0.8,
        "Style strength: lower it to keep more of the photo; 1 applies the style fully.",
        tier="main",
        gt=0,
        le=1,
        step=0.05,
    )
    only_new: bool = setting(
        False,
        "Freeze the starting network's shared weights and train only the styles it lacks; if it has "
        "them all, retrain the given styles.",
        label="Train only new styles",
    )
    size: int = setting(
        192,
        "Side of the random photo crops that the network trains on.",
        unit="px",
        ge=64,
        le=512,
        step=16,
        label="Crop size",
    )
    photo_size: int = setting(
        256,
        "Training photos are resized to this side before the training crops are cut from them.",
        unit="px",
        ge=72,
        le=1024,
        step=8,
    )
    width: int = setting(
        32,
        "Channels of the finest layer; raise it for better results, at the cost of slower training.",
        ge=8,
        le=64,
    )
    blocks: int = setting(
        5, "Number of residual blocks at the network's coarsest scale.", ge=1, le=10, label="Residual blocks"
    )
    smoothness: float = setting(
        1.0, "Weight of the total variation loss; raise it for less noise.", ge=0, le=20, step=0.5
    )
    steadiness: float = setting(
        30.0,
        "Weight of the loss that keeps results stable when the photo shifts; raise it for steadier videos.",
        ge=0,
        le=1000,
        label="Temporal stability",
    )
    stroke: float = setting(
        1.0,
        "Size of the strokes, as a multiple of those in the style image.",
        ge=0.25,
        le=4,
        scale="log",
        label="Stroke size",
    )
    parts: int = setting(
        1,
        "Regions per side into which the style loss splits the image; each must match the style. Raise "
        "it to stylize flat areas and even out colors.",
        ge=1,
        le=4,
        label="Style loss grid",
    )
    kept: float = setting(
        0.0,
        "Share of the starting network's weights that is mixed into the result; raise it to stay closer "
        "to that network.",
        ge=0,
        le=0.9,
        step=0.05,
        label="Weight interpolation",
    )
    precision: Precision = setting("float32", HELP)

    @property
    def photo_side(self) -> int:
        """Side of the loaded photos in px: fits a crop and its shift."""
        return max(self.photo_size, self.size + MAX_SHIFT)
