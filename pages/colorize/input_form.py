"""Inputs of the Colorize page: photo or video, example, color hints and network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.colorize import color_hint_brush
from pages.form import estimates, forms, image_input, mask_choice, network_choice, samples, video_input
from pages.form.mask_choice import Mask
from pages.form.samples import Sample
from pages.form.video_input import Video
from studio.colorize import backbone, estimate, models
from studio.colorize.settings import QUICK_NETWORK, SHIPPED_NETWORK, ColorizeSettings
from studio.core.imaging import image_io
from studio.core.imaging.sample_photos import GRAY_PHOTO
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

TASK = "colorize.apply"
NETWORK_KEY, COLOR_HINTS_KEY = "color_network", "color_hints_on"
MAX_LIVE_SECONDS = 3.0  # s on two cores: longer runs need Start
NOTE = "a coloring, not the true one"
_EXAMPLE_HELP = "The colors of this photo are reused in areas of similar lightness"
_COLOR_HINTS_HELP = "Lets you paint colors that you know onto the photo"


@dataclass(frozen=True)
class Request:
    """Inputs of a colorization.

    Attributes:
        content: a photo, or a video whose frames are colorized one by one.
        example: a photo whose colors are reused; None without one.
        color_hints: colors that the user painted onto the photo; None without any.
        mask: of the part that gets colors.
    """

    content: Sample | Video
    example: Sample | None = None
    color_hints: File | None = None
    mask: Mask = field(default_factory=Mask)

    @property
    def identity(self) -> object:
        """Identifies the request: equal for equal inputs."""
        return self.content.identity, self.example and self.example.identity, self.color_hints, self.mask

    def build_inputs(self) -> Inputs:
        """Returns the input files of a run on the photo, or on the first frame."""
        return {
            "content": [self.content.get_file()],
            "color_hints": [self.color_hints] if self.color_hints else [],
            "examples": [self.example.get_file()] if self.example else [],
            "mask": list(self.mask.files),
        }

    def is_live(self, settings: ColorizeSettings) -> bool:
        """Returns whether the result itself is fast enough to update without Start."""
        return (
            not isinstance(self.content, Video)
            and estimate.estimate_seconds(settings, self.build_inputs()) <= MAX_LIVE_SECONDS
        )

    def build_job(self, settings: ColorizeSettings) -> tuple[str, Settings, Inputs]:
        """Returns task, settings and inputs of the job that Start starts."""
        return video_input.build_job(TASK, settings, self.content, self.build_inputs())

    def list_needs(self, settings: ColorizeSettings) -> list[str]:
        """Returns the names of the weights that a run needs."""
        return [*backbone.list_needs(presets.find(settings.network)), *self.mask.needs]

    def show_start_preview(self, settings: ColorizeSettings) -> None:
        """Shows the photo, with one line below it that says what Start does."""
        content = self.content.get_file()
        height, width = image_io.read_upright_size(content.read())
        target = "every frame" if isinstance(self.content, Video) else f"{width:,} x {height:,} px"
        estimates.show_start(
            content, f"colors {target}", *self.build_job(settings), self.list_needs(settings)
        )


def ask() -> Request:
    """Asks for a photo or a video, an example photo and color hints."""
    if video_input.ask_kind() == "video":
        return Request(video_input.choose(TASK), _ask_example(), mask=mask_choice.ask(None))
    photos = samples.list_gray_photos()
    content = image_input.choose_image("content", "Photo", photos, offer_video=video_input.offer)
    example = _ask_example()
    with_hints = st.toggle("Color hints", key=COLOR_HINTS_KEY, bind="query-params", help=_COLOR_HINTS_HELP)
    hints = color_hint_brush.show_brush(content.get_file()) if with_hints else None
    return Request(content, example, hints, mask_choice.ask(content.get_file))


def _ask_example() -> Sample | None:
    photos = [photo for photo in samples.list_photos() if photo.title != samples.list_titles()[GRAY_PHOTO]]
    return image_input.choose_optional_image(
        "examples", "Example photo", photos, _EXAMPLE_HELP, "Your example"
    )


def list_networks() -> list[str]:
    """Returns the names of the networks to choose from."""
    own_networks = network_choice.filter_by_task(models.TASK, presets.list_own_names())
    return [SHIPPED_NETWORK, QUICK_NETWORK, *own_networks]


def ask_network() -> dict[str, Any]:
    """Asks for the network; returns its setting."""
    titles = {SHIPPED_NETWORK: "The studio's", QUICK_NETWORK: "Quick, no download"}
    titles = {name: titles.get(name, name) for name in list_networks()}
    return {"network": forms.ask_choice("Network", titles, key=NETWORK_KEY)}
