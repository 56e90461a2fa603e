"""Inputs of the Enhance page: photo or video, and the networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.form import estimates, image_input, mask_choice, network_choice, samples, video_input
from pages.form.mask_choice import Mask
from pages.form.samples import Sample
from pages.form.video_input import Video
from studio.core.imaging import image_io
from studio.core.models.presets import Preset
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.enhance import estimate, models
from studio.enhance.damage import GOOD_QUALITY, MIN_NOISE, Damage, measure_damage
from studio.enhance.settings import CLEAN, ENLARGE, SHIPPED_CLEANER, SHIPPED_ENLARGER, EnhanceSettings
from studio.enhance.sizes import compute_size

TASK = "enhance.enlarge"
NETWORK_KEY, CLEANER_KEY = "enhance_network", "enhance_cleaner"
MAX_LIVE_SECONDS = 4.0  # s on two cores: longer runs need Start
MAX_LIVE_PIXELS = 4e6  # largest live result


@dataclass(frozen=True)
class Request:
    """A photo, or a video whose frames are enhanced one by one; and the mask of the part to enhance."""

    content: Sample | Video
    mask: Mask = field(default_factory=Mask)

    @property
    def identity(self) -> object:
        """Identifies the request: equal for equal inputs."""
        return self.content.identity, self.mask

    def build_inputs(self) -> Inputs:
        """Returns the input files of a run on the photo, or on the first frame."""
        return {"content": [self.content.get_file()], "mask": list(self.mask.files)}

    def is_live(self, settings: EnhanceSettings) -> bool:
        """Returns whether the result itself is fast enough to update without Start."""
        if isinstance(self.content, Video) or settings.mode == "texture":
            return False
        inputs = self.build_inputs()
        height, width = self.compute_size(settings)
        return (
            height * width <= MAX_LIVE_PIXELS
            and estimate.estimate_seconds(settings, inputs) <= MAX_LIVE_SECONDS
        )

    def build_job(self, settings: EnhanceSettings) -> tuple[str, Settings, Inputs]:
        """Returns task, settings and inputs of the job that Start starts."""
        return video_input.build_job(TASK, settings, self.content, self.build_inputs())

    def show_start_preview(self, settings: EnhanceSettings) -> None:
        """Shows the photo, with one line below it that says what Start does."""
        frames = " of every frame" if isinstance(self.content, Video) else ""
        weights = (settings.for_frames() if frames else settings).texture_weights
        texture = " with invented detail" if weights else ""
        estimates.show_start(
            self.content.get_file(),
            f"makes {self.describe_size(settings)}{frames}{texture}",
            *self.build_job(settings),
            [*([weights] if weights else []), *self.mask.needs],
        )

    def describe_size(self, settings: EnhanceSettings) -> str:
        """Returns the size of the result, e.g. "1,024 x 768 px"."""
        height, width = self.compute_size(settings)
        return f"{width:,} x {height:,} px"

    def compute_size(self, settings: EnhanceSettings) -> tuple[int, int]:
        """Returns the height and width of the result in px. Raises as `studio.enhance.sizes.compute_size`."""
        return compute_size(settings, *image_io.read_upright_size(self.content.get_file().read()))


def ask() -> Request:
    """Asks for a photo or a video."""
    if video_input.ask_kind() == "video":
        return Request(video_input.choose(TASK), mask_choice.ask(None))
    photos = samples.list_photos()
    content = image_input.choose_image("content", "Photo", photos, offer_video=video_input.offer)
    return Request(content, mask_choice.ask(content.get_file))


def choose_fields() -> dict[str, Any]:
    """Returns which settings `forms.ask_settings` skips, folds and unfolds in the chosen mode.

    Before the widget of the mode is drawn for the first time, the mode is only in the address.
    """
    mode = st.session_state.get("mode", st.query_params.get("mode", "").lower())
    networks = ("network", "cleaner")
    if mode != "texture":
        return {"skip": (*networks, "texture_strength", "texture_network")}
    return {"skip": networks, "fold": ("sharpness",), "unfold": ("texture_strength",)}


def ask_networks(request: Request) -> dict[str, Any]:
    """Describes the damage of the photo, asks for the networks if there are several, and returns their
    settings.
    """
    if isinstance(request.content, Sample):
        file = request.content.get_file()
        st.caption(describe_damage(_measure_damage(file.digest, file), is_clean=st.session_state["clean"]))
    return {
        "network": network_choice.choose(list_networks(ENLARGE), key=NETWORK_KEY),
        "cleaner": network_choice.choose(list_networks(CLEAN), key=CLEANER_KEY, label="Denoising network"),
    }


def list_networks(to: str) -> list[str]:
    """Returns the names of the networks for ENLARGE or CLEAN."""

    def fits(preset: Preset) -> bool:
        return getattr(preset.read_settings(), "to", "") == to

    return network_choice.list_networks(
        SHIPPED_ENLARGER if to == ENLARGE else SHIPPED_CLEANER, models.TASK, fits
    )


def describe_damage(damage: Damage, is_clean: bool) -> str:
    """Describes the damage of a photo, and how to remove it or to keep the photo as it is.

    Args:
        damage: noise and JPEG quality that were measured.
        is_clean: whether **Clean** is on.
    """
    is_noisy, is_blocky = damage.noise >= MIN_NOISE, damage.quality < GOOD_QUALITY
    noise = f"noise of {damage.noise:.0f} levels" if is_noisy else "almost no noise"
    file = f", JPEG quality {damage.quality:.0f}" if damage.quality < 100 else ""
    sentences = [f"Detected in this photo: {noise}{file}."]
    if (is_noisy or is_blocky) and not is_clean:
        sentences.append("Turn on **Clean** to remove it.")
    elif is_noisy or is_blocky:
        sentences.append("**Clean** removes it; turn **Clean** off to keep the photo as it is.")
        if is_blocky:  # Compression removes the fine detail in which noise is measured.
            sentences.append("JPEG compression hides noise: if some is left, set **Noise** under **More**.")
    return " ".join(sentences)


@st.cache_data(max_entries=16, show_spinner=False)
def _measure_damage(digest: str, _file: File) -> Damage:  # noqa: ARG001 - the key of the cache
    data = _file.read()
    return measure_damage(data, image_io.read(data))
