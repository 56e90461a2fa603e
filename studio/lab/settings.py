"""The settings of the lab; importing this loads no NumPy."""

from __future__ import annotations

from typing import Literal

from studio.core.layers.sizes import parameters
from studio.core.settings import Settings, setting
from studio.core.tasks import Kind

SIDE = 28  # px of a digit
PIXELS = SIDE * SIDE
HIDDEN = 256  # units of the layer between a digit and its code, where there is one
CHANNELS = (8, 16)  # of the two convolutions
ONE_LAYER = ("dense", "sparse", "contractive")

# What takes about five seconds on one core.
_STEPS = {
    "dense": 4000,
    "deep": 1200,
    "convolutional": 700,
    "denoising": 1000,
    "sparse": 4000,
    "contractive": 4000,
    "variational": 1200,
}
_BOLTZMANN_STEPS = 1200


class TeachSettings(Settings):
    """Teaches an autoencoder digits: it makes a few numbers of each, and draws it again from these."""

    kind: Literal["dense", "deep", "convolutional", "denoising", "sparse", "contractive", "variational"] = (
        setting("deep", "How it is built and what it is taught besides.", tier="main")
    )
    bottleneck: int = setting(
        8, "How many numbers are left of a digit, from which it is drawn again.", tier="main", ge=1, le=64
    )
    steps: int | None = setting(
        None, "Steps of teaching; left out, as many as take about five seconds.", ge=10, le=20_000
    )
    learning_rate: float = setting(
        0.003,
        "How far each step goes at first; towards the end steps get shorter.",
        ge=1e-5,
        le=0.1,
        scale="log",
    )
    batch: int = setting(64, "Digits that each step looks at.", ge=8, le=1024)
    penalty: float = setting(
        1.0,
        "How much a sparse, contractive or variational one minds the shape of its code.",
        ge=0,
        le=100,
        scale="linear",
        step=0.1,
    )
    taught_noise: float = setting(
        0.5, "Noise in the digits that a denoising one is taught to clean.", ge=0, le=1, step=0.05
    )
    taught_holes: int = setting(0, "Holes in the digits that a denoising one is taught to fill.", ge=0, le=6)
    most_steps: int | None = setting(None, "Ends after so many steps, as one does that was stopped.", ge=1)
    seed: int = setting(0, "Seed of every random draw.", ge=0, le=2**31 - 1)

    @property
    def planned(self) -> int:
        """How many steps it is to be taught."""
        return self.steps or _STEPS[self.kind]

    @property
    def last_step(self) -> int:
        """The step after which it ends."""
        return min(self.planned, self.most_steps or self.planned)

    @property
    def code(self) -> int:
        """How many numbers its first half answers: a variational one tells a spread with each."""
        return self.bottleneck * (2 if self.kind == "variational" else 1)

    @property
    def hidden(self) -> list[int]:
        """Widths of the fully connected layers between a digit and its code."""
        return [] if self.kind in ONE_LAYER else [HIDDEN]

    @property
    def parameters(self) -> int:
        """How many numbers it learns."""
        if self.kind == "convolutional":
            first, second = CHANNELS
            kernels = 2 * 16 * (first + first * second)
            flat = SIDE // 4 * (SIDE // 4) * second
            return (
                kernels
                + 2 * first
                + second
                + 1
                + parameters([flat, self.code])
                + (self.bottleneck + 1) * flat
            )
        return parameters([PIXELS, *self.hidden, self.code]) + parameters(
            [self.bottleneck, *reversed(self.hidden), PIXELS]
        )


class RepairSettings(TeachSettings):
    """Teaches an autoencoder digits, and lets it draw what you drew, spoilt first if you like."""

    noise: float = setting(
        0.0, "How much noise is put over the drawing first.", tier="main", ge=0, le=1, step=0.05
    )
    holes: int = setting(0, "How many holes are cut into the drawing first.", tier="main", ge=0, le=6)
    show: Literal["repair", "filters", "map"] = setting(
        "repair", "What to show: drawings before and after, what its units look for, or a map of its code."
    )
    fit: bool = setting(True, "Moves the drawing to the middle, at the size of the digits it has seen.")

    @property
    def subject(self) -> str:
        return {"repair": "repaired digits", "filters": "filters", "map": "latent map"}[self.show]


class BoltzmannSettings(Settings):
    """Teaches a restricted Boltzmann machine which pixels of a digit go together."""

    units: int = setting(160, "Hidden units, each of which learns a pattern.", tier="main", ge=8, le=512)
    steps: int | None = setting(
        None, "Steps of teaching; left out, as many as take about eight seconds.", ge=10, le=20_000
    )
    learning_rate: float = setting(
        0.2, "How far each step goes at first; towards the end steps get shorter.", ge=1e-4, le=1, scale="log"
    )
    batch: int = setting(100, "Digits that each step looks at, and dreams that it keeps.", ge=8, le=512)
    most_steps: int | None = setting(None, "Ends after so many steps, as one does that was stopped.", ge=1)
    seed: int = setting(0, "Seed of every random draw.", ge=0, le=2**31 - 1)

    @property
    def planned(self) -> int:
        """How many steps it is to be taught."""
        return self.steps or max(100, round(_BOLTZMANN_STEPS * 160 / self.units))

    @property
    def last_step(self) -> int:
        """The step after which it ends."""
        return min(self.planned, self.most_steps or self.planned)


class ImagineSettings(BoltzmannSettings):
    """Teaches a Boltzmann machine digits, and lets it imagine the rest of a drawing, or digits of its own."""

    keep: Literal["top", "bottom", "left", "right", "nothing"] = setting(
        "top", "Which half of the drawing stays as it is; of nothing, it dreams freely.", tier="main"
    )
    temperature: float = setting(
        1.0,
        "Below 1 it prefers what it knows best, above 1 it gets wild.",
        tier="main",
        ge=0.1,
        le=3,
        step=0.05,
    )
    rounds: int = setting(60, "How often all pixels are drawn anew.", tier="main", ge=1, le=2000)
    n: int = setting(9, "How many it imagines side by side.", ge=1, le=64)
    frames: int = setting(0, "Frames of a film of its imagining; 0: one picture.", ge=0, le=300)
    fps: int = setting(15, "Frames a second of the film.", ge=1, le=60)
    film: Literal["mp4", "webp", "gif"] = setting("gif", "The kind of file of the film.")

    @property
    def subject(self) -> str:
        return "imagined digits"

    def for_ending(self, ending: str) -> ImagineSettings:
        """These settings for a file that ends so: a film's is the kind of its file."""
        return self.model_copy(update={"film": ending}) if self.frames else self


def kind(settings: ImagineSettings) -> Kind:
    """What these settings make: a picture, or a film."""
    return "animation" if settings.frames else "picture"
