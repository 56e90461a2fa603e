"""The settings of the playground; importing this loads no NumPy."""

from __future__ import annotations

from typing import Literal, Self

from studio.core.layers.sizes import count_parameters
from studio.core.settings import Settings, setting, split_setting
from studio.core.tasks import Kind


class NetworkSettings(Settings):
    """A fully connected network and its training."""

    activation: Literal["relu", "leaky_relu", "swish", "tanh", "sigmoid", "sine", "step", "none"] = setting(
        "relu",
        "Activation function of the hidden layers; relu is a good default, none makes the network linear.",
        tier="main",
    )
    learning_rate: float = setting(
        0.01,
        "Factor that scales every update of the weights; lower it when training diverges, raise it when the "
        "loss falls too slowly.",
        tier="main",
        ge=1e-5,
        le=100,
        scale="log",
    )
    optimizer: Literal["sgd", "momentum", "rmsprop", "adam"] = setting(
        "adam", "Optimizer that updates the weights from the gradient; adam usually converges fastest."
    )
    initializer: Literal["zero", "small", "glorot", "he", "large"] = setting(
        "he",
        "Method that sets the initial weights: he (Kaiming) suits ReLU, glorot (Xavier) suits tanh and "
        "sigmoid.",
    )
    batch: int = setting(
        512,
        "Number of samples per training step; raise it for less noisy gradients, lower it for faster steps.",
        ge=1,
        le=8192,
        label="Batch size",
    )
    steps: int = setting(
        1500,
        "Number of training steps, each on one batch; raise it while the loss still falls.",
        ge=1,
        le=50_000,
    )
    held_out: float = split_setting(
        0.1,
        help="Share of the samples held out for testing; raise it for more reliable metrics but more "
        "overfitting, because fewer are left for training.",
        ge=0,
        le=0.95,
        step=0.05,
    )
    size: int = setting(
        512,
        "Longer side of the result; raise it for more detail but a longer wait.",
        unit="px",
        ge=64,
        le=4096,
        step=64,
    )
    dropout: float = setting(
        0.0,
        "Share of activations dropped during training; raise it when the network overfits.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    weight_decay: float = setting(
        0.0,
        "Strength of the weight decay, which shrinks all weights slightly at every step; raise it when the "
        "network overfits, 0 turns it off.",
        ge=0,
        le=10,
        step=0.1,
    )
    frames: int = setting(
        0,
        "Number of frames in a video of the training; raise it for a longer video, 0 gives only the final "
        "image.",
        ge=0,
        le=600,
        label="Training video",
        video="frames",
    )
    fps: int = setting(
        15, "Frames per second of the video.", ge=1, le=60, label="Frames per second", video="part"
    )
    video: Literal["mp4", "webp", "gif"] = setting(
        "mp4", "File format of the video.", label="Format", video="part"
    )
    most_steps: int | None = setting(
        None,
        "Maximum number of training steps; ends training early. Leave empty to take all steps.",
        ge=1,
        tier="hidden",
        label="Step limit",
    )
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)

    def for_ending(self, ending: str) -> Self:
        """Returns the settings for a file extension: a video takes its format from it."""
        return self.model_copy(update={"video": ending}) if self.frames else self

    @property
    def last_step(self) -> int:
        """The last training step."""
        return min(self.steps, self.most_steps or self.steps)

    @property
    def shape(self) -> list[int]:
        """Layer widths, from the input features to the outputs."""
        raise NotImplementedError

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return count_parameters(self.shape)


