"""What the page that colours is asked for: a photo or a film, an example, dabs, and by which network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.colour import dab_brush
from pages.form import estimates, film_input, network_choice, picture_input, samples
from pages.form.film_input import Film
from pages.form.samples import Sample
from pages.widgets import browser_pictures, words
from studio.colour import estimate, models
from studio.colour.settings import SHIPPED, ColourSettings
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.pictures import images
from studio.core.pictures.sample_photos import GRAY_ALREADY
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

TASK = "colour.picture"
NETWORK, DABS = "colour_network", "dabs_on"
LONGEST = 3.0  # s on two cores: what takes longer is a job
NOTE = "a colouring, not the true one"
_EXAMPLE = "Its colours are taken up, for places about as light"
_DABS = "Say with a brush what has which colour"


@dataclass(frozen=True)
class Wish:
    """What is to be coloured: a photo, or every frame of a film.

    Attributes:
        content: it.
        example: a photo whose colours are liked.
        dabs: colours that a person painted onto the photo.
    """

    content: Sample | Film
    example: Sample | None = None
    dabs: File | None = None

    @property
    def titles(self) -> object:
        """What tells one wish from another."""
        content = self.content.part if isinstance(self.content, Film) else self.content.title
        return content, self.example and self.example.title, self.dabs

    def inputs(self) -> Inputs:
        """The files of a run on a photo, or on the first frame."""
        return {
            "content": [self.content.file()],
            "dabs": [self.dabs] if self.dabs else [],
            "examples": [self.example.file()] if self.example else [],
        }

    def problem(self, settings: ColourSettings) -> str:
        """Why this cannot be coloured; "" if it can."""
        try:
            tasks.check(*self.job(settings))
        except StudioError as error:
            return str(error)
        return ""

    def follows(self, settings: ColourSettings) -> bool:
        """Whether the very result follows the sliders, without a Start."""
        return not isinstance(self.content, Film) and estimate.usual(settings, self.inputs()) <= LONGEST

    def job(self, settings: ColourSettings) -> tuple[str, Settings, Inputs]:
        """What Start starts."""
        if isinstance(self.content, Film):
            return film_input.TASK, *film_input.film_task(TASK, settings, self.content, self.inputs())
        return TASK, settings, self.inputs()

    def before_start(self, settings: ColourSettings) -> None:
        """Shows the photo, with one line below it that says what Start will make of it."""
        browser_pictures.content(self.content.file())
        height, width = images.size(self.content.file().read())
        of = "every frame" if isinstance(self.content, Film) else f"{width:,} x {height:,} px"
        st.markdown(f"**Start** colours {of}{estimates.cost_in_words(*self.job(settings))}.")


def show_problem(wish: Wish, problem: str) -> None:
    """Shows the photo, and why it cannot be coloured as asked."""
    browser_pictures.content(wish.content.file())
    st.warning(words.plain(problem), icon=":material/palette:")


def wish() -> Wish:
    """Asks for a photo or a film, and for what its colours shall be like."""
    if film_input.ask_kind():
        return Wish(film_input.choose(), _example())
    content = picture_input.picture("content", "Photo", samples.gray_photos())
    example = _example()
    on = st.toggle("Dabs of colour", key=DABS, bind="query-params", help=_DABS)
    return Wish(content, example, dab_brush.dab_brush(content.file()) if on else None)


def _example() -> Sample | None:
    offered = [photo for photo in samples.photos() if photo.title != samples.titles()[GRAY_ALREADY]]
    return picture_input.optional("examples", "Example photo", offered, _EXAMPLE, "Your example")


def networks() -> list[str]:
    """The networks that may be chosen."""
    return network_choice.networks(SHIPPED, models.TASK)


def network() -> dict[str, Any]:
    """Asks which of them, where there are several; gives the value of that setting."""
    return network_choice.ask(SHIPPED, models.TASK, key=NETWORK)
