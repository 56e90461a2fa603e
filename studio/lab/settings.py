"""Settings of the lab. Importing this module does not load NumPy."""

from __future__ import annotations

from typing import Any, Literal

from studio.core.layers.sizes import count_parameters
from studio.core.settings import Settings, setting
from studio.core.tasks import Kind

SIDE = 28  # px of a digit
PIXELS = SIDE * SIDE
HIDDEN = 256  # units of the hidden layers between a digit and its code
CHANNELS = (8, 16)  # of the two convolutions
ONE_LAYER = ("dense", "sparse", "contractive")

# These take about five seconds on one core.
_DEFAULT_STEPS = {
    "dense": 4000,
    "deep": 1200,
    "convolutional": 700,
    "denoising": 1000,
    "sparse": 4000,
    "contractive": 4000,
    "variational": 1200,
}
_DEFAULT_BOLTZMANN_STEPS = 1200


def _step_limit() -> Any:
    """Declares the step at which a training run ends early."""
    text = (
        "Maximum number of training steps; ends training early without changing the learning rate schedule. "
        "Leave empty to take all steps."
    )
    return setting(None, text, ge=1, label="Step limit")


class AutoencoderSettings(Settings):
    """Trains an autoencoder on digits: it encodes each as a short code and reconstructs it."""

    kind: Literal["dense", "deep", "convolutional", "denoising", "sparse", "contractive", "variational"] = (
        setting(
            "deep",
            "Type of autoencoder: dense, deep and convolutional differ in their layers; denoising "
            "reconstructs digits from corrupted ones; sparse, contractive and variational add a penalty to "
            "the loss.",
            tier="main",
            label="Autoencoder type",
        )
    )
    bottleneck: int = setting(
        8,
        "Length of the latent vector; raise it for sharper reconstructions, lower it for stronger "
        "compression.",
        tier="main",
        ge=1,
        le=64,
    )
    steps: int | None = setting(
        None,
        "Number of training steps; raise it for better reconstructions but longer training. Leave empty for "
        "about five seconds of training.",
        ge=10,
        le=20_000,
    )
    learning_rate: float = setting(
        0.003,
        "Peak learning rate, which decays toward the end of training; lower it when training diverges.",
        ge=1e-5,
        le=0.1,
        scale="log",
    )
    batch: int = setting(
        64,
        "Number of digits per training step; raise it for less noisy gradients, lower it for faster steps.",
        ge=8,
        le=1024,
        label="Batch size",
    )
    penalty: float = setting(
        1.0,
        "Weight of the penalty in sparse, contractive and variational autoencoders; raise it for stronger "
        "regularization but less exact reconstructions, 0 turns it off.",
        label="Penalty weight",
        ge=0,
        le=100,
        scale="linear",
        step=0.1,
    )
    training_noise: float = setting(
        0.5,
        "Standard deviation of the noise added to each training digit, whose pixels range from 0 to 1; "
        "raise it to learn to remove stronger noise. Only for a denoising autoencoder.",
        ge=0,
        le=1,
        step=0.05,
        label="Training noise",
    )
    training_holes: int = setting(
        0,
        "Number of patches masked out of each training digit; raise it to learn to fill in more missing "
        "pixels. Only for a denoising autoencoder.",
        ge=0,
        le=6,
        label="Masked patches in training",
    )
    most_steps: int | None = _step_limit()
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)

    @property
    def planned_steps(self) -> int:
        """Number of training steps."""
        return self.steps or _DEFAULT_STEPS[self.kind]

    @property
    def last_step(self) -> int:
        """The last training step."""
        return min(self.planned_steps, self.most_steps or self.planned_steps)

    @property
    def encoder_outputs(self) -> int:
        """Output size of the encoder: a variational one also outputs log-variances."""
        return self.bottleneck * (2 if self.kind == "variational" else 1)

    @property
    def hidden_widths(self) -> list[int]:
        """Widths of the fully connected layers between a digit and its code."""
        return [] if self.kind in ONE_LAYER else [HIDDEN]

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        if self.kind == "convolutional":
            first, second = CHANNELS
            kernels = 2 * 16 * (first + first * second)
            flat = SIDE // 4 * (SIDE // 4) * second
            return (
                kernels
                + 2 * first
                + second
                + 1
                + count_parameters([flat, self.encoder_outputs])
                + (self.bottleneck + 1) * flat
            )
        return count_parameters([PIXELS, *self.hidden_widths, self.encoder_outputs]) + count_parameters(
            [self.bottleneck, *reversed(self.hidden_widths), PIXELS]
        )


