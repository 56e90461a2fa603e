"""What the page that enhances is asked for: a photo or a video, and by which networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import estimates, image_input, network_choice, samples, video_input
from pages.form.samples import Sample
from pages.form.video_input import Video
from pages.widgets import browser_images, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.models.presets import Preset
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.enhance import estimate, models
from studio.enhance.damage import GOOD_QUALITY, LEAST_NOISE, Damage, measured
from studio.enhance.settings import CLEAN, CLEANER, ENLARGE, SHIPPED, EnhanceSettings

TASK = "enhance.enlarge"
NETWORK, CLEANS = "enhance_network", "enhance_cleaner"
LONGEST = 4.0  # s on two cores: what takes longer is a job
MOST_PIXELS = 4e6  # of a result that follows the sliders


@dataclass(frozen=True)
class Wish:
    """What is to be enhanced: a photo, or every frame of a video."""

    content: Sample | Video

    @property
    def titles(self) -> object:
        """What tells one wish from another."""
        return self.content.part if isinstance(self.content, Video) else self.content.title

    def inputs(self) -> Inputs:
        """The files of a run on a photo, or on the first frame."""
        return {"content": [self.content.file()]}

    def follows(self, settings: EnhanceSettings) -> bool:
        """Whether the very result follows the sliders, without a Start."""
        if isinstance(self.content, Video) or (settings.scale == 1 and not settings.cleans):
            return False
        inputs = self.inputs()
        height, width = image_io.size(inputs["content"][0].read())
        small = height * width * settings.scale**2 <= MOST_PIXELS
        return small and estimate.usual(settings, inputs) <= LONGEST

    def job(self, settings: EnhanceSettings) -> tuple[str, Settings, Inputs]:
        """What Start starts."""
        if isinstance(self.content, Video):
            return video_input.TASK, *video_input.video_task(TASK, settings, self.content, self.inputs())
        return TASK, settings, self.inputs()

    def before_start(self, settings: EnhanceSettings) -> None:
        """Shows the photo, with one line below it that says what Start will make of it, or why it cannot."""
        browser_images.content(self.content.file())
        asked = self.job(settings)
        try:
            tasks.check(*asked)
        except StudioError as error:
            st.warning(words.plain(str(error)), icon=":material/straighten:")
            return
        of = " of every frame" if isinstance(self.content, Video) else ""
        cost = estimates.cost_in_words(*asked)
        st.markdown(f"**Start** makes {self.size_in_words(settings)}{of}{cost}.")

    def size_in_words(self, settings: EnhanceSettings) -> str:
        """How large the result is: "1,024 x 768 px"."""
        height, width = (side * settings.scale for side in image_io.size(self.content.file().read()))
        return f"{width:,} x {height:,} px"


def content() -> Wish:
    """Asks for a photo or a video."""
    if video_input.ask_kind():
        return Wish(video_input.choose())
    return Wish(image_input.image("content", "Photo", samples.photos()))


def beside(wish: Wish) -> dict[str, Any]:
    """Says what is wrong with the photo, and asks which networks work, where there are several; gives the
    values of those settings."""
    if isinstance(wish.content, Sample):
        st.caption(damage_in_words(_measured(wish.content.file()), is_clean=st.session_state["clean"]))
    return {
        "network": network_choice.one_of(networks(ENLARGE), key=NETWORK),
        "cleaner": network_choice.one_of(networks(CLEAN), key=CLEANS, label="Denoising network"),
    }


def networks(to: str) -> list[str]:
    """The networks that may be chosen to enlarge, or to clean."""

    def fits(preset: Preset) -> bool:
        return getattr(preset.settings(), "to", "") == to

    return network_choice.networks(SHIPPED if to == ENLARGE else CLEANER, models.TASK, fits)


def damage_in_words(found: Damage, is_clean: bool) -> str:
    """Describes the damage of a photo, and how to remove it or to keep the photo as it is.

    Args:
        is_clean: whether **Clean** is on.
    """
    noisy, blocky = found.noise >= LEAST_NOISE, found.quality < GOOD_QUALITY
    noise = f"noise of {found.noise:.0f} levels" if noisy else "almost no noise"
    file = f", JPEG quality {found.quality:.0f}" if found.quality < 100 else ""
    sentences = [f"Detected in this photo: {noise}{file}."]
    if (noisy or blocky) and not is_clean:
        sentences.append("Turn on **Clean** to remove it.")
    elif noisy or blocky:
        sentences.append("**Clean** removes it; turn **Clean** off to keep the photo as it is.")
        if blocky:  # compression smooths the fine detail that the noise is measured in
            sentences.append("JPEG compression hides noise: if some is left, set **Noise** under **More**.")
    return " ".join(sentences)


def _measured(file: File) -> Damage:
    return _measured_once(file.digest, file)


@st.cache_data(max_entries=16, show_spinner=False)
def _measured_once(digest: str, _file: File) -> Damage:  # noqa: ARG001 - the key of the cache
    data = _file.read()
    return measured(data, image_io.read(data))