class PlaygroundSettings(NetworkSettings):
    """Trains a tiny network on one photo: it maps pixel coordinates to colors."""

    fourier_features: int = setting(
        64,
        "Number of Fourier features that encode the coordinates; raise it for finer detail, 0 turns them "
        "off and leaves the image blurred.",
        tier="main",
        ge=0,
        le=256,
    )
    depth: int = setting(
        3,
        "Number of hidden layers; raise it for finer detail, but training becomes slower and more difficult.",
        ge=1,
        le=12,
    )
    width: int = setting(
        64,
        "Number of units in each hidden layer; raise it for finer detail but slower training.",
        ge=2,
        le=256,
    )
    fourier_scale: float = setting(
        5.0,
        "Standard deviation of the Fourier frequencies, in cycles per image; raise it for finer detail.",
        ge=0.5,
        le=64,
        scale="log",
    )
    coordinates: Literal["centered", "from_zero", "pixels"] = setting(
        "centered",
        "Range of the input coordinates: -1 to 1 (centered), 0 to 1 (from zero), or unscaled pixel "
        "positions (pixels).",
    )
    loss: Literal["mse", "mae", "cross_entropy"] = setting(
        "mse", "Loss function: mean squared error (mse), mean absolute error (mae), or cross-entropy."
    )
    detail: int = setting(
        96,
        "Longer side of the photo after resizing for training; raise it for finer detail but slower "
        "training.",
        unit="px",
        ge=16,
        le=256,
        step=16,
        label="Training resolution",
    )

    @property
    def inputs(self) -> int:
        """Number of input features per pixel."""
        return 2 + 2 * self.fourier_features

    @property
    def shape(self) -> list[int]:
        """Layer widths, from the input features to the three color channels."""
        return [self.inputs, *[self.width] * self.depth, 3]


class ClassificationSettings(NetworkSettings):
    """Trains a tiny network on points in the plane, which it separates into two classes."""

    data: Literal["circles", "spiral", "xor", "blobs"] = setting(
        "circles",
        "Data set of two classes: an inner and an outer circle, two spirals, opposite quadrants (xor), or "
        "two blobs, which a line separates.",
        tier="main",
        label="Data set",
    )
    noise: float = setting(
        0.1,
        "Standard deviation of the noise added to each position, in a square from -1 to 1; raise it to mix "
        "the classes.",
        ge=0,
        le=0.5,
        step=0.02,
    )
    points: int = setting(
        300,
        "Number of points, held-out ones included; lower it to see the network overfit.",
        ge=10,
        le=2000,
        step=10,
    )
    features: Literal["linear", "polynomial", "sines"] = setting(
        "linear",
        "Input features: the coordinates x and y (linear), also their squares and product (polynomial), or "
        "also their sines (sines).",
        label="Input features",
    )
    depth: int = setting(
        2,
        "Number of hidden layers; raise it for a more complex boundary, 0 leaves logistic regression.",
        tier="main",
        ge=0,
        le=6,
    )
    width: int = setting(
        6,
        "Number of units in each hidden layer; raise it for a more complex boundary.",
        tier="main",
        ge=1,
        le=8,
    )
    batch: int = setting(
        16,
        "Number of points per training step; raise it for less noisy gradients, lower it for faster steps.",
        ge=1,
        le=2000,
        label="Batch size",
    )
    steps: int = setting(
        2000,
        "Number of training steps, each on one batch; raise it while the loss still falls.",
        ge=1,
        le=50_000,
    )
    held_out: float = split_setting(
        0.5,
        help="Share of the points held out for testing; raise it for a more reliable test loss but more "
        "overfitting, because fewer points are left for training.",
        ge=0,
        le=0.95,
        step=0.05,
    )
    size: int = setting(
        480,
        "Height of the diagram; raise it for more detail.",
        unit="px",
        ge=240,
        le=1920,
        step=60,
    )

    @property
    def shape(self) -> list[int]:
        """Layer widths, from the input features to the logit of the second class."""
        return [len(FEATURE_NAMES[self.features]), *[self.width] * self.depth, 1]

    @property
    def subject(self) -> str:
        """The data set, which names the result."""
        return self.data


# Input features of a point, in the order of `data_sets.compute_features`.
FEATURE_NAMES = {
    "linear": ("x", "y"),
    "polynomial": ("x", "y", "x²", "y²", "xy"),
    "sines": ("x", "y", "sin πx", "sin πy"),
}


def find_kind(settings: NetworkSettings) -> Kind:
    """Returns the kind of the result: an image or a video."""
    return "animation" if settings.frames else "image"
