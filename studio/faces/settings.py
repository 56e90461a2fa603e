"""The settings of faces; importing this loads no Keras."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Literal

from studio.core.errors import invalid
from studio.core.pictures import animations
from studio.core.settings import Settings, setting
from studio.core.tasks import Kind

USUAL_WALK = 96  # frames: four seconds
MOST_MOVE = 10.0
_FACES = ("faces", "avatars")  # so begin the names of the models of faces that ship
MOST = 50_000  # pictures of a wall, of which a number names one


class FacesSettings(Settings):
    """Draws a wall of new faces, one of them large, or the way from one to another."""

    preset: str = setting(
        "",
        "A trained model: its name or its folder; empty: the faces of the model.",
        tier="main",
        max_length=1000,
    )
    truncation: float = setting(
        1.0,
        "How far from the average: less is more usual, 1 as learnt, more is wilder.",
        tier="main",
        ge=0,
        le=1.5,
        step=0.05,
    )
    seed: int = setting(0, "Seed of every random draw.", tier="main", ge=0, le=2**31 - 1)
    model: Literal["vae", "dcgan"] = setting("dcgan", "Whose faces are drawn where no preset is named.")
    n: int = setting(64, "How many.", ge=1, le=MOST)
    face: int = setting(0, "Only this one of the wall, large, counted from 1; 0: all.", ge=0, le=50_000)
    moves: tuple[str, ...] = setting(
        (),
        "Changes along the model's directions, each as NAME=AMOUNT, e.g. older=1.5.",
        max_length=32,
        label="Latent directions",
    )
    near: tuple[int, ...] = setting(
        (),
        "More like this one of the wall; after a comma, like that one of those, and so on.",
        max_length=32,
        label="Similar to",
    )
    spread: float = setting(0.5, "How much those differ that are like one.", ge=0, le=1, step=0.05)
    to: int = setting(0, "The way from the face to this one of the wall; 0: none.", ge=0, le=50_000)
    crop: float = setting(
        0.0,
        "How much of a photo is taken; 0: the face that is found in it, or else all.",
        ge=0,
        le=1,
        step=0.05,
        label="Crop size",
    )
    crop_x: float = setting(
        0.5,
        "From where, 0: the left, 1: the right; not for a face that is found.",
        ge=0,
        le=1,
        step=0.05,
        label="Crop x",
    )
    crop_y: float = setting(
        0.5,
        "From where, 0: the top, 1: the bottom; not for a face that is found.",
        ge=0,
        le=1,
        step=0.05,
        label="Crop y",
    )
    walk: int = setting(
        0,
        "Frames of a film that walks from face to face; 0: no film.",
        ge=0,
        le=600,
        label="Video",
        video="frames",
    )
    fps: int = setting(24, "Frames a second of a film.", ge=1, le=60, label="Frames per second", video="part")
    film: Literal["mp4", "webp", "gif"] = setting(
        "mp4", "The kind of file of a film.", label="Format", video="part"
    )
    enhance: bool = setting(
        True,
        "Whether a picture that stands alone, or a frame of a film, is cleaned and enlarged by networks.",
    )
    form: Literal["sheet", "npz", "zip"] = setting(
        "sheet", "One picture of all, an array, or a file each in a zip."
    )

    @property
    def moved(self) -> dict[str, float]:
        """How far to go along each direction. Raises `InvalidInput` for what is no NAME=AMOUNT."""
        return dict(_move(text) for text in self.moves)

    @property
    def subject(self) -> str:
        model = PurePath(self.preset).name
        noun = "face" if not model or model.startswith(_FACES) else "image"
        if self.walk:
            what = f"walk through {noun}s"
        elif self.face:
            what = f"{noun} {self.face}" + (f" to {self.to}" if self.to else "")
        else:
            what = f"{self.n} {noun}{'' if self.n == 1 else 's'}"
        return f"{what} of {model}" if model else what

    def for_ending(self, ending: str) -> FacesSettings:
        """These settings for a file that ends so: a film is a walk, and an array or a zip its own form."""
        if ending in animations.KINDS:
            return self.model_copy(update={"film": ending, "walk": self.walk or USUAL_WALK})
        return self.model_copy(update={"form": ending if ending in ("npz", "zip") else "sheet"})


def kind(settings: FacesSettings) -> Kind:
    """What these settings make: a picture, an animation, or a set of pictures."""
    return "animation" if settings.walk else "picture" if settings.form == "sheet" else "dataset"


def _move(text: str) -> tuple[str, float]:
    name, _, amount = text.partition("=")
    try:
        number = float(amount)
    except ValueError:
        number = math.inf
    if not name or not abs(number) <= MOST_MOVE:
        raise invalid(
            "moves",
            expected=f"NAME=AMOUNT, the amount from -{MOST_MOVE:g} to {MOST_MOVE:g}",
            received=text,
            next_step="write it so, e.g. older=1.5",
        )
    return name, number
