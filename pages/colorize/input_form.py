"""What the page that colors is asked for: a photo or a video, an example, color hints, and by which
network.
"""

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
from studio.core.imaging.sample_photos import GRAY_ALREADY
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

TASK = "colorize.apply"
NETWORK, COLOR_HINTS = "color_network", "color_hints_on"
LONGEST = 3.0  # s on two cores: what takes longer is a job
NOTE = "a coloring, not the true one"
_EXAMPLE = "Its colors are reused in areas of similar lightness"
_COLOR_HINTS = "Paint the colors that you know onto the photo"


@dataclass(frozen=True)
class Wish:
    """What is to be colored: a photo, or every frame of a video.

    Attributes:
        content: it.
        example: a photo whose colors are liked.
        color_hints: colors that a user painted onto the photo.
    """

    content: Sample | Video
    example: Sample | None = None
    color_hints: File | None = None

    @property
    def titles(self) -> object:
        """What tells one wish from another."""
        content = self.content.part if isinstance(self.content, Video) else self.content.title
        return content, self.example and self.example.title, self.color_hints

    def inputs(self) -> Inputs:
        """The files of a run on a photo, or on the first frame."""
        return {
            "content": [self.content.file()],
            "color_hints": [self.color_hints] if self.color_hints else [],
            "examples": [self.example.file()] if self.example else [],
        }

    def problem(self, settings: ColorizeSettings) -> str:
        """Why this cannot be colored; "" if it can."""
        try:
            tasks.check(*self.job(settings))
        except StudioError as error:
            return str(error)
        return ""

    def follows(self, settings: ColorizeSettings) -> bool:
        """Whether the very result follows the sliders, without a Start."""
        return not isinstance(self.content, Video) and estimate.usual(settings, self.inputs()) <= LONGEST

    def job(self, settings: ColorizeSettings) -> tuple[str, Settings, Inputs]:
        """What Start starts."""
        if isinstance(self.content, Video):
            return video_input.TASK, *video_input.video_task(TASK, settings, self.content, self.inputs())
        return TASK, settings, self.inputs()

    def before_start(self, settings: ColorizeSettings) -> None:
        """Shows the photo, with one line below it that says what Start will make of it."""
        browser_images.content(self.content.file())
        height, width = image_io.size(self.content.file().read())
        of = "every frame" if isinstance(self.content, Video) else f"{width:,} x {height:,} px"
        st.markdown(f"**Start** colors {of}{estimates.cost_in_words(*self.job(settings))}.")


def show_problem(wish: Wish, problem: str) -> None:
    """Shows the photo, and why it cannot be colored as asked."""
    browser_images.content(wish.content.file())
    st.warning(words.plain(problem), icon=":material/palette:")


def wish() -> Wish:
    """Asks for a photo or a video, and for what its colors shall be like."""
    if video_input.ask_kind():
        return Wish(video_input.choose(), _example())
    content = image_input.image("content", "Photo", samples.gray_photos())
    example = _example()
    on = st.toggle("Color hints", key=COLOR_HINTS, bind="query-params", help=_COLOR_HINTS)
    return Wish(content, example, color_hint_brush.color_hint_brush(content.file()) if on else None)


def _example() -> Sample | None:
    offered = [photo for photo in samples.photos() if photo.title != samples.titles()[GRAY_ALREADY]]
    return image_input.optional("examples", "Example photo", offered, _EXAMPLE, "Your example")


def networks() -> list[str]:
    """The networks that may be chosen."""
    return network_choice.networks(SHIPPED, models.TASK)


def network() -> dict[str, Any]:
    """Asks which of them, where there are several; gives the value of that setting."""
    return network_choice.ask(SHIPPED, models.TASK, key=NETWORK)
