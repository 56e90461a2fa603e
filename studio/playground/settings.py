"""The settings of paint; importing this loads no NumPy."""

from __future__ import annotations

from typing import Literal

from studio.core.layers.sizes import parameters
from studio.core.settings import Settings, setting
from studio.core.tasks import Kind


class PlaygroundSettings(Settings):
    """Teaches a tiny network one photo: told a place, it answers with a colour."""

    waves: int = setting(
        64,
        "Waves (Fourier features) that encode a place; 0: its two coordinates alone, which makes a blur.",
        tier="main",
        ge=0,
        le=256,
    )
    activation: Literal["relu", "leaky_relu", "swish", "tanh", "sigmoid", "sine", "step", "none"] = setting(
        "relu", "Nonlinearity that each unit applies to its weighted sum.", tier="main"
    )
    learning_rate: float = setting(
        0.01,
        "Size of each step; if it is too large, training diverges.",
        tier="main",
        ge=1e-5,
        le=100,
        scale="log",
    )
    optimiser: Literal["sgd", "momentum", "rmsprop", "adam"] = setting(
        "adam", "Rule by which the gradient changes the weights."
    )
    initialisation: Literal["zero", "small", "glorot", "he", "large"] = setting(
        "he", "Variance from which the weights are drawn before the first step."
    )
    depth: int = setting(3, "Hidden layers.", ge=1, le=12)
    width: int = setting(64, "Units of each hidden layer.", ge=2, le=256)
    fineness: float = setting(
        5.0,
        "Standard deviation of the waves' frequencies, over the longer side; raise it for finer detail.",
        ge=0.5,
        le=64,
        scale="log",
    )
    coordinates: Literal["centred", "from_zero", "pixels"] = setting(
        "centred", "From where to where a place is counted: -1 to 1, 0 to 1, or in pixels."
    )
    loss: Literal["mse", "mae", "cross_entropy"] = setting(
        "mse", "Mean squared error, mean absolute error, or cross-entropy."
    )
    batch: int = setting(512, "Pixels that each step looks at.", unit="px", ge=1, le=8192)
    steps: int = setting(1500, "Steps of learning.", ge=1, le=50_000)
    held_out: float = setting(
        0.1,
        "Share of pixels held out of training, to test on.",
        ge=0,
        le=0.95,
        step=0.05,
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
        "Share of each weight, times the learning rate, that is subtracted at each step.",
        ge=0,
        le=10,
        step=0.1,
    )
    detail: int = setting(
        96, "The longer side at which it learns the photo.", unit="px", ge=16, le=256, step=16
    )
    size: int = setting(512, "The longer side of the result.", unit="px", ge=64, le=4096, step=64)
    frames: int = setting(0, "Frames of a film of its learning; 0: one picture.", ge=0, le=600)
    fps: int = setting(15, "Frames a second of the film.", ge=1, le=60)
    film: Literal["mp4", "webp", "gif"] = setting("mp4", "The kind of file of the film.")
    most_steps: int | None = setting(None, "Ends after so many steps, as one does that was stopped.", ge=1)
    seed: int = setting(0, "Seed of every random draw.", ge=0, le=2**31 - 1)

    def for_ending(self, ending: str) -> PlaygroundSettings:
        """These settings for a file that ends so: a film's is the kind of its file."""
        return self.model_copy(update={"film": ending}) if self.frames else self

    @property
    def inputs(self) -> int:
        """How many numbers the network is given for each place."""
        return 2 + 2 * self.waves

    @property
    def shape(self) -> list[int]:
        """The widths of the network's layers, from what it is given to the three numbers of a colour."""
        return [self.inputs, *[self.width] * self.depth, 3]

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return parameters(self.shape)

    @property
    def last_step(self) -> int:
        """The step after which it ends."""
        return min(self.steps, self.most_steps or self.steps)


def kind(settings: PlaygroundSettings) -> Kind:
    """What these settings make: a picture, or a film."""
    return "animation" if settings.frames else "picture"
