"""The settings of faces; importing this loads no Keras."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Literal

from studio.core.errors import invalid
from studio.core.imaging import video_codecs
from studio.core.settings import Settings, setting
from studio.core.tasks import Kind

DEFAULT_FRAMES = 96  # frames: four seconds
MAX_MOVE = 10.0
_FACE_PREFIXES = ("faces", "avatars")  # prefixes of the shipped models of faces
MAX_IMAGES = 50_000  # largest number of images in a grid
GENERATOR_TASKS = ("dcgan.train", "vae.train", "diffusion.train")  # the tasks that train generators


class FacesSettings(Settings):
    """Generates a grid of new faces, one face enlarged, or an interpolation from one face to another."""

    preset: str = setting(
        "",
        "Name or folder of a trained model. Leave empty to use the faces model that comes with the studio.",
        tier="main",
        max_length=1000,
        label="Model",
    )
    truncation: float = setting(
        1.0,
        "Factor that scales the distance of latent vectors from their mean; lower it for more typical "
        "images, raise it for more varied ones. 1 leaves them unchanged.",
        tier="main",
        ge=0,
        le=1.5,
        step=0.05,
    )
    seed: int = setting(
        0, "Seed of the random latents; the same seed repeats the grid.", tier="main", ge=0, le=2**31 - 1
    )
    model: Literal["vae", "dcgan"] = setting(
        "dcgan",
        "Type of the faces model that comes with the studio; ignored if another model is chosen.",
        label="Model type",
    )
    steps: int = setting(
        25,
        "Number of denoising steps of a diffusion model; raise it for better images, lower it for faster "
        "ones. Other models ignore it.",
        ge=5,
        le=100,
        label="Denoising steps",
    )
    guidance: float = setting(
        2.0,
        "Scale of classifier-free guidance by a diffusion model: raise it for more typical images of the "
        "class, lower it for more varied ones. 1 turns it off.",
        ge=1,
        le=8,
        step=0.25,
    )
    class_name: str = setting(
        "",
        "Class to generate, with a model that learned classes, such as 7 among digits. Leave empty for "
        "images of all classes.",
        max_length=200,
        label="Class",
    )
    n: int = setting(64, "Number of images to generate.", ge=1, le=MAX_IMAGES, label="Images")
    face: int = setting(
        0,
        "Number of the image in the grid to enlarge, counted from 1; 0 shows the whole grid.",
        ge=0,
        le=50_000,
    )
    moves: tuple[str, ...] = setting(
        (),
        "Moves the images along the model's latent directions, each given as NAME=AMOUNT, such as "
        "older=1.5; negative amounts move the opposite way.",
        max_length=32,
        label="Latent directions",
    )
    near: tuple[int, ...] = setting(
        (),
        "Generates variations of the image with this number in the grid, counted from 1. Add a second number "
        "for variations of one of those. Leave empty for a grid of new images.",
        max_length=32,
        label="Similar to",
    )
    spread: float = setting(
        0.5,
        "Difference between the variations and the original image: 0 gives copies, 1 gives unrelated "
        "images; raise it for more variety.",
        ge=0,
        le=1,
        step=0.05,
    )
    to: int = setting(
        0,
        "The enlarged face morphs step by step into the image with this number in the grid, counted from 1. "
        "0 turns morphing off.",
        ge=0,
        le=50_000,
        label="Morph to",
    )
    crop: float = setting(
        0.0,
        "Side length of the square crop, as a share of the photo's shorter side; lower it to crop closer. 0 "
        "crops to the detected face, or to the largest square if no face is found.",
        ge=0,
        le=1,
        step=0.05,
        label="Crop size",
    )
    crop_x: float = setting(
        0.5,
        "Horizontal position of the crop, from 0 (left) to 1 (right); ignored when cropping to a detected "
        "face.",
        ge=0,
        le=1,
        step=0.05,
        label="Crop x",
    )
    crop_y: float = setting(
        0.5,
        "Vertical position of the crop, from 0 (top) to 1 (bottom); ignored when cropping to a detected "
        "face.",
        ge=0,
        le=1,
        step=0.05,
        label="Crop y",
    )
    interpolate: int = setting(
        0,
        "Number of frames in a video that interpolates from face to face; raise it for a longer video, 0 "
        "makes no video.",
        ge=0,
        le=600,
        label="Video",
        video="frames",
    )
    fps: int = setting(
        24, "Frames per second of the video.", ge=1, le=60, label="Frames per second", video="part"
    )
    video: Literal["mp4", "webp", "gif"] = setting(
        "mp4", "File format of the video.", label="Format", video="part"
    )
    enhance: bool = setting(
        True,
        "Upscales a single image or each video frame with neural networks and removes artifacts; turn it "
        "off to see the generator's own output.",
    )
    form: Literal["sheet", "npz", "zip", "denoising"] = setting(
        "sheet",
        "Format of the output: one image of the whole grid (sheet), a NumPy array (npz), a zip with one file "
        "per image (zip), or the steps of one image of a diffusion model (denoising).",
        label="Output format",
    )

    @property
    def move_amounts(self) -> dict[str, float]:
        """The amount of each latent direction. Raises `InvalidInput` for an entry that is not NAME=AMOUNT."""
        return dict(_parse_move(text) for text in self.moves)

    @property
    def subject(self) -> str:
        model = PurePath(self.preset).name
        noun = "face" if not model or model.startswith(_FACE_PREFIXES) else "image"
        if self.interpolate:
            description = f"interpolation through {noun}s"
        elif self.form == "denoising":
            description = f"denoising steps of {noun} {self.face or 1}"
        elif self.face:
            description = f"{noun} {self.face}" + (f" to {self.to}" if self.to else "")
        else:
            description = f"{self.n} {noun}{'' if self.n == 1 else 's'}"
        description += f" of {model}" if model else ""
        return f"{description}, class {self.class_name}" if self.class_name else description

    def for_ending(self, ending: str) -> FacesSettings:
        """Returns the settings for a file suffix: a video needs interpolation, npz and zip set `form`."""
        if ending in video_codecs.KINDS:
            return self.model_copy(
                update={"video": ending, "interpolate": self.interpolate or DEFAULT_FRAMES}
            )
        if self.form == "denoising" and ending not in ("npz", "zip"):
            return self
        return self.model_copy(update={"form": ending if ending in ("npz", "zip") else "sheet"})


def kind(settings: FacesSettings) -> Kind:
    """Returns the kind of the result: an image, an animation, or a set of images."""
    if settings.interpolate:
        return "animation"
    return "image" if settings.form in ("sheet", "denoising") else "dataset"


def _parse_move(text: str) -> tuple[str, float]:
    """Parses NAME=AMOUNT. Raises `InvalidInput` for other texts."""
    name, _, amount = text.partition("=")
    try:
        number = float(amount)
    except ValueError:
        number = math.inf
    if not name or not abs(number) <= MAX_MOVE:
        raise invalid(
            "moves",
            expected=f"NAME=AMOUNT, the amount from -{MAX_MOVE:g} to {MAX_MOVE:g}",
            received=text,
            next_step="write it so, e.g. older=1.5",
        )
    return name, number
