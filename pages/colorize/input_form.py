"""Inputs of the Colorize page: photo or video, example, color hints and network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.colorize import color_hint_brush
from pages.form import estimates, image_input, network_choice, samples, video_input
from pages.form.samples import Sample
from pages.form.video_input import Video
from pages.widgets import browser_images, words
from studio.colorize import estimate, models
from studio.colorize.settings import SHIPPED, ColorizeSettings
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.imaging.sample_photos import GRAY_PHOTO
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

TASK = "colorize.apply"
NETWORK_KEY, COLOR_HINTS_KEY = "color_network", "color_hints_on"
MAX_LIVE_SECONDS = 3.0  # s on two cores: longer runs need Start
NOTE = "a coloring, not the true one"
_EXAMPLE_HELP = "Its colors are reused in areas of similar lightness"
_COLOR_HINTS_HELP = "Paint the colors that you know onto the photo"


@dataclass(frozen=True)
class Request:
    """Inputs of a colorization.

    Attributes:
        content: a photo, or a video whose frames are colorized one by one.
        example: a photo whose colors are reused; None without one.
        color_hints: colors that the user painted onto the photo; None without any.
    """

    content: Sample | Video
    example: Sample | None = None
    color_hints: File | None = None

    @property
    def titles(self) -> object:
        """Identifies the request: equal for equal inputs."""
        content = self.content.part if isinstance(self.content, Video) else self.content.title
        return content, self.example and self.example.title, self.color_hints

    def inputs(self) -> Inputs:
        """Returns the input files of a run on the photo, or on the first frame."""
        return {
            "content": [self.content.file()],
            "color_hints": [self.color_hints] if self.color_hints else [],
            "examples": [self.example.file()] if self.example else [],
        }

    def problem(self, settings: ColorizeSettings) -> str:
        """Returns why the request cannot be colorized, or ""."""
        try:
            tasks.check(*self.job(settings))
        except StudioError as error:
            return str(error)
        return ""

    def is_live(self, settings: ColorizeSettings) -> bool:
        """Returns whether the result itself is fast enough to update without Start."""
        return not isinstance(self.content, Video) and estimate.estimate_seconds(settings, self.inputs()) <= MAX_LIVE_SECONDS

    def job(self, settings: ColorizeSettings) -> tuple[str, Settings, Inputs]:
        """Returns task, settings and inputs of the job that Start starts."""
        if isinstance(self.content, Video):
            return video_input.TASK, *video_input.video_task(TASK, settings, self.content, self.inputs())
        return TASK, settings, self.inputs()

    def before_start(self, settings: ColorizeSettings) -> None:
        """Shows the photo, with one line below it that says what Start does."""
        browser_images.content(self.content.file())
        height, width = image_io.read_size(self.content.file().read())
        target = "every frame" if isinstance(self.content, Video) else f"{width:,} x {height:,} px"
        st.markdown(f"**Start** colors {target}{estimates.cost_in_words(*self.job(settings))}.")


def show_problem(request: Request, problem: str) -> None:
    """Shows the photo, and why it cannot be colorized."""
    browser_images.content(request.content.file())
    st.warning(words.plain(problem), icon=":material/palette:")


def ask() -> Request:
    """Asks for a photo or a video, an example photo and color hints."""
    if video_input.ask_kind():
        return Request(video_input.choose(), _ask_example())
    content = image_input.image("content", "Photo", samples.gray_photos())
    example = _ask_example()
    with_hints = st.toggle("Color hints", key=COLOR_HINTS_KEY, bind="query-params", help=_COLOR_HINTS_HELP)
    return Request(
        content, example, color_hint_brush.show_brush(content.file()) if with_hints else None
    )


def _ask_example() -> Sample | None:
    photos = [photo for photo in samples.photos() if photo.title != samples.titles()[GRAY_PHOTO]]
    return image_input.optional("examples", "Example photo", photos, _EXAMPLE_HELP, "Your example")


def list_networks() -> list[str]:
    """Returns the names of the networks to choose from."""
    return network_choice.networks(SHIPPED, models.TASK)


def ask_network() -> dict[str, Any]:
    """Asks for the network if there are several; returns its setting."""
    return network_choice.ask(SHIPPED, models.TASK, key=NETWORK_KEY)