class RepairSettings(AutoencoderSettings):
    """Trains an autoencoder on digits and reconstructs your drawing, corrupted first if you like."""

    noise: float = setting(
        0.0,
        "Standard deviation of the noise added to the drawing, whose pixels range from 0 to 1; raise it to "
        "make the reconstruction harder.",
        tier="main",
        ge=0,
        le=1,
        step=0.05,
    )
    holes: int = setting(
        0,
        "Number of patches masked out of the drawing; raise it to make the reconstruction harder.",
        tier="main",
        ge=0,
        le=6,
        label="Masked patches",
    )
    show: Literal["repair", "filters", "map"] = setting(
        "repair",
        "Shows reconstructions (repair), the filters of the first layer (filters), or a map of the latent "
        "space (map).",
    )
    fit: bool = setting(
        True,
        "Moves the drawing to the center and scales it to the size of the training digits; turn it off to "
        "keep your own position and size, which usually gives a worse reconstruction.",
        label="Center and scale",
    )

    @property
    def subject(self) -> str:
        return {"repair": "repaired digits", "filters": "filters", "map": "latent map"}[self.show]


class BoltzmannSettings(Settings):
    """Trains a restricted Boltzmann machine on digits."""

    units: int = setting(
        160,
        "Number of hidden units; raise it for more detailed samples but slower training.",
        tier="main",
        ge=8,
        le=512,
        label="Hidden units",
    )
    steps: int | None = setting(
        None,
        "Number of training steps; raise it for more realistic samples but longer training. Leave empty for "
        "about eight seconds of training.",
        ge=10,
        le=20_000,
    )
    learning_rate: float = setting(
        0.2,
        "Peak learning rate, which decays toward the end of training; lower it when training diverges.",
        ge=1e-4,
        le=1,
        scale="log",
    )
    batch: int = setting(
        100,
        "Number of digits per training step; also the number of persistent Gibbs chains. Raise it for less "
        "noisy gradients, lower it for faster steps.",
        ge=8,
        le=512,
        label="Batch size",
    )
    most_steps: int | None = _step_limit()
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)

    @property
    def planned_steps(self) -> int:
        """Number of training steps."""
        return self.steps or max(100, round(_DEFAULT_BOLTZMANN_STEPS * 160 / self.units))

    @property
    def last_step(self) -> int:
        """The last training step."""
        return min(self.planned_steps, self.most_steps or self.planned_steps)


class ImagineSettings(BoltzmannSettings):
    """Trains a Boltzmann machine on digits, and samples the rest of a drawing or new digits."""

    keep: Literal["top", "bottom", "left", "right", "nothing"] = setting(
        "top",
        "Half of the drawing to keep (clamp) while the model samples the other half. If nothing is kept, it "
        "samples whole digits.",
        tier="main",
    )
    temperature: float = setting(
        1.0,
        "Sampling temperature; raise it for more varied digits, lower it for more typical ones. 1 uses the "
        "model's probabilities unchanged.",
        tier="main",
        ge=0.1,
        le=3,
        step=0.05,
    )
    rounds: int = setting(
        60,
        "Number of Gibbs sampling steps; raise it for samples that depend less on the starting image but "
        "take longer.",
        tier="main",
        ge=1,
        le=2000,
        label="Gibbs steps",
    )
    n: int = setting(9, "Number of samples to draw from the model.", ge=1, le=64, label="Samples")
    frames: int = setting(
        0,
        "Number of frames in a video of the sampling; raise it for a longer video, 0 gives only the final "
        "image.",
        ge=0,
        le=300,
    )
    fps: int = setting(15, "Frames per second of the video.", ge=1, le=60, label="Frames per second")
    video: Literal["mp4", "webp", "gif"] = setting("gif", "File format of the video.", label="Format")

    @property
    def subject(self) -> str:
        return "imagined digits"

    def for_ending(self, ending: str) -> ImagineSettings:
        """Returns the settings for a file extension: a video takes its format from it."""
        return self.model_copy(update={"video": ending}) if self.frames else self


def result_kind(settings: ImagineSettings) -> Kind:
    """Kind of the result: an image or a video."""
    return "animation" if settings.frames else "image"
