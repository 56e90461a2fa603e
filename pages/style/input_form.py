"""What the style page is asked for: a photo or a video, the styles, where they go, and what is shown of
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.form import estimates, mask_input, painted_masks, video_input
from pages.form.samples import Sample
from pages.form.video_input import Video
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
    "instant": "Draft, fine and finest are slower and closer to the style.",
    "draft": "Small instant preview of the draft",
    "fine": "Small instant preview of the fine result",
    "finest": "Small instant preview of the finest result, for printing; Stop keeps the result so far",
}


@dataclass(frozen=True)
class Wish:
    """What is to be painted.

    Attributes:
        content: a photo, or a video.
        styles: one to four.
        brushed: the masks that were painted by hand; none for no such.
    """

    content: Sample | Video
    styles: Sequence[Sample]
    brushed: Sequence[File] = ()

    @property
    def masks(self) -> Sequence[File]:
        """Where the styles go: by the brush, else as uploaded."""
        return self.brushed or mask_input.masks()

    @property
    def titles(self) -> tuple[object, ...]:
        """What tells one wish from another."""
        content = self.content.part if isinstance(self.content, Video) else self.content.title
        return content, [style.title for style in self.styles], self.masks

    def follows(self, settings: TransferSettings) -> bool:
        """Whether the very result follows the sliders, without a Start."""
        return settings.mode == "instant" and settings.size <= LARGE and not isinstance(self.content, Video)

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
    ) -> tuple[str, TransferSettings | video_input.VideoSettings, Inputs]:
        """What Start starts."""
        if isinstance(self.content, Video):
            return video_input.TASK, *video_input.video_task(
                TASK, settings, self.content, self.inputs(settings)
            )
        return TASK, settings, self.inputs(settings)

    def each(self, settings: TransferSettings, photos: Sequence[File]) -> list[tuple[Settings, Inputs]]:
        """What is started where each of many photos takes the place of this one."""
        inputs = self.inputs(settings)
        return [(settings, {**inputs, "content": [photo]}) for photo in photos]

    def watched(self, settings: TransferSettings | None) -> Callable[[], None] | None:
        """Starts a small draft, to be looked at while it is made; None where there is nothing to start."""
        if settings is None or isinstance(self.content, Video):
            return None
        small = self.at_home(settings.model_copy(update={"mode": "draft", "size": SMALL}))
        return lambda: jobs.start(*self.job(small))

    def preview(self, settings: TransferSettings) -> tuple[TransferSettings, str]:
        """What follows the sliders, and what to say of it: the result itself, or a small one instead."""
        if self.follows(settings):
            return settings, NOTE["instant"] + self._mixed(settings)
        note = NOTE[settings.mode]
        if isinstance(self.content, Video):
            note = f"Preview of the first of {self.content.frames} frames"
        elif settings.mode == "instant":
            note = f"Small preview: above {LARGE:,} px the result does not update automatically"
        change = {"mode": "instant", "size": min(settings.size, PREVIEW)}
        quick = self.at_home(settings.model_copy(update=change))
        return quick, note + estimates.cost_in_words(*self.job(settings)) + "." + self._mixed(settings)

    def whole(self, settings: TransferSettings) -> live.Whole:
        """What the preview is a preview of, and what starts it."""
        if isinstance(self.content, Video):
            label = "Make the video"
        else:
            mode = "" if settings.mode == "instant" else f" {settings.mode} result"
            label = f"Make the{mode or ' result'} at {settings.size:,} px"
        return live.Whole(label, lambda: jobs.start(*self.job(settings)))

    def _mixed(self, settings: TransferSettings) -> str:
        """Says so where house styles are mixed with what their network does not know."""
        if settings.mode != "instant" or settings.house or not any(style.network for style in self.styles):
            return ""
        return " No single network of house styles knows all of these, so AdaIN mixes them."


def weights(styles: Sequence[Sample]) -> tuple[float, ...]:
    """A slider a style when there are several, all alike at first."""
    _follow([style.title for style in styles])
    if len(styles) < 2:
        return ()
    return tuple(
        st.slider(
            f"Weight of {words.plain(style.title)}",
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


def brushed(content: Sample | Video, styles: Sequence[Sample]) -> list[File]:
    """The masks that a user paints; none with the brush put away, nothing painted, or a video."""
    help = "Paint on the photo where each style goes"
    if isinstance(content, Video) or not st.toggle("Brush", key="brush", bind="query-params", help=help):
        return []
    return painted_masks.mask_brush(content.file(), [style.title for style in styles])


def finer() -> None:
    """The button that starts the fine result of what is shown as an instant one."""
    help = "Slower, and closer to the style"
    st.button("Make a fine result", icon=":material/auto_awesome:", help=help, on_click=_fine)


def _fine() -> None:
    st.session_state["mode"] = "fine"  # the form then says what the job was asked for
    st.session_state[_FINE] = True


def is_fine_asked() -> bool:
    """Whether the button of `finer` was just pressed; true once."""
    return st.session_state.pop(_FINE, False)
