"""What the style page is asked for: a photo or a film, the styles, where they go, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.form import estimates, film_input, mask_input, painted_masks
from pages.form.film_input import Film
from pages.form.samples import Sample
from pages.jobs import jobs, live
from pages.style.refill import WEIGHED
from pages.widgets import words
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.style.house import known_styles
from studio.style.settings import TransferSettings

TASK = "style.transfer"
LARGE = 1024  # px: from here on even an instant result is too slow to follow a slider
PREVIEW, SMALL = 512, 256
_FINE = "style_fine"  # of the session: a fine result was asked for by the button below an instant one
NOTE = {
    "instant": "Draft, fine and finest are slower and truer to the style.",
    "draft": "Small instant preview of the draft",
    "fine": "Small instant preview of the fine result",
    "finest": "Small instant preview of the finest result, to be printed; Stop keeps what there is",
}


@dataclass(frozen=True)
class Wish:
    """What is to be painted.

    Attributes:
        content: a photo, or a film.
        styles: one to four.
        brushed: the masks that were painted by hand; none for no such.
    """

    content: Sample | Film
    styles: Sequence[Sample]
    brushed: Sequence[File] = ()

    @property
    def masks(self) -> Sequence[File]:
        """Where the styles go: by the brush, else as uploaded."""
        return self.brushed or mask_input.masks()

    @property
    def titles(self) -> tuple[object, ...]:
        """What tells one wish from another."""
        content = self.content.part if isinstance(self.content, Film) else self.content.title
        return content, [style.title for style in self.styles], self.masks

    def follows(self, settings: TransferSettings) -> bool:
        """Whether the very result follows the sliders, without a Start."""
        return settings.mode == "instant" and settings.size <= LARGE and not isinstance(self.content, Film)

    def at_home(self, settings: TransferSettings) -> TransferSettings:
        """The settings, with the names of house styles where those chosen are some and the mode can."""
        wanted = [(style.painting, style.network) for style in self.styles]
        network = known_styles.network_for(wanted) if settings.mode == "instant" else ""
        names = tuple(name for name, _ in wanted) if network else ()
        return settings.model_copy(update={"house": names, "network": network or known_styles.SHIPPED})

    def inputs(self, settings: TransferSettings) -> Inputs:
        """The files of a run. A sample may have to be drawn first, so ask for them only when needed."""
        drawn = [] if settings.house else [style.file() for style in self.styles]
        return {"content": [self.content.file()], "style": drawn, "mask": list(self.masks)}

    def job(
        self, settings: TransferSettings
    ) -> tuple[str, TransferSettings | film_input.FilmSettings, Inputs]:
        """What Start starts."""
        if isinstance(self.content, Film):
            return film_input.TASK, *film_input.film_task(TASK, settings, self.content, self.inputs(settings))
        return TASK, settings, self.inputs(settings)

    def each(self, settings: TransferSettings, photos: Sequence[File]) -> list[tuple[Settings, Inputs]]:
        """What is started where each of many photos takes the place of this one."""
        inputs = self.inputs(settings)
        return [(settings, {**inputs, "content": [photo]}) for photo in photos]

    def watched(self, settings: TransferSettings | None) -> Callable[[], None] | None:
        """Starts a small draft, to be looked at while it is made; None where there is nothing to start."""
        if settings is None or isinstance(self.content, Film):
            return None
        small = self.at_home(settings.model_copy(update={"mode": "draft", "size": SMALL}))
        return lambda: jobs.start(*self.job(small))

    def preview(self, settings: TransferSettings) -> tuple[TransferSettings, str]:
        """What follows the sliders, and what to say of it: the result itself, or a small one instead."""
        if self.follows(settings):
            return settings, NOTE["instant"] + self._mixed(settings)
        note = NOTE[settings.mode]
        if isinstance(self.content, Film):
            note = f"A preview of the first frame of {self.content.frames}"
        elif settings.mode == "instant":
            note = f"Small preview: above {LARGE:,} px a result does not follow the settings"
        change = {"mode": "instant", "size": min(settings.size, PREVIEW)}
        quick = self.at_home(settings.model_copy(update=change))
        return quick, note + estimates.cost_in_words(*self.job(settings)) + "." + self._mixed(settings)

    def whole(self, settings: TransferSettings) -> live.Whole:
        """What the preview is a preview of, and what starts it."""
        if isinstance(self.content, Film):
            label = "Make the video"
        else:
            mode = "" if settings.mode == "instant" else f" {settings.mode} result"
            label = f"Make the{mode or ' result'} at {settings.size:,} px"
        return live.Whole(label, lambda: jobs.start(*self.job(settings)))

    def _mixed(self, settings: TransferSettings) -> str:
        """Says so where house styles are mixed with what their network does not know."""
        if settings.mode != "instant" or settings.house or not any(style.network for style in self.styles):
            return ""
        return (
            " No single network of house styles knows all of these, so the instant one for any painting"
            " mixes them."
        )


def weights(styles: Sequence[Sample]) -> tuple[float, ...]:
    """A slider a style when there are several, all alike at first."""
    _follow([style.title for style in styles])
    if len(styles) < 2:
        return ()
    return tuple(
        st.slider(
            f"How much {words.plain(style.title)}",
            0.0,
            1.0,
            1.0,
            0.05,
            key=f"weight_{number}",
            bind="query-params",
        )
        for number, style in enumerate(styles, 1)
    )


def _follow(titles: list[str]) -> None:
    """Lets each style keep its own weight when one before it goes; the address knows them by their places."""
    before = st.session_state.get(WEIGHED, titles)
    st.session_state[WEIGHED] = titles
    if before == titles:
        return
    known = {title: st.session_state.get(f"weight_{n}", 1.0) for n, title in enumerate(before, 1)}
    for n, title in enumerate(titles, 1):
        st.session_state[f"weight_{n}"] = known.get(title, 1.0)


def brushed(content: Sample | Film, styles: Sequence[Sample]) -> list[File]:
    """The masks that a person paints; none with the brush put away, nothing painted, or a film."""
    help = "Paint on the photo where each style goes"
    if isinstance(content, Film) or not st.toggle("Brush", key="brush", bind="query-params", help=help):
        return []
    return painted_masks.mask_brush(content.file(), [style.title for style in styles])


def finer() -> None:
    """The button that starts the fine result of what is shown as an instant one."""
    help = "Slower, and truer to the style"
    st.button("Make a fine one", icon=":material/auto_awesome:", help=help, on_click=_fine)


def _fine() -> None:
    st.session_state["mode"] = "fine"  # the form then says what the job was asked for
    st.session_state[_FINE] = True


def is_fine_asked() -> bool:
    """Whether the button of `finer` was just pressed; true once."""
    return st.session_state.pop(_FINE, False)
