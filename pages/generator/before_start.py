"""Before training starts: the images as the model gets them, notes on them, and the expected time."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.form import (
    corrected_sets,
    data_set_preview,
    data_set_reader,
    estimates,
    problems,
    tfds_input,
)
from pages.form.data_set_reader import ReadRequest
from pages.form.training_images import CHOOSER
from pages.generator import near_duplicates
from pages.generator.input_form import VGG16, VGG16_SETTINGS, GeneratorSettings
from pages.widgets import weight_downloads, words
from studio.core import amounts, data, tasks
from studio.core.data import ImageDataset, repeated_images
from studio.core.errors import StudioError
from studio.core.generators import MIN_IMAGES
from studio.core.metrics import comparison
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.dcgan.settings import TrainDcganSettings

FEW_IMAGES = 500  # images; with fewer, a model mostly memorizes them


def make_read_request(file: File, settings: GeneratorSettings) -> ReadRequest:
    """Returns the request to read the images that a training run with these settings uses."""
    return ReadRequest(file, settings.size, settings.channels, MIN_IMAGES)


def show(task: str, inputs: Inputs, settings: GeneratorSettings) -> bool:
    """Shows the images, or an error; returns whether training can start."""
    (file,) = inputs["data"]
    corrected_sets.show_changes(file, CHOOSER)  # before the check, so that "Undo" works if too few are left
    try:
        tasks.check(task, settings, inputs)
    except StudioError as error:
        problems.show(str(error))
        return False
    missing_bytes = data.count_download_bytes(file)
    if missing_bytes is not None:
        st.markdown(
            f"**{words.escape(file.name)}** is not on this machine yet. "
            f"**{words.escape(make_start_label(file))}** "
            f"fetches it first, {tfds_input.describe_download(missing_bytes)}, and keeps it. Then it "
            f"trains a generator "
            f"on it{estimates.describe_cost(task, settings, inputs)}."
        )
        st.caption("Its images then appear here. **Stop** waits for the fetch to end.")
        _announce_downloads(settings)
        return True
    dataset_and_duplicates = data_set_reader.read(make_read_request(file, settings), repeated_images.find)
    if dataset_and_duplicates is None:
        return False
    dataset, duplicates = dataset_and_duplicates
    st.markdown(
        f"**{len(dataset.names):,} images**, {data_set_preview.describe_sides(dataset)} along the shorter "
        f"side. "
        "**Train** trains a generator of "
        f"similar images{estimates.describe_cost(task, settings, inputs)}."
    )
    if isinstance(settings, TrainDcganSettings):
        st.caption(_describe_vgg16_discriminator(task, inputs, settings))
    caption = f"As the model gets them: the central square of each, {settings.size} × {settings.size} px"
    data_set_preview.show(dataset, caption, _list_notes(dataset, settings.size))
    near_duplicates.show(file, dataset, duplicates)
    _announce_downloads(settings)
    return True


def make_start_label(file: File) -> str:
    """Returns the label of the start button, which names a data set that must be downloaded first."""
    missing_bytes = data.count_download_bytes(file)
    return "Train" if missing_bytes is None else f"Fetch {data.command_name(file)} and train"


def _announce_downloads(settings: GeneratorSettings) -> None:
    uses_vgg16 = any(getattr(settings, name, 0) for name in ("vgg16_discriminator", "perceptual"))
    needed = VGG16 if uses_vgg16 else ()
    weight_downloads.announce_downloads([*needed, *(comparison.WEIGHTS if settings.scored else ())])


def _describe_vgg16_discriminator(task: str, inputs: Inputs, settings: TrainDcganSettings) -> str:
    """Returns a sentence about the VGG16-feature discriminator, its benefit and its cost."""
    benefit = "uses features of VGG16, a network pretrained on photos, so shapes look right sooner"
    if settings.vgg16_discriminator:
        text = f"The VGG16-feature discriminator {benefit}"
        seconds = _estimate_seconds(task, inputs, settings.model_copy(update={"vgg16_discriminator": 0.0}))
        return (
            f"{text}; without it, training takes {amounts.format_estimate(seconds)}."
            if seconds
            else f"{text}."
        )
    text = (
        f"Set **VGG16-feature discriminator** to 1 and **Batch size** to {VGG16_SETTINGS['batch']} to add a "
        f"second discriminator, which {benefit}"
    )
    seconds = _estimate_seconds(task, inputs, settings.model_copy(update=VGG16_SETTINGS))
    costs = [f"takes {amounts.format_estimate(seconds)}"] if seconds else []
    if missing := weight_downloads.list_missing(VGG16):
        costs.append(f"first fetches {weight_downloads.describe_sizes(missing)}")
    return f"{text}; training then {' and '.join(costs)}." if costs else f"{text}."


def _estimate_seconds(task: str, inputs: Inputs, settings: Settings) -> float | None:
    return tasks.estimate_duration(tasks.get(task), settings, inputs)


def _list_notes(dataset: ImageDataset, size: int) -> Iterator[str]:
    """Yields notes on the images, one sentence each."""
    small = int((dataset.sizes.min(1) < size).sum())
    if small:
        subject = "1 of them is" if small == 1 else f"{small:,} of them are"
        yield f"{subject} smaller than {size} px and will be upscaled; a smaller size trains faster."
    if len(dataset.names) < FEW_IMAGES:
        yield "With so few images the model memorizes them. Use a thousand or more if you can."
