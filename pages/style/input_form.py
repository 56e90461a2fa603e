"""Inputs of the style page: photo or video, styles and their masks, and the preview of the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.form import estimates, mask_brush, mask_choice, mask_input, problems, seeds, video_input
from pages.form.samples import Sample
from pages.form.video_input import Video
from pages.jobs import jobs, live
from pages.style.refill import WEIGHTS_TITLES_KEY
from pages.widgets import words
from studio.core import amounts
from studio.core.imaging import image_io
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.style.house import known_styles
from studio.style.settings import TransferSettings

TASK = "style.transfer"
MAX_LIVE_SIZE = 1024  # px: above this an instant result is too slow to update with a slider
PREVIEW_SIZE, DRAFT_SIZE = 512, 256
_FINE_KEY = "style_fine"  # of the session: the button for a fine result was clicked
NOTES = {
    "instant": "Draft, fine and finest are slower and closer to the style.",
    "draft": "Small instant preview of the draft",
    "fine": "Small instant preview of the fine result",
    "finest": "Small instant preview of the finest result, for printing; Stop keeps the result so far",
}


@dataclass(frozen=True)
class Request:
    """Inputs of a style transfer.

    Attributes:
        content: a photo or a video.
        styles: one to four.
        brush_masks: masks that the user painted; empty for none.
        selections: what each style goes to, see `mask_choice`; empty for the whole photo, or with masks.
    """

    content: Sample | Video
    styles: Sequence[Sample]
    brush_masks: Sequence[File] = ()
    selections: tuple[str, ...] = ()

    @property
    def masks(self) -> Sequence[File]:
        """The painted masks, else the uploaded ones."""
        return self.brush_masks or mask_input.restore_masks()

    @property
    def identity(self) -> tuple[object, ...]:
        """Identifies the request: equal for equal inputs."""
        styles = [style.identity for style in self.styles]
        return self.content.identity, styles, self.masks, self.selections

    def check(self, settings: TransferSettings) -> bool:
        """Returns whether the request can be run; if not, notes why."""
        styles, masks = len(self.styles), len(self.masks)
        if masks not in (0, styles):
            counts = f"{amounts.format_count(masks, 'mask')} for {amounts.format_count(styles, 'style')}"
            step = "Add the missing ones" if masks < styles else "Choose as many styles"
            verb = "is" if masks == 1 else "are"
            problems.note(f"There {verb} {counts}. {step}, or remove the masks under More.")
            return False
        return problems.check(*self.build_job(settings))

    def is_live(self, settings: TransferSettings) -> bool:
        """Returns whether the result itself is fast enough to update without Start."""
        return (
            settings.mode == "instant"
            and settings.size <= MAX_LIVE_SIZE
            and not isinstance(self.content, Video)
        )

    def with_house_styles(self, settings: TransferSettings) -> TransferSettings:
        """Returns the settings with house styles, if the mode is instant and one network has all styles."""
        names = [(style.painting, style.network) for style in self.styles]
        network = known_styles.find_shared_network(names) if settings.mode == "instant" else ""
        house = tuple(name for name, _ in names) if network else ()
        return settings.model_copy(
            update={"house": house, "network": network or known_styles.SHIPPED_NETWORK}
        )

    def build_inputs(self, settings: TransferSettings) -> Inputs:
        """Returns the input files of a run. Call it only when needed: it may have to create a sample."""
        styles = [] if settings.house else [style.get_file() for style in self.styles]
        return {"content": [self.content.get_file()], "style": styles, "mask": list(self.masks)}

    def build_job(self, settings: TransferSettings) -> tuple[str, Settings, Inputs]:
        """Returns task, settings and inputs of the job that Start starts."""
        return video_input.build_job(TASK, settings, self.content, self.build_inputs(settings))

    def build_jobs(self, settings: TransferSettings, photos: Sequence[File]) -> list[tuple[Settings, Inputs]]:
        """Returns settings and inputs of one job per photo, each in place of the content."""
        inputs = self.build_inputs(settings)
        return [(settings, {**inputs, "content": [photo]}) for photo in photos]

    def has_variants(self, settings: TransferSettings) -> bool:
        """Returns whether another seed gives another image."""
        return settings.draws_at_random and not isinstance(self.content, Video)

    def build_draft(self, settings: TransferSettings) -> tuple[str, TransferSettings, Inputs]:
        """Returns task, settings and inputs of a small draft."""
        small = self.with_house_styles(settings.model_copy(update={"mode": "draft", "size": DRAFT_SIZE}))
        return TASK, small, self.build_inputs(small)

    def make_draft_starter(self, settings: TransferSettings | None) -> Callable[[], None] | None:
        """Returns a function that starts a small draft to watch; None without settings or for a video."""
        if settings is None or isinstance(self.content, Video):
            return None
        return lambda: jobs.start(*self.build_draft(settings))

    def make_preview(self, settings: TransferSettings) -> tuple[TransferSettings, str]:
        """Returns the settings of the live result, or of a small preview of it, and a note on it."""
        if self.is_live(settings):
            return settings, NOTES["instant"] + self._adain_note(settings) + self._size_note(settings)
        note = NOTES[settings.mode]
        if isinstance(self.content, Video):
            note = f"Preview of the first of {self.content.frames} frames"
        elif settings.mode == "instant":
            note = f"Small preview: above {MAX_LIVE_SIZE:,} px the result does not update automatically"
        # An instant result has no randomness: one seed lets all previews of this form share a result.
        change = {"mode": "instant", "size": min(settings.size, PREVIEW_SIZE), "seed": 0}
        preview_settings = self.with_house_styles(settings.model_copy(update=change))
        return preview_settings, note + estimates.describe_cost(
            *self.build_job(settings)
        ) + "." + self._adain_note(settings) + self._size_note(settings)

    def make_full_size(self, settings: TransferSettings) -> live.FullSize:
        """Returns label and callback of the button that makes the full result of a preview."""
        if isinstance(self.content, Video):
            label = "Make the video"
        else:
            mode = "" if settings.mode == "instant" else f" {settings.mode} result"
            label = f"Make the{mode or ' result'} at {settings.size:,} px"
        return live.FullSize(label, lambda: jobs.start(*self.build_job(settings)))

    def _size_note(self, settings: TransferSettings) -> str:
        """Returns a note if a narrow photo gets a longer side than asked for, else ""."""
        sides = image_io.read_upright_size(self.content.get_file().read())
        height, width = image_io.fitted_size(*sides, settings.size)
        if max(height, width) == settings.size:
            return ""
        shorter = f"The shorter side has at least {image_io.MIN_SIDE} px"
        return f" {shorter}, so the result has {width:,} x {height:,} px."

    def _adain_note(self, settings: TransferSettings) -> str:
        """Returns a note if house styles are mixed with styles that their network does not have, else ""."""
        if settings.mode != "instant" or settings.house or not any(style.network for style in self.styles):
            return ""
        return " No single network of house styles knows all of these, so AdaIN mixes them."


def draw_weight_sliders(styles: Sequence[Sample]) -> tuple[float, ...]:
    """Draws a slider per style if there are several, all 1 at first; returns the weights."""
    _move_weights([style.title for style in styles])
    if len(styles) < 2:
        return ()
    return tuple(
        st.slider(
            f"Weight of {words.escape(style.title)}",
            0.0,
            1.0,
            1.0,
            0.05,
            key=f"weight_{number}",
            bind="query-params",
        )
        for number, style in enumerate(styles, 1)
    )


def _move_weights(titles: list[str]) -> None:
    """Keeps the weight of each style when its position changes; session keys number them by position."""
    previous_titles = st.session_state.get(WEIGHTS_TITLES_KEY, titles)
    st.session_state[WEIGHTS_TITLES_KEY] = titles
    if previous_titles == titles:
        return
    weights_by_title = {
        title: st.session_state.get(f"weight_{n}", 1.0) for n, title in enumerate(previous_titles, 1)
    }
    for n, title in enumerate(titles, 1):
        st.session_state[f"weight_{n}"] = weights_by_title.get(title, 1.0)


def ask_request(content: Sample | Video, styles: Sequence[Sample]) -> Request:
    """Asks where each style goes: painted with the brush, or selected. Returns the request."""
    titles, help = [style.title for style in styles], "Paint on the photo where each style goes"
    if not isinstance(content, Video) and st.toggle("Brush", key="brush", bind="query-params", help=help):
        return Request(content, styles, mask_brush.ask_masks(content.get_file(), titles))
    if mask_input.restore_masks():
        return Request(content, styles)
    return Request(content, styles, selections=mask_choice.ask_for_styles(titles))


def list_needs(settings: TransferSettings) -> tuple[str, ...]:
    """Returns the names of the weights that an instant result needs."""
    selections = (*settings.mask, *(["face"] if settings.preserve_faces else []))
    return (*(() if settings.house else ("adain",)), *mask_choice.list_needs(selections))


def draw_fine_button() -> None:
    """Draws the button that repeats the instant result in fine mode."""
    help = "Optimizes the image for this style: slower, but closer to the style image"
    st.button("Make a fine result", icon=":material/auto_awesome:", help=help, on_click=_start_fine_mode)


def _start_fine_mode() -> None:
    st.session_state["mode"] = "fine"  # The form must show the mode of the job.
    st.session_state[_FINE_KEY] = True
    seeds.draw_unless_kept()


def pop_fine_request() -> bool:
    """Returns whether the button of `draw_fine_button` was just clicked; true once."""
    return st.session_state.pop(_FINE_KEY, False)
